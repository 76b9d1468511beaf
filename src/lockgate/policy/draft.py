"""Rules and do-not-inspect entries as read from the file: typed, but not yet checked against each other and not yet code.

Separate because the checker has to see all of them, with their places, before any is compiled.
"""

import re
from dataclasses import dataclass

from lockgate.facts.problem import Path
from lockgate.policy.actions import Actions, read_actions
from lockgate.policy.expression import ALWAYS, Expression
from lockgate.policy.fields import Fields
from lockgate.policy.report import Report
from lockgate.policy.ruleset import Mode
from lockgate.policy.selector import Surroundings
from lockgate.policy.syntax import ConditionReader

RULE_KEYS = ("id", "description", "when", "then", "mode", "message")
ENTRY_KEYS = ("id", "description", "when")
ID_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*\Z"
_ID = re.compile(ID_PATTERN)
LONGEST_ID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftEntry:
    """One do-not-inspect entry as written."""

    id: str
    description: str
    when: Expression
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRule:
    """One rule as written."""

    id: str
    description: str
    when: Expression
    actions: Actions
    mode: Mode
    message: str
    path: Path


class DraftReader:
    """Reads the two lists of a policy file. What is wrong goes to the report and is left out; the reading goes on."""

    def __init__(self, report: Report, surroundings: Surroundings) -> None:
        self._report = report
        self._surroundings = surroundings
        self._conditions = ConditionReader(report, surroundings)
        self._ids: dict[str, Path] = {}

    def do_not_inspect(self, policy: Fields) -> tuple[DraftEntry, ...]:
        """The do-not-inspect list."""
        drafts = [self._entry(entry) for entry in policy.entries("do_not_inspect", ENTRY_KEYS, what="an entry")]
        return tuple(draft for draft in drafts if draft is not None)

    def rules(self, policy: Fields) -> tuple[DraftRule, ...]:
        """The rules, in order."""
        drafts = [self._rule(rule) for rule in policy.entries("rules", RULE_KEYS, what="a rule")]
        return tuple(draft for draft in drafts if draft is not None)

    def _entry(self, entry: Fields) -> DraftEntry | None:
        name, description = self.take_id(entry), entry.text("description")
        if "when" not in entry:
            entry.wrong("when", "`when` is missing", "say which connections are not inspected")
            return None
        when = self._conditions.read(entry.value("when"), entry.at("when"))
        return None if when is None else DraftEntry(id=name, description=description, when=when, path=entry.path)

    def _rule(self, rule: Fields) -> DraftRule | None:
        name, description, message = self.take_id(rule), rule.text("description"), rule.text("message")
        mode = Mode(rule.choice("mode", "mode", [mode.value for mode in Mode], Mode.ENFORCE.value))
        when = self.condition(rule)
        if "then" not in rule:
            rule.wrong("then", "`then` is missing", "name an action, for example `then: block`")
            return None
        actions = read_actions(self._report, self._surroundings, rule.value("then"), rule.at("then"))
        if when is None or actions is None:
            return None
        return DraftRule(
            id=name, description=description, when=when, actions=actions, mode=mode, message=message, path=rule.path
        )

    def condition(self, entry: Fields) -> Expression | None:
        """Its `when`: always without one, None when it is wrong."""
        return self._conditions.read(entry.value("when"), entry.at("when")) if "when" in entry else ALWAYS

    def take_id(self, entry: Fields) -> str:
        """Its id, which nothing else in the file may have."""
        if "id" not in entry:
            entry.wrong("id", "`id` is missing", "records and messages name a rule by its id")
            return ""
        name, here = str(entry.value("id")), entry.at("id")
        if not isinstance(entry.value("id"), str) or not _ID.match(name) or len(name) > LONGEST_ID:
            self._report.wrong(
                here, f"`{name}` cannot be an id", "lower-case letters and digits, words joined by `-`", code="invalid-id"
            )
        elif name in self._ids:
            first = self._report.document.place(self._ids[name])
            self._report.wrong(here, f"the id `{name}` is taken", f"it is used at line {first.line}", code="duplicate-id")
        else:
            self._ids[name] = here
        return name
