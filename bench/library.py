"""Look-ups in the app library: the shipped one, and one with ten thousand hosts. Run by itself in a process of its own.

Separate because nothing here is a proxy: no traffic, no subject beside it. It prints its measurements as JSON.
"""

import argparse
import gc
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lockgate.apps.library import AppLibrary
from lockgate.facts.traffic import Headers, Request
from lockgate.home.home import Home, make_home
from lockgate.home.load import load_library

_ASKED = 4_000
_APP = """\
id: made-{number}
name: Made {number}
vendor: Acme
category: agent
hosts: {{suffix: [made{number}.example], exact: [api.made{number}.example.net]}}
operations:
  - {{id: prompt, operation: send_prompt, path: '^/v1/chat/completions$', format: openai-chat, basis: high}}
  - {{id: upload, operation: upload, path: '^/v1/files(/[^/]+/(parts|complete))?$', basis: high}}
  - {{id: model-list, operation: model_list, method: GET, path: '^/v1/models', basis: high}}
samples:
  - {{request: POST https://api.made{number}.example.net/v1/chat/completions, operation: send_prompt, format: openai-chat}}
"""


def measure(hosts: int) -> list[dict[str, Any]]:
    """The shipped library, and one with `hosts` hosts."""
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as name:
        folder = Path(name)
        return [
            _measured("as shipped", _home(folder / "shipped", 0)),
            _measured("made larger", _home(folder / "larger", hosts)),
        ]


def _home(path: Path, hosts: int) -> Home:
    """A home whose own apps bring the library to about `hosts` hosts."""
    home = make_home(path)
    missing = (hosts - len(_names(load_library(home)))) // 2 if hosts else 0
    for number in range(missing):
        (home.path / "apps" / f"made-{number}.yaml").write_text(_APP.format(number=number))
    home.proven_apps.unlink(missing_ok=True)
    return home


def _measured(name: str, home: Home) -> dict[str, Any]:
    started = time.process_time()
    load_library(home)
    cold = time.process_time() - started
    warm = _best(lambda: load_library(home), 1)
    memory = subprocess.run(
        [sys.executable, __file__, "--memory-of", str(home.path)], capture_output=True, check=True, text=True
    )
    library = load_library(home)
    hosts = _names(library)
    chosen = random.Random(1)
    asked = [host for known in chosen.choices(hosts, k=_ASKED // 2) for host in (known, f"{known}.invalid")]
    requests = [_request(host) for host in chosen.choices(hosts, k=200)]

    def new() -> None:
        for host in asked:
            library.host(host)

    def match() -> None:
        for request in requests:
            library.match(request)

    match()  # what an app says about requests is compiled when it is first asked
    return {
        "name": name,
        "apps": len(library.apps),
        "hosts": len(hosts),
        "cold_ms": cold * 1000,
        "warm_ms": warm * 1000,
        "memory_mib": float(memory.stdout),
        "new_ns": _best(new, len(asked)) * 1e9,
        "again_ns": _best(lambda: [library.host(hosts[0]) for _ in range(_ASKED)], _ASKED) * 1e9,
        "match_ns": _best(match, len(requests)) * 1e9,
    }


def _names(library: AppLibrary) -> list[str]:
    """Hosts that belong to an app as a whole, by name."""
    files = [source.file for app in library.apps if (source := library.source(app.id)) is not None]
    return sorted({name for file in files for name in (*file.hosts.suffix, *file.hosts.exact)})


def _request(host: str) -> Request:
    headers = Headers((("host", host), ("content-type", "application/json"), ("content-length", "4096")))
    return Request(method="POST", scheme="https", host=host, port=443, path="/v1/chat/completions", query="", headers=headers)


def _best(work: Callable[[], object], count: int) -> float:
    """Seconds of CPU for each of the `count` things that `work` does, the best of three."""
    spent: list[float] = []
    for _ in range(3):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent) / count


def _added_mib(home: Home) -> float:
    """What a library adds to this process, which has loaded none before."""
    before = _resident_mib()
    kept = load_library(home)
    gc.collect()
    return _resident_mib() - before if kept.apps else 0.0


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure look-ups in the app library.")
    parser.add_argument("--hosts", type=int, default=10_000, help="how many hosts the larger library has")
    parser.add_argument("--memory-of", type=Path, metavar="HOME", help="print what the library of a home adds to this process")
    given = parser.parse_args()
    if given.memory_of:
        print(_added_mib(Home(given.memory_of)))
    else:
        json.dump(measure(given.hosts), sys.stdout)
