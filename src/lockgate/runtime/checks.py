"""What can be wrong with a gateway before or while it runs, each check with its problem and next step in plain words.

Separate because `up` refuses to start on some of these and `doctor` reports all of them.
"""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.settings import parse_address
from lockgate.pki.ca import ca_paths, load_ca
from lockgate.pki.trust import build_trust_bundle
from lockgate.runtime.snapshot import Snapshot, SnapshotBuilder

_EARLIEST_PLAUSIBLE = datetime(2026, 1, 1, tzinfo=UTC)
_LATEST_PLAUSIBLE = datetime(2046, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `lockgate doctor`."""

    name: str
    problems: tuple[Problem, ...]
    note: str = ""


def exposure_problems(snapshot: Snapshot) -> Iterator[Problem]:
    """A gateway that others can reach must know who may use it."""
    settings = snapshot.settings
    host, _ = parse_address(settings.listen)
    if _is_loopback(host):
        return
    if host in ("0.0.0.0", "::") and not settings.public_address:  # noqa: S104 - looking for it, not binding to it
        yield Problem(
            problem=f"`listen: {settings.listen}` is no address that devices could be told",
            help="set public_address to the name or address under which devices reach this gateway",
        )
    if not settings.clients.login and not settings.clients.allowed_networks:
        yield Problem(
            problem=f"`listen: {settings.listen}` lets anybody who reaches this machine use the gateway",
            help="set clients.allowed_networks to your networks or clients.login: true, or listen on 127.0.0.1",
        )
    if settings.clients.login and not snapshot.users.users:
        yield Problem(problem="`clients.login` is set and there are no users", help="add one: lockgate user add NAME")
    if not settings.clients.allowed_networks:
        yield Problem(
            problem="`clients.allowed_networks` is empty, so only this machine could connect",
            help="list your networks, or 0.0.0.0/0 together with clients.login: true",
        )


def port_problem(address: str) -> Problem | None:
    """Whether the proxy's port can be had. Only a trial of the very same bind can tell."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Without SO_REUSEPORT, which workers share: another gateway that already listens must be noticed.
            probe.bind((host, port))
        except OSError as error:
            return Problem(
                problem=f"cannot listen on {address}: {(error.strerror or str(error)).lower()}",
                help=f"see who has it: ss -ltnp 'sport = :{port}'; or set another `listen` in gateway.yaml",
            )
    return None


def doctor(home: Home) -> Iterator[Check]:
    """Every check, in the order in which they are worth mending."""
    snapshot: Snapshot | None = None
    found: tuple[Problem, ...] = ()
    try:
        snapshot = SnapshotBuilder(home).build()
    except UsageError as error:
        found = error.problems
    yield Check(name="configuration", problems=found, note=f"policy {snapshot.policy_file.name}" if snapshot else "")
    yield _attempt("certificate authority", lambda: _authority(home))
    yield _attempt("upstream trust store", lambda: _trust(home, snapshot))
    yield Check(name="clock", problems=tuple(_clock_problems(home)), note=formatdate(time.time(), usegmt=True))
    yield Check(name="record store", problems=tuple(_state_problems(home)), note=str(home.records_db))
    if snapshot is not None:
        yield Check(name="exposure", problems=tuple(exposure_problems(snapshot)), note=f"listens on {snapshot.settings.listen}")
        taken = port_problem(snapshot.settings.listen)
        running = taken is not None and _answers_as_gateway(snapshot.settings.listen)
        problems = () if taken is None or running else (taken,)
        yield Check(name="port", problems=problems, note="a gateway is running there" if running else "free")


def _attempt(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, problems=(), note=check())
    except UsageError as error:
        return Check(name=name, problems=error.problems)


def _authority(home: Home) -> str:
    paths = ca_paths(home.certs)
    if not paths.certificate.exists() and not paths.key.exists():
        return "none yet; `lockgate up` makes one"
    return f"SHA-256 {load_ca(home.certs, now=datetime.now(UTC)).fingerprint}"


def _trust(home: Home, snapshot: Snapshot | None) -> str:
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    extra = [home.resolve(name) for name in snapshot.settings.upstream.trust] if snapshot else []
    bundle = build_trust_bundle(home.state, extra=extra)
    return f"{bundle.roots} root certificates"


def _clock_problems(home: Home) -> Iterator[Problem]:
    now = datetime.now(UTC)
    if not _EARLIEST_PLAUSIBLE <= now <= _LATEST_PLAUSIBLE:
        yield Problem(problem=f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC", help="set it; certificates depend on it")
    newest = max((_modified(file) for file in (home.settings_file, ca_paths(home.certs).certificate)), default=0.0)
    if newest > time.time() + 300:
        yield Problem(
            problem="files of this home are newer than this machine's clock", help="set the clock, for example with NTP"
        )


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _state_problems(home: Home) -> Iterator[Problem]:
    try:
        home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = home.state / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Problem(
            problem=f"cannot write to {home.state}: {(error.strerror or str(error)).lower()}", help="mend its owner or mode"
        )


def _answers_as_gateway(address: str) -> bool:
    host, port = parse_address(address)
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.sendall(f"GET /check HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            return b"ockgate" in connection.recv(65536)
    except OSError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
