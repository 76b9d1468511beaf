"""The upstream as tests see it: where it is, what reached it, and the word that lets a paced stream go on."""

import json
import sys
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import names
from harness.processes import Process
from harness.waiting import until

_E2E = Path(__file__).parent.parent
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request as it reached the upstream, as far as it got."""

    number: int
    kind: str
    scheme: str
    host: str
    method: str
    path: str
    query: str
    http_version: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    body_bytes: int
    messages: tuple[str, ...]
    ended: str
    events_sent: int


class Upstream:
    """The running upstream."""

    def __init__(self, folder: Path) -> None:
        self._process = Process(
            [sys.executable, "-m", "upstream", str(folder)], env=names.environment() | {"PYTHONPATH": str(_E2E)}, cwd=folder
        )
        ready = json.loads(self._process.said('"control"', seconds=60))
        self.root = Path(ready["root"])
        self.tls = f"127.0.0.1:{ready['tls']}"
        self.plain = f"127.0.0.1:{ready['plain']}"
        self.wrong: dict[str, str] = {kind: f"127.0.0.1:{port}" for kind, port in ready["wrong"].items()}
        self._control = f"http://127.0.0.1:{ready['control']}"

    def stop(self) -> None:
        """End it; fails when it had crashed."""
        self._process.close_input()
        code = self._process.wait()
        assert code == 0, f"the upstream ended with {code}:\n{self._process.output}"

    def mark(self) -> "Since":
        """From now on."""
        return Since(self, len(self._ask("/arrivals")))

    def arrivals(self, since: int = 0) -> list[Arrival]:
        """What reached it, oldest first."""
        return [
            Arrival(
                **row
                | {"headers": dict(row["headers"]), "body": row["body"].encode("latin-1"), "messages": tuple(row["messages"])}
            )
            for row in self._ask(f"/arrivals?since={since}")
        ]

    def paced(self) -> "PacedStream":
        """A stream that waits for the test's word before each event."""
        return PacedStream(self, uuid.uuid4().hex)

    def _ask(self, path: str, method: str = "GET") -> Any:
        with _DIRECT.open(urllib.request.Request(self._control + path, method=method), timeout=10) as answer:
            return json.load(answer)


class Since:
    """What reached the upstream after a moment."""

    def __init__(self, upstream: Upstream, number: int) -> None:
        self._upstream = upstream
        self._number = number

    def arrivals(self, host: str = "") -> list[Arrival]:
        """All of it, or what was for `host`."""
        return [arrival for arrival in self._upstream.arrivals(self._number) if not host or arrival.host == host]

    def body_bytes(self, host: str = "") -> int:
        """How many bytes of bodies."""
        return sum(arrival.body_bytes for arrival in self.arrivals(host))

    def wait(self, condition: Callable[[list[Arrival]], Any], what: str) -> list[Arrival]:
        """Wait until the arrivals meet `condition`."""
        until(lambda: condition(self.arrivals()), what=what)
        return self.arrivals()


class PacedStream:
    """One answer whose events are released by hand. Ask for it with the model called `model`."""

    def __init__(self, upstream: Upstream, stream: str) -> None:
        self._upstream = upstream
        self._stream = stream
        self.model = f"paced-{stream}"

    def grant(self, events: int = 1) -> None:
        """Let so many more events go."""
        self._upstream._ask(f"/grant/{self._stream}?events={events}", "POST")

    def finish(self) -> None:
        """Let everything go."""
        self.grant(10_000)

    @property
    def sent(self) -> int:
        """How many events have left the upstream."""
        return self._upstream._ask(f"/sent/{self._stream}")["sent"]
