"""What goes live: the files of the home, or, when its policy cannot be used at a start, the policy that was live last.

Separate because a start, a worker that is replaced and the supervisor must all come to the same answer. Breaking the file must
neither take the gateway down nor take protection away: what is used instead is what was in force, never something older. It is
said loudly wherever an operator looks.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.policy_archive import PolicyArchive, WentLive
from lockgate.home.policy_files import PolicyFiles
from lockgate.policy.expiry import expired
from lockgate.runtime.policy_status import WorkerPolicy, own_start, told, write_status
from lockgate.runtime.snapshot import PolicyRefusedError, Snapshot, SnapshotBuilder

_log = structlog.get_logger(__name__)
_DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a start begins with. `refused` is why it is not the policy of the file."""

    snapshot: Snapshot
    refused: UsageError | None = None


def build_or_last_good(builder: SnapshotBuilder) -> Start:
    """The configuration to begin with. Raises UsageError when there is none that can be used."""
    try:
        return Start(snapshot=builder.build())
    except PolicyRefusedError as refused:
        archive = PolicyArchive(builder.home.policy_archive)
        last = archive.last()
        if last is None:
            raise
        try:
            return Start(snapshot=builder.build(archive.load(last)), refused=refused)
        except UsageError as error:
            also = Problem(problem=f"nor can version {last.version} be used, which was live last", help=str(error))
            raise PolicyRefusedError(*refused.problems, also) from None


def loudly(refused: UsageError, snapshot: Snapshot) -> Problem:
    """What to tell of a start with the policy that was live last."""
    first, *more = refused.problems
    rest = f" (and {len(more)} more)" if more else ""
    return Problem(
        problem=f"THE POLICY {snapshot.policy_file} CANNOT BE USED: the gateway goes on with version"
        f" {snapshot.ruleset.version}, which was live last",
        help=f"{first}{rest}",
    )


class Archivist:
    """Writes down for one worker what is live: the history that all share, and its own status. For threads, not the loop."""

    def __init__(self, home: Home, worker: int, now: Callable[[], float] = time.time) -> None:
        self._home = home
        self._archive = PolicyArchive(home.policy_archive)
        self._worker = worker
        self._now = now
        self._version, self._since = "", 0.0
        self._kept: PolicyFiles | None = None
        self._told: WorkerPolicy | None = None
        self._failed = ""

    def note(self, snapshot: Snapshot, cause: str, *, last_good: bool = False, refused: UsageError | None = None) -> None:
        """Take down what is live now and what is not taken over. Whatever cannot be written is tried again the next time."""
        files, version = snapshot.policy_files, snapshot.ruleset.version
        if version != self._version:
            self._version, self._since = version, self._now()
            self._warn_of_expired(snapshot)
        problems: list[Problem] = []
        try:
            if self._kept is not files and not last_good:
                self._keep(snapshot, cause)
            self._kept = files
        except UsageError as error:
            problems += error.problems
        try:
            self._tell(snapshot, last_good=last_good, refused=refused)
        except UsageError as error:
            problems += error.problems
        failed = "\n".join(map(str, problems))
        if failed and failed != self._failed:
            _log.error("what is live cannot be written down", problems=[str(problem) for problem in problems])
        self._failed = failed

    @property
    def failed(self) -> bool:
        """Whether something is not written down yet."""
        return bool(self._failed)

    def _keep(self, snapshot: Snapshot, cause: str) -> None:
        files, now = snapshot.policy_files, self._now()
        entry = WentLive(
            at=now, version=snapshot.ruleset.version, content=files.digest, file=in_home(self._home, snapshot), cause=cause,
            mark=files.mark,
        )  # fmt: skip
        keep_since = now - snapshot.settings.records.retention_days * _DAY_SECONDS
        written = self._archive.keep(files, entry, keep_since=keep_since)
        if written is not None:
            _log.info(
                "policy went live", version=written.version, previous=written.previous, file=written.file, cause=written.cause
            )

    def _tell(self, snapshot: Snapshot, *, last_good: bool, refused: UsageError | None) -> None:
        status = WorkerPolicy(
            worker=self._worker, pid=os.getpid(), started=own_start(), version=snapshot.ruleset.version, since=self._since,
            file=in_home(self._home, snapshot), last_good=last_good, refused=told(refused) if refused is not None else (),
        )  # fmt: skip
        if status != self._told:
            write_status(self._home.policy_archive, status)
            self._told = status

    def _warn_of_expired(self, snapshot: Snapshot) -> None:
        over = expired(snapshot.ruleset, datetime.fromtimestamp(self._now(), UTC))
        if over:
            _log.warning("exceptions of the policy have expired", exceptions=[problem.problem for problem in over])


def in_home(home: Home, snapshot: Snapshot) -> str:
    """The policy's file as the settings name it, when it lies in the home."""
    file = snapshot.policy_file
    return str(file.relative_to(home.path)) if file.is_relative_to(home.path) else str(file)
