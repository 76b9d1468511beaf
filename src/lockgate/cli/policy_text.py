"""Versions of the policy as text for a terminal and as JSON: the history, what workers have, exceptions.

Separate from the commands so that what is shown can be read in one place.
"""

from datetime import UTC, datetime
from typing import Any

from lockgate.home.policy_archive import WentLive
from lockgate.policy.exemption import Exemption
from lockgate.policy.expiry import state_of
from lockgate.runtime.policy_status import WorkerPolicy

_HISTORY = f"{'LIVE SINCE':<19}  {'VERSION':<12}  {'BEFORE':<12}  {'BECAUSE OF':<12}  {'KEPT':<4}  FILE"
_STATUS = f"{'WORKER':>6}  {'PID':>7}  {'VERSION':<12}  {'SINCE':<19}  STATE"
_EXCEPTIONS = f"{'EXCEPTION':<24}  {'STATE':<12}  {'LAST DAY':<10}  {'OWNER':<20}  RULES"


def history_lines(entries: tuple[WentLive, ...], kept: frozenset[WentLive]) -> list[str]:
    """The table, the newest first."""
    return [
        _HISTORY,
        *(
            f"{_when(each.at):<19}  {each.version:<12}  {each.previous or '-':<12}  {each.cause:<12}  "
            f"{'yes' if each in kept else 'no':<4}  {_visible(each.file)}"
            for each in reversed(entries)
        ),
    ]


def history_data(entry: WentLive, *, kept: bool) -> dict[str, Any]:
    """One line as data."""
    return {
        "at": datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="seconds"), "version": entry.version,
        "previous": entry.previous, "cause": entry.cause, "file": entry.file, "content": entry.content, "kept": kept,
    }  # fmt: skip


def status_lines(workers: tuple[WorkerPolicy, ...]) -> list[str]:
    """The table of workers, then what they refuse."""
    rows = (f"{each.worker:>6}  {each.pid:>7}  {each.version:<12}  {_when(each.since):<19}  {_state(each)}" for each in workers)
    lines = [_STATUS, *rows]
    refused = dict.fromkeys(problem for each in workers for problem in each.refused)
    if refused:
        lines += ["", "Refused, with what the files say now:"]
        lines += [f"  {line}" for problem in refused for line in problem.splitlines()]
    return lines


def status_data(worker: WorkerPolicy) -> dict[str, Any]:
    """One worker as data."""
    return {
        "worker": worker.worker, "pid": worker.pid, "version": worker.version, "file": worker.file,
        "since": datetime.fromtimestamp(worker.since, UTC).isoformat(timespec="seconds"), "last_good": worker.last_good,
        "refused": list(worker.refused),
    }  # fmt: skip


def exception_lines(exceptions: tuple[Exemption, ...], now: datetime) -> list[str]:
    """The table of exceptions, the one that ends first on top, with the reasons below each."""
    lines = [_EXCEPTIONS]
    for each in sorted(exceptions, key=lambda each: each.until):
        lines.append(
            f"{each.id:<24}  {state_of(each, now):<12}  {each.expires}  {_visible(each.owner):<20}  {', '.join(each.rules)}"
        )
        lines.append(f"{'':<24}  for {each.condition or 'everybody'}")
        lines.append(f"{'':<24}  {_visible(each.reason)}")
    return lines


def exception_data(each: Exemption, now: datetime) -> dict[str, Any]:
    """One exception as data."""
    return {
        "id": each.id, "state": state_of(each, now), "expires": str(each.expires), "owner": each.owner, "reason": each.reason,
        "rules": list(each.rules), "condition": each.condition,
    }  # fmt: skip


def _state(worker: WorkerPolicy) -> str:
    if worker.last_good:
        return "the policy that was live last: that of the file could not be used"
    return "a change is refused" if worker.refused else "live"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _visible(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
