"""`make bench`: Lockgate beside no proxy, mitmdump and Squid, in one run on one machine.

Everything runs in a network and mount namespace of its own, with its own hosts file: the names of AI vendors lead to an
origin on loopback, port 443, for every subject alike, and nothing can reach anything else. Rounds are interleaved (each
subject once per round), so that what else the machine does meets all of them. Needs root, or a kernel that lets users
make namespaces; and nginx.
"""

import argparse
import importlib.metadata
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from certificates import make_root_and_leaf
from measuring import Turn, measure_memory, measure_turn
from origin import SHORT_ADDRESS, STREAM_ADDRESS, Origin
from parts import PARTS
from report import PAGE, machine, report, today, write_into
from scenarios import LIBRARY_HOST, MEMORY_EXCHANGES, OTHER_HOST, SCENARIOS, STREAM_HOST
from subjects import Subject, direct, lockgate, mitmdump, squid

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "latest.json"
INSIDE = "LOCKGATE_BENCH_INSIDE"
HOSTS = f"127.0.0.1 localhost\n{SHORT_ADDRESS} {LIBRARY_HOST} {OTHER_HOST}\n{STREAM_ADDRESS} {STREAM_HOST}\n"
USUAL = ("direct", "mitmdump", "lockgate-monitor", "lockgate-starter", "squid")
BESIDE = ("lockgate-monitor-beside", "lockgate-starter-beside")
SUBJECTS = (*USUAL, "mitmdump-talking")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Lockgate beside others.")
    parser.add_argument("--rounds", type=int, default=5, help="how often each subject has its turn")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each measurement takes")
    names = [each.id for each in (*SCENARIOS, *PARTS)]
    parser.add_argument("--only", action="append", choices=names, help="this scenario or part; repeat for more")
    parser.add_argument("--subject", action="append", choices=SUBJECTS, help="this subject; repeat for more")
    parser.add_argument("--beside", type=Path, metavar="TREE", help="measure the Lockgate of another checkout as well")
    parser.add_argument("--memory", type=int, default=MEMORY_EXCHANGES, help="exchanges of the memory run; 0 leaves it out")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the measurements go, as JSON")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.relative_to(HERE.parent)}")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if os.environ.get(INSIDE) is None:
        enter_namespace()
    with tempfile.TemporaryDirectory(prefix="lockgate-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        isolate(folder)
        results = measure(folder, given)
    given.results.parent.mkdir(exist_ok=True)
    given.results.write_text(json.dumps(results, indent=1))
    text = report(results)
    print(text)
    if given.write:
        write_into(PAGE, text)
    failed = sum(sum(run["failed"].values()) for run in (*results["runs"], *results["memory"]))
    sys.exit(1 if failed else 0)


def enter_namespace() -> None:
    """Start over inside namespaces of our own."""
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None or shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        sys.exit("the bench needs unshare, ip and nginx (Debian: util-linux iproute2 nginx-light)")
    how = [unshare, "--mount", "--net"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    os.environ[INSIDE] = "1"
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # the subjects are the proxies here
    os.environ["PATH"] = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    os.execv(unshare, [*how, sys.executable, __file__, *sys.argv[1:]])


def isolate(folder: Path) -> None:
    """Loopback only, and a hosts file that leads to the origin."""
    hosts = folder / "hosts"
    hosts.write_text(HOSTS)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def measure(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    root, leaf = make_root_and_leaf(_made(folder / "certificates"), (LIBRARY_HOST, STREAM_HOST, OTHER_HOST))
    ours, theirs = cores()
    if ours is not None:
        os.sched_setaffinity(0, {ours})  # and with it the load and the origin
    origin = Origin(_made(folder / "origin"), leaf.certificate, leaf.key)
    subjects = chosen_subjects(folder, root.certificate, given)
    for subject in subjects:
        subject.core = theirs
    runs: list[dict[str, Any]] = []
    memory: list[dict[str, Any]] = []
    chosen = [scenario for scenario in SCENARIOS if given.only is None or scenario.id in given.only]
    parts = {part.id: part.measure() for part in PARTS if given.only is None or part.id in given.only}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stops what was started, as Ctrl-C does
    try:
        for subject in subjects if chosen or given.memory else ():
            subject.start()
        for number in range(given.rounds):
            for scenario in chosen:
                for concurrency in scenario.concurrencies:
                    turn = Turn(scenario=scenario, concurrency=concurrency, number=number, seconds=given.seconds)
                    for subject in subjects:
                        runs.append(measure_turn(subject, turn))
                        _say(runs[-1])
        if given.memory:
            memory = [measure_memory(subject, given.memory) for subject in subjects if subject.process is not None]
    finally:
        for subject in subjects:
            subject.stop()
        origin.stop()
    return {
        "command": f"make bench{f' BENCH_ARGS="{" ".join(sys.argv[1:])}"' if sys.argv[1:] else ''}",
        "date": today(),
        "machine": machine(),
        "pinned": theirs is not None,
        "versions": versions(),
        "rounds": given.rounds,
        "seconds": given.seconds,
        "runs": runs,
        "memory": memory,
        "parts": parts,
    }


def cores() -> tuple[int | None, int | None]:
    """The core of the load and the origin, and that of the subject; none when there is only one."""
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[-1]) if len(available) > 1 else (None, None)


def chosen_subjects(folder: Path, root: Path, given: argparse.Namespace) -> list[Subject]:
    makers = {
        "direct": lambda: direct(root),
        "mitmdump": lambda: mitmdump(_made(folder / "mitmdump"), root, 8081),
        "mitmdump-talking": lambda: mitmdump(_made(folder / "talking"), root, 8085, quiet=False),
        "lockgate-monitor": lambda: lockgate(_made(folder / "monitor"), root, 8082, "monitor"),
        "lockgate-starter": lambda: lockgate(_made(folder / "starter"), root, 8083, "starter"),
        "lockgate-monitor-beside": lambda: lockgate(_made(folder / "monitor2"), root, 8086, "monitor", given.beside),
        "lockgate-starter-beside": lambda: lockgate(_made(folder / "starter2"), root, 8087, "starter", given.beside),
        "squid": lambda: squid(_made(folder / "squid"), root, 8084),
    }
    wanted = [*(given.subject or USUAL), *(BESIDE if given.beside else ())]
    made = {name: make() for name, make in makers.items() if name in wanted}
    if "squid" in made and made["squid"] is None:
        print("Squid with ssl-bump (Debian: squid-openssl) is not installed and is left out.", file=sys.stderr)
    return [subject for subject in made.values() if subject is not None]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _say(run: dict[str, Any]) -> None:
    rate = run["done"] / run["elapsed"]
    cpu = "" if run["cpu"] is None or not run["done"] else f", {run['cpu'] / run['done'] * 1000:.2f} CPU ms"
    failed = f", FAILED {run['failed']}" if run["failed"] else ""
    turn = f"round {run['round'] + 1} {run['scenario']} c={run['concurrency']}"
    print(f"{turn} {run['name']}: {rate:.0f}/s{cpu}{failed}", file=sys.stderr)


def versions() -> str:
    parts = [f"{name} {importlib.metadata.version(name)}" for name in ("lockgate", "mitmproxy", "cryptography")]
    parts.append(" ".join(ssl.OPENSSL_VERSION.split()[:2]))
    squid_path = shutil.which("squid", path="/usr/sbin:/usr/bin")
    if squid_path:
        shown = subprocess.run([squid_path, "-v"], capture_output=True, text=True, check=False).stdout
        parts.append(shown.partition("\n")[0].replace("Squid Cache: Version", "Squid"))
    return ", ".join(parts)


if __name__ == "__main__":
    main()
