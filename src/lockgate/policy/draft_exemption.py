"""The `exceptions` of a policy file, read and checked against the rules they name.

Separate because an exception is a promise with a person, a reason and an end, all of which must be there, and because it is
read after the rules. What is wrong goes to the report; the reading goes on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from lockgate.facts.problem import Path
from lockgate.facts.traffic import Phase
from lockgate.policy.closures import compile_expression
from lockgate.policy.draft import DraftEntry, DraftReader, DraftRule
from lockgate.policy.exemption import Exemption
from lockgate.policy.expression import ALWAYS, Expression, phase_of
from lockgate.policy.fields import Fields
from lockgate.policy.report import Report
from lockgate.policy.ruleset import Mode
from lockgate.policy.selector import Surroundings

_KEYS = ("id", "rules", "when", "owner", "reason", "expires")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_WANTED = {
    "owner": "say who answers for it: a person or a team",
    "reason": "say why it is needed; whoever reviews it has nothing else",
    "expires": "write the last day on which it holds, as YYYY-MM-DD",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftExemption:
    """One exception as written."""

    id: str
    rules: tuple[str, ...]
    when: Expression
    owner: str
    reason: str
    expires: date
    path: Path

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        return f"{self.id}|{', '.join(sorted(self.rules))}|{self.when.canonical}|{self.owner}|{self.reason}|{self.expires}"


def read_exemptions(
    policy: Fields, drafts: DraftReader, entries: tuple[DraftEntry, ...], rules: tuple[DraftRule, ...]
) -> tuple[DraftExemption, ...]:
    """The exceptions, in order."""
    named = {rule.id: rule for rule in rules}
    passed = frozenset(entry.id for entry in entries)
    read = [_exemption(each, drafts, named, passed) for each in policy.entries("exceptions", _KEYS, what="an exception")]
    exemptions = tuple(each for each in read if each is not None)
    _check(policy.report, exemptions, named)
    return exemptions


def compile_exemption(draft: DraftExemption, surroundings: Surroundings, report: Report, zone: tzinfo = UTC) -> Exemption:
    """The exception as code; its last day ends by the clocks of `zone`."""
    return Exemption(
        id=draft.id,
        rules=draft.rules,
        owner=draft.owner,
        reason=draft.reason,
        expires=draft.expires,
        until=_end_of(draft.expires, zone),
        condition=draft.when.canonical if draft.when != ALWAYS else "",
        canonical=draft.canonical,
        place=report.document.place((*draft.path, "expires")),
        when=draft.when,
        check=compile_expression(draft.when, surroundings),
    )


def _end_of(day: date, zone: tzinfo) -> datetime:
    if day == date.max:
        return datetime.max.replace(tzinfo=zone)
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _exemption(
    entry: Fields, drafts: DraftReader, named: Mapping[str, DraftRule], passed: frozenset[str]
) -> DraftExemption | None:
    name = drafts.take_id(entry)
    rules = _rules(entry, named, passed)
    owner, reason = _said(entry, "owner"), _said(entry, "reason")
    expires = _expires(entry)
    when = drafts.condition(entry)
    if when is None or expires is None:
        return None
    return DraftExemption(id=name, rules=rules, when=when, owner=owner, reason=reason, expires=expires, path=entry.path)


def _rules(entry: Fields, named: Mapping[str, DraftRule], passed: frozenset[str]) -> tuple[str, ...]:
    if "rules" not in entry:
        entry.wrong("rules", "`rules` is missing", "list the ids of the rules that do not act: `rules: [rule-id]`")
        return ()
    given = entry.texts("rules")
    if not given and entry.value("rules") == []:
        entry.wrong("rules", "`rules` is empty", "list the ids of the rules that do not act")
    for index, rule in enumerate(given):
        here = (*entry.at("rules"), index)
        if rule in passed:
            entry.report.wrong(
                here,
                f"`{rule}` says what is not inspected, and to that there are no exceptions",
                "an exception is for rules; narrow the `when` of the entry instead",
                code="invalid-exception",
            )
        elif rule not in named:
            entry.report.unknown(here, "rule", rule, named)
        elif rule in given[:index]:
            entry.report.wrong(here, f"`{rule}` is named twice", "keep one of them")
    return tuple(rule for rule in dict.fromkeys(given) if rule in named)


def _said(entry: Fields, key: str) -> str:
    text = entry.text(key)
    if key not in entry:
        entry.wrong(key, f"`{key}` is missing", _WANTED[key])
    elif not text and isinstance(entry.value(key), str):
        entry.wrong(key, f"`{key}` is empty", _WANTED[key])
    return text


def _expires(entry: Fields) -> date | None:
    if "expires" not in entry:
        entry.wrong("expires", "`expires` is missing", _WANTED["expires"])
        return None
    value = entry.value("expires")
    if isinstance(value, str) and _DATE.match(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            entry.wrong("expires", f"there is no day `{value}`", _WANTED["expires"])
            return None
    entry.wrong("expires", f"`{value}` is not a date", _WANTED["expires"])
    return None


def _check(report: Report, exemptions: tuple[DraftExemption, ...], named: Mapping[str, DraftRule]) -> None:
    seen: dict[tuple[frozenset[str], str], DraftExemption] = {}
    acting = frozenset(rule.id for rule in named.values() if rule.mode is Mode.ENFORCE) or frozenset(named)
    for each in exemptions:
        first = seen.setdefault((frozenset(each.rules), each.when.canonical), each)
        if first is not each and each.rules:
            report.wrong(
                each.path,
                f"`{each.id}` is the same exception as `{first.id}`",
                "keep one of them; to prolong one, change its `expires`",
                code="invalid-exception",
            )
        _check_phase(report, each, named)
        covers = [rule for rule in each.rules if _covers(each.when, named[rule])]
        if covers and acting <= set(covers):
            report.wrong(
                each.path,
                f"`{each.id}` covers everything: no rule of this policy would act any more",
                "give it a `when`, or name fewer rules; to only watch, write `mode: monitor` at the top of the file",
                code="invalid-exception",
            )
        elif covers:
            report.note(
                each.path, f"`{each.id}` switches {', '.join(f'`{rule}`' for rule in covers)} off for everybody",
                f"until the end of {each.expires}; give it a `when` to cover fewer", code="wide-exception",
            )  # fmt: skip


def _covers(when: Expression, rule: DraftRule) -> bool:
    """Whether all that the rule applies to is excepted, as far as that shows."""
    return when == ALWAYS or when.canonical == rule.when.canonical


def _check_phase(report: Report, each: DraftExemption, named: Mapping[str, DraftRule]) -> None:
    if phase_of(each.when) < Phase.RESPONSE_HEADERS:
        return
    early = next((rule for rule in each.rules if phase_of(named[rule].when) < Phase.RESPONSE_HEADERS), None)
    if early is not None:
        report.wrong(
            (*each.path, "when"),
            f"`{each.id}` asks for the response, and `{early}` is settled before there is one",
            "leave selectors that begin with `response.` to exceptions from rules about the response",
            code="wrong-phase",
        )
