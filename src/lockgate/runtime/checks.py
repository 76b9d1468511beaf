"""What can be wrong with a gateway before or while it runs, each check with its problem and next step in plain words.

Separate because `up` refuses to start on some of these and `doctor` reports all of them. What one of them cannot look at is
said: a check must never be left out silently.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.policy_archive import PolicyArchive
from lockgate.home.settings import Settings, load_settings
from lockgate.identity import UsersFile
from lockgate.pki.ca import ca_paths, load_ca
from lockgate.pki.trust import build_trust_bundle
from lockgate.runtime.clock import Trace, clock_note, clock_problems, newest_file
from lockgate.runtime.exposure import exposure_problems
from lockgate.runtime.policy_status import running_workers
from lockgate.runtime.ports import Port, answers_as_gateway, clash, port_problem, ports_of
from lockgate.runtime.reviewers import known_recipients
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.runtime.users import load_users
from lockgate.store.record_store import StoreUnavailable
from lockgate.store.sqlite import SqliteStore

_DATA_FOLDERS = ("apps", "policies", "policies/cases", "dlp/detectors", "dlp/profiles")
_CHECKED_UP_TO_BYTES = 256 << 20  # as the store does at a start: a larger one takes too long to read whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `lockgate doctor`. `skipped` says why it could not be made."""

    name: str
    problems: tuple[Problem, ...] = ()
    note: str = ""
    skipped: str = ""


def start_problems(home: Home, settings: Settings, users: UsersFile) -> Iterator[Problem]:
    """What keeps a gateway from starting although its files are in order."""
    yield from exposure_problems(home, settings, users)
    for problem in (clash(settings), *map(port_problem, ports_of(settings))):
        if problem is not None:
            yield problem


def doctor(home: Home, *, now: Callable[[], float] = time.time) -> Iterator[Check]:
    """Every check, in the order in which they are worth mending."""
    settings, users = _readable(lambda: load_settings(home)), _readable(lambda: load_users(home))
    yield _attempt("configuration", lambda: f"policy {SnapshotBuilder(home).build().policy_file.name}")
    yield _attempt("policy in force", lambda: _in_force(home))
    yield _attempt("certificate authority", lambda: _authority(home, now()))
    if settings is None:
        yield Check(name="reviewer keys", skipped="the settings cannot be read")
    else:
        yield _attempt("reviewer keys", lambda: _reviewers(home, settings))
    yield _attempt("upstream trust store", lambda: _trust(home, settings))
    traces = [*_files_seen(home), *_newest_record(home)]
    yield Check(name="clock", problems=tuple(clock_problems(now(), traces)), note=clock_note(now()))
    yield _attempt("record store", lambda: _record_store(home))
    if settings is None or users is None:
        unread = "the settings cannot be read" if settings is None else f"{home.users_file.name} cannot be read"
        yield Check(name="exposure", skipped=unread)
    else:
        exposed = tuple(exposure_problems(home, settings, users))
        yield Check(name="exposure", problems=exposed, note=f"listens on {settings.listen}")
    if settings is None:
        yield Check(name="port", skipped="the settings cannot be read")
        yield Check(name="metrics port", skipped="the settings cannot be read")
    else:
        yield from _ports(home, settings)


def _readable[T](read: Callable[[], T]) -> T | None:
    try:
        return read()
    except UsageError:
        return None  # told by the check of the configuration


def _attempt(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, note=check())
    except UsageError as error:
        return Check(name=name, problems=error.problems)
    except OSError as error:
        problem = f"{(error.strerror or str(error)).lower()}: {error.filename or name}"
        return Check(name=name, problems=(Problem(problem=problem, help="mend its owner, mode or place"),))


def _in_force(home: Home) -> str:
    """What the workers decide by, and what they do not take over."""
    workers = running_workers(home.policy_archive)
    last = PolicyArchive(home.policy_archive).last()
    if not workers:
        return f"no worker runs; version {last.version} was live last" if last is not None else "none was live yet"
    problems: list[Problem] = []
    for version in dict.fromkeys(worker.version for worker in workers if worker.last_good):
        problem = f"the policy of the file could not be used at a start: version {version}, which was live last, is in force"
        problems.append(Problem(problem=problem, help="mend the file, or put that version back: lockgate policy rollback live"))
    refused = dict.fromkeys(problem for worker in workers for problem in worker.refused)
    if refused:
        problem = "a change of the configuration is refused, the old one stays in force"
        problems.append(Problem(problem=problem, help="\n  ".join(refused)))
    versions = sorted({worker.version for worker in workers})
    if len(versions) > 1:
        problem = f"workers have different policies: {', '.join(versions)}"
        problems.append(Problem(problem=problem, help="look again in two seconds: lockgate policy status"))
    if problems:
        raise UsageError(*problems)
    return f"version {versions[0]} on {len(workers)} worker{'s' if len(workers) > 1 else ''}"


def _authority(home: Home, now: float) -> str:
    paths = ca_paths(home.certs)
    if not paths.certificate.exists() and not paths.key.exists():
        return "none yet; `lockgate up` makes one"
    authority = load_ca(home.certs, now=datetime.fromtimestamp(now, UTC))
    return f"SHA-256 {authority.fingerprint}, until {authority.certificate.not_valid_after_utc:%Y-%m-%d}"


def _reviewers(home: Home, settings: Settings) -> str:
    known = known_recipients(home, settings)
    return ", ".join(f"{recipient[:12]}..." for recipient in known) if known else "none yet; `lockgate up` makes one"


def _trust(home: Home, settings: Settings | None) -> str:
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    extra = [home.resolve(name) for name in settings.upstream.trust] if settings else []
    without = "" if settings else "; `upstream.trust` is not checked: the settings cannot be read"
    return f"{build_trust_bundle(home.state, extra=extra).roots} root certificates{without}"


def _files_seen(home: Home) -> Iterator[Trace]:
    """The newest file that a person or this program wrote."""
    single = (home.settings_file, home.users_file, home.records_db, ca_paths(home.certs).certificate, Path(__file__))
    data = ((home.path / folder).glob("*.yaml") for folder in _DATA_FOLDERS)
    newest = newest_file(chain(single, *data))
    if newest is not None:
        yield newest


def _newest_record(home: Home) -> Iterator[Trace]:
    try:
        store = SqliteStore.for_reading(home.records_db)
    except UsageError:
        return  # none yet, or told by the check of the store
    try:
        for row in store.newest(limit=1):
            yield Trace(at=row.record.started_at, what=f"the newest record, {row.record.id},")
    except StoreUnavailable:
        return
    finally:
        store.close()


def _record_store(home: Home) -> str:
    home.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    probe = home.state / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    if not home.records_db.exists():
        return f"{home.records_db}, made by the first `lockgate up`"
    store = SqliteStore.for_reading(home.records_db)
    try:
        damage = store.check() if home.records_db.stat().st_size <= _CHECKED_UP_TO_BYTES else ()
        count = store.count()
    except StoreUnavailable as error:
        raise UsageError(Problem(problem=f"cannot read {home.records_db}: {error}", help="move the file aside")) from None
    finally:
        store.close()
    if damage:
        problem = f"the record database {home.records_db} is damaged: {damage[0]}"
        raise UsageError(Problem(problem=problem, help="move the file aside; a new one is made at the next start"))
    return f"{home.records_db}, {count} records"


def _ports(home: Home, settings: Settings) -> Iterator[Check]:
    running, both = _is_running(home), clash(settings)
    proxy, *metrics = ports_of(settings)
    yield _port(proxy, running=running)
    if not metrics:
        yield Check(name="metrics port", note="switched off")
    for port in metrics:
        yield _port(port, running=running) if both is None else Check(name=port.name, problems=(both,))


def _port(port: Port, *, running: bool) -> Check:
    taken = port_problem(port)
    if taken is None:
        return Check(name=port.name, note=f"{port.address} is free")
    if running and answers_as_gateway(port):
        return Check(name=port.name, note=f"this gateway runs on {port.address}")
    return Check(name=port.name, problems=(taken,))


def _is_running(home: Home) -> bool:
    """Whether a recorder listens on this home's socket, by the kernel's list: a knock at the socket would be logged."""
    try:
        bound = Path("/proc/net/unix").read_text()
    except OSError:
        return home.recorder_socket.exists()
    return any(line.endswith(f" {home.recorder_socket}") for line in bound.splitlines())
