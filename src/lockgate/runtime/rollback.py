"""Putting back a policy that was live: checked first, with its own cases, under the library and detectors of today.

Separate because it changes the operator's files. It must never lose what it replaces, nor put back what would not go live: a
gateway that runs takes the files over by itself, as any other change.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.load import load_library
from lockgate.home.policy_archive import PolicyArchive, WentLive
from lockgate.home.policy_files import PolicyFiles, cases_file, read_policy_files
from lockgate.home.replace_file import replace_bytes
from lockgate.home.settings import load_settings
from lockgate.policy import Ruleset
from lockgate.runtime.cases import failed_cases
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.snapshot import checked_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a rollback would do. `current` is what lies there now, if anything; `writes` and `removes` are what changes."""

    entry: WentLive
    kept: PolicyFiles
    ruleset: Ruleset
    file: Path
    current: PolicyFiles | None
    writes: tuple[Path, ...]
    removes: tuple[Path, ...]


def plan_rollback(home: Home, version: str) -> Plan:
    """What it takes to put `version` back. Raises UsageError with every reason why it cannot be."""
    archive = PolicyArchive(home.policy_archive)
    entry = archive.find(version)
    kept = archive.load(entry)
    settings = load_settings(home)
    file = home.path / settings.policy  # not the built-in one that might stand in for it
    if entry.file != settings.policy:
        problem = f"version {entry.version} was the policy `{entry.file}`, and gateway.yaml names `{settings.policy}`"
        raise UsageError(Problem(problem=problem, help=f"write `policy: {entry.file}` there, and roll back then"))
    library = load_library(home)
    ruleset = checked_policy(kept.policy_document, KnownNames.of(home, library))
    cases = kept.cases_document
    problems = failed_cases(ruleset, library, cases) if cases is not None else ()
    if problems:
        raise UsageError(*problems)
    current = _current(file)
    now = {each.name: each.content for each in current} if current is not None else {}
    writes = tuple(file.parent / each.name for each in kept if now.get(each.name) != each.content)
    removes = (cases_file(file),) if kept.cases is None and cases_file(file).is_file() else ()
    return Plan(entry=entry, kept=kept, ruleset=ruleset, file=file, current=current, writes=writes, removes=removes)


def roll_back(home: Home, plan: Plan, now: Callable[[], float] = time.time) -> Path | None:
    """Put the files back; gives where what was there is kept. Raises UsageError when something cannot be written."""
    if not plan.writes and not plan.removes:
        return None
    archive = PolicyArchive(home.policy_archive)
    try:
        aside = archive.set_aside(plan.current, _moment(now())) if plan.current is not None else None
        archive.announce_rollback(plan.kept.digest)
        plan.file.parent.mkdir(parents=True, exist_ok=True)
        for each in plan.kept:
            target = plan.file.parent / each.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target in plan.writes:
                replace_bytes(target, each.content)
        for gone in plan.removes:
            gone.unlink(missing_ok=True)
    except OSError as error:
        problem = f"cannot write {error.filename}: {(error.strerror or str(error)).lower()}"
        raise UsageError(Problem(problem=problem, help="mend its owner or mode")) from None
    return aside


def _current(file: Path) -> PolicyFiles | None:
    return read_policy_files(file) if file.exists() else None


def _moment(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
