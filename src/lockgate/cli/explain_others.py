"""What else `lockgate explain` can be asked about: an exchange that is over, and one that is made up, by any policy.

Separate from the command because the facts come from elsewhere than from a request that is read here.
"""

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lockgate.cli.record_text import visible_lines
from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.facts.record import Record
from lockgate.gate.kept_facts import kept_from
from lockgate.home.load import load_library
from lockgate.home.reading import read_document
from lockgate.home.yaml_document import parse_yaml
from lockgate.runtime.explain import Explanation
from lockgate.runtime.explain_kept import explain_facts, explain_kept
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.snapshot import Snapshot, checked_policy
from lockgate.store.sqlite import SqliteStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a policy says; with what was decided then, for an exchange that is over, and what cannot be told."""

    explanation: Explanation
    record: Record | None = None
    missing: tuple[str, ...] = ()

    @property
    def _differs(self) -> bool:
        record, now = self.record, self.explanation.decision
        return record is not None and not self.missing and record.verdict is not now.verdict

    def as_data(self, now: dict[str, object]) -> dict[str, object]:
        """`now` with what else is known."""
        if self.record is None:
            return now
        record = self.record
        return {
            "record": record.id,
            "then": {
                "verdict": record.verdict.value,
                "reason": record.reason.value,
                "rule": record.rule or None,
                "policy_version": record.policy_version,
                "trace": list(record.trace),
            },
            "undecided": list(self.missing),
            "differs": self._differs,
            "now": now,
        }

    def as_text(self, now: str) -> str:
        """`now` below what else is known."""
        if self.record is None:
            return now
        record = self.record
        at = datetime.fromtimestamp(record.started_at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        rule = f" Rule: {record.rule}." if record.rule else ""
        lines = [
            f"record {record.id} of {at}",
            f"then, by policy {record.policy_version}: {record.verdict.value}: {record.reason.explanation}{rule}",
            *(f"    {step}" for step in record.trace),
        ]
        if self.missing:
            lines.append(f"now: undecided, because nobody recorded {', '.join(self.missing)}. As far as is known:")
        else:
            lines.append(
                f"now, by policy {self.explanation.ruleset.version}{', otherwise' if self._differs else ', the same'}:"
            )
        return "\n".join([*map(visible_lines, lines), now])


def with_policy(snapshot: Snapshot, file: Path) -> Snapshot:
    """The configuration with another policy in it. Raises UsageError with everything that is wrong with that."""
    ruleset = checked_policy(read_document(file), KnownNames.of(snapshot.home, load_library(snapshot.home)))
    return replace(snapshot, gate=replace(snapshot.gate, ruleset=ruleset), policy_file=file)


def other_question(snapshot: Snapshot, record_id: str | None, facts: str | None) -> Answer:
    """About a record, or else about facts."""
    if record_id is not None:
        return _of_record(snapshot, record_id)
    document = _facts(facts or "-")
    return Answer(explanation=explain_facts(snapshot.ruleset, snapshot.gate.library, document))


def _of_record(snapshot: Snapshot, record_id: str) -> Answer:
    store = SqliteStore.for_reading(snapshot.home.records_db)
    try:
        record, facts = store.get(record_id), store.facts_of(record_id)
    finally:
        store.close()
    if record is None:
        help_text = "`lockgate log tail` shows the ids of the newest"
        raise UsageError(Problem(problem=f"there is no record `{record_id}`", help=help_text))
    kept = kept_from(facts) if facts is not None else None
    if kept is None:
        why = "of another version of Lockgate" if facts is not None else "not kept: no policy decided it, or it is from before"
        help_text = f"`lockgate log show {record_id}` shows what was decided"
        raise UsageError(Problem(problem=f"the facts of record `{record_id}` are {why}", help=help_text))
    told = explain_kept(snapshot.ruleset, kept)
    return Answer(explanation=told.explanation, record=record, missing=told.missing)


def _facts(name: str) -> Document:
    if name == "-":
        return parse_yaml(sys.stdin.read(), "standard input")
    if not Path(name).is_file():
        help_text = "write the facts there as in a case's `given`, or give - for standard input"
        raise UsageError(Problem(problem=f"there is no file `{name}`", help=help_text))
    return read_document(Path(name))
