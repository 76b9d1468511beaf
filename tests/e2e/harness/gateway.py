"""The gateway under test: a real home, a real process, and its records as its operator reads them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness import names
from harness.device import Device
from harness.processes import Process
from harness.upstream import Upstream
from harness.waiting import until

_START_SECONDS = 150.0
_ASK_EVERY_SECONDS = 0.1
_ANSWER_SECONDS = 15.0

type Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can log in."""

    name: str
    password: str
    groups: tuple[str, ...] = ()

    @property
    def login(self) -> str:
        return f"{self.name}:{self.password}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a test wants of its gateway.

    `files` are further files of the home by relative name. A `breakable` one can be broken while it runs (`broken`).
    """

    policy: str
    people: tuple[Person, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    breakable: bool = False


class Gateway:
    """A running gateway.

    `pattern` is a home that all homes of a run are copies of: as `lockgate init` makes it, with the detectors that earlier
    gateways compiled.
    """

    def __init__(self, home: Path, plan: Plan, upstream: Upstream, pattern: Path) -> None:
        self.home = home
        self.port = free_port()
        self._pattern = pattern
        self._fault_file = home.with_name("fault") if plan.breakable else None
        self._make_home(plan, upstream)
        self.process = self._start()

    @property
    def device(self) -> Device:
        """An anonymous device."""
        return Device(address=f"127.0.0.1:{self.port}", ca=names.ca_file(self.home))

    def device_of(self, person: Person) -> Device:
        """Somebody's device."""
        return Device(address=f"127.0.0.1:{self.port}", ca=names.ca_file(self.home), login=person.login)

    def write(self, name: str, text: str) -> None:
        """Replace a file of the home, as an editor does: in one step."""
        file = self.home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(file)

    def write_policy(self, text: str) -> None:
        """Replace the policy."""
        self.write(names.POLICY_FILE, text)

    def records(self) -> list[Record]:
        """Every record: also of what ended a moment ago. A worker that is stuck has to be gone first."""
        return self._caught_up() if self.workers() else self.stored()

    def stored(self) -> list[Record]:
        """The records that are in the store at this moment."""
        return [record for record in self._exported() if record["host"] != names.CATCH_UP_HOST]

    def shown(self, record: str) -> str:
        """What `lockgate log show` says of a record."""
        ran = subprocess.run(
            names.show(self.home, record), capture_output=True, env=names.environment(), check=False, timeout=60
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout.decode()

    @contextmanager
    def broken(self, fault: str) -> Iterator[None]:
        """While `stage:kind` fails (see `faults/`); afterwards it is whole again, if need be with new processes."""
        assert self._fault_file is not None
        self._fault_file.write_text(fault, encoding="utf-8")
        try:
            yield
        finally:
            self._fault_file.unlink()

    def watch(self) -> "Watch":
        """The records of what begins from now on."""
        return Watch(self, time.time())

    def workers(self) -> list[int]:
        """The process ids of the proxy workers."""
        return [pid for pid in children_of(self.process.pid) if b"lockgate.proxy.worker" in command_line(pid)]

    def start_again(self) -> None:
        """Another start on the same home, after the last one ended in whatever way."""
        last, self.process = self.process, self._start()
        last.wait()

    def stop(self) -> None:
        """Ctrl-C; everything must end by itself, with exit code 0, and leave no process behind."""
        family = descendants_of(self.process.pid)
        if self.process.exit_code is None:
            self.process.signal(signal.SIGINT)
        code = self.process.wait()
        left = [pid for pid in family if alive(pid)]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert code == 0, f"the gateway ended with {code}:\n{self.process.output}"
        assert not left, f"processes outlived the gateway: {left}\n{self.process.output}"

    def _exported(self) -> list[Record]:
        return [json.loads(line) for line in names.exported(self.home).splitlines()]

    def _caught_up(self) -> list[Record]:
        """What is stored once each worker has recorded a request that was made now: its records come in order."""
        path = f"/{uuid.uuid4()}"

        def ask() -> list[Record]:
            self._ask_for(path)
            records = self._exported()
            served = {record["worker"] for record in records if record["path"] == path}
            return records if len(served) == len(self.workers()) else []

        records = until(ask, seconds=_ANSWER_SECONDS, what="every worker has recorded what it was just asked")
        return [record for record in records if record["host"] != names.CATCH_UP_HOST]

    def _ask_for(self, path: str) -> None:
        host = names.CATCH_UP_HOST
        with socket.create_connection(("127.0.0.1", self.port), timeout=_ANSWER_SECONDS) as connection:
            connection.sendall(f"GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            while connection.recv(1 << 16):
                pass

    def _make_home(self, plan: Plan, upstream: Upstream) -> None:
        shutil.copytree(self._pattern, self.home)
        names.settings_file(self.home).write_text(
            yaml.safe_dump(
                names.settings(
                    port=self.port,
                    root=str(upstream.root),
                    upstream=upstream.tls,
                    plain=upstream.plain,
                    more=dict(plan.settings),
                )
            )
        )
        self.write_policy(plan.policy)
        for name, text in plan.files.items():
            self.write(name, text)
        for person in plan.people:
            _run(names.add_user(self.home, person.name, person.password, person.groups))

    def _start(self) -> Process:
        process = Process(names.up(self.home), env=names.environment(self._fault_file), cwd=self.home)
        try:
            process.said(names.UP_LINE, seconds=_START_SECONDS)
        except AssertionError:
            if process.exit_code is None:
                process.signal(signal.SIGINT)
                process.wait()
            raise
        if names.compiled_folder(self.home).is_dir():
            shutil.copytree(names.compiled_folder(self.home), names.compiled_folder(self._pattern), dirs_exist_ok=True)
        return process


type StartGateway = Callable[..., Gateway]
"""What the fixtures that start gateways give: a policy, and anything of a `Plan`; other keywords are settings."""


class Watch:
    """The records of exchanges that began after a moment."""

    def __init__(self, gateway: Gateway, since: float) -> None:
        self._gateway = gateway
        self._since = since

    def records(self, **fields: Any) -> list[Record]:
        """Those with these fields, oldest first: also of what ended a moment ago."""
        return self._of(self._gateway.records(), fields)

    def stored(self, **fields: Any) -> list[Record]:
        """Those with these fields that are in the store at this moment, oldest first."""
        return self._of(self._gateway.stored(), fields)

    def record(self, **fields: Any) -> Record:
        """The one record with these fields, waited for. Fails when there are two."""
        found = self.several(1, **fields)
        assert len(found) == 1, found
        return found[0]

    def several(self, count: int, **fields: Any) -> list[Record]:
        """So many records with these fields, or more, waited for; oldest first."""

        def ask() -> list[Record]:
            found = self.stored(**fields)
            return found if len(found) >= count else []

        try:
            return until(ask, what=f"{count} records with {fields}", every=_ASK_EVERY_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\nrecords: {self.stored()}\n{self._gateway.process.output}") from None

    def _of(self, records: list[Record], fields: Mapping[str, Any]) -> list[Record]:
        begun = (record for record in records if record["started_at"] >= self._since)
        found = [record for record in begun if all(record[name] == value for name, value in fields.items())]
        return sorted(found, key=lambda record: record["started_at"])


def free_port() -> int:
    """A port nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children_of(pid: int) -> list[int]:
    """The processes that `pid` started and that still run."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def descendants_of(pid: int) -> list[int]:
    """Its children, theirs, and so on."""
    return [each for child in children_of(pid) for each in (child, *descendants_of(child))]


def command_line(pid: int) -> bytes:
    """The command of a process; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def alive(pid: int) -> bool:
    """Whether a process runs (one that only waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _run(command: list[str]) -> None:
    ran = subprocess.run(command, capture_output=True, env=names.environment(), check=False, text=True, timeout=60)
    assert ran.returncode == 0, f"{command} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
