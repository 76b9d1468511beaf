"""Every rule of a policy, with how it came out for one exchange and what it demanded: why a decision is what it is.

Separate from evaluation, which it must agree with and never depends on: this asks more than a decision needs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lockgate.facts.decision import Decision, Reason, Truth, Verdict
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.policy.condition_tree import Condition, condition_tree
from lockgate.policy.evaluate import Pending, Settled, Walk, evaluate
from lockgate.policy.exemption import Exemption
from lockgate.policy.expression import ALWAYS, Expression
from lockgate.policy.ruleset import Rule, Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionExplained:
    """An exception of a rule, whether its days are over, and whom it covers."""

    id: str
    expired: bool
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplained:
    """One rule. `truth` is None where it was not asked, because one above ended the walk.

    `excepted` names the exception by which it came out as no.
    """

    id: str
    does: str
    monitor: bool
    truth: Truth | None
    why: str
    condition: Condition
    excepted: str = ""
    exceptions: tuple[ExceptionExplained, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryExplained:
    """A do-not-inspect entry."""

    id: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A policy over one exchange: its do-not-inspect entries, its rules in order, and who demanded what to be looked for.

    There are no rules where an entry holds, and none about the response where the request is stopped.
    """

    entries: tuple[EntryExplained, ...] = ()
    request_rules: tuple[RuleExplained, ...] = ()
    response_rules: tuple[RuleExplained, ...] = ()
    demanded: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


def explained(ruleset: Ruleset, sheet: FactSheet) -> Explained:
    """How each part of a policy comes out over what is known of an exchange."""
    encrypted = sheet.request is None or sheet.request.scheme == "https"
    entries = ruleset.do_not_inspect if encrypted else ()
    told = tuple(EntryExplained(id=entry.id, condition=_told(ruleset, entry.when, sheet)) for entry in entries)
    if any(entry.condition.truth is Truth.YES for entry in told):
        return Explained(entries=told)
    asked = _asked(sheet)
    decision = _decision(ruleset, Walk.REQUEST, asked)
    passes = decision.verdict is Verdict.ALLOW and sheet.request is not None
    answered = sheet if sheet.response is not None else asked
    return Explained(
        entries=told,
        request_rules=explained_rules(ruleset, Walk.REQUEST, asked, decision),
        response_rules=explained_rules(ruleset, Walk.RESPONSE, answered, _decision(ruleset, Walk.RESPONSE, answered))
        if passes
        else (),
        demanded=demanded_profiles(ruleset, asked),
    )


def _decision(ruleset: Ruleset, walk: Walk, sheet: FactSheet) -> Decision:
    outcome = evaluate(ruleset, walk, sheet, thorough=True)
    return outcome.decision if isinstance(outcome, Settled) else outcome.standing


def _asked(sheet: FactSheet) -> FactSheet:
    """What was known when the request was decided."""
    if sheet.phase <= Phase.REQUEST_BODY:
        return sheet
    phase = Phase.REQUEST_HEADERS if sheet.conversation is None else Phase.REQUEST_BODY
    return replace(sheet, phase=phase, response=None)


def explained_rules(ruleset: Ruleset, walk: Walk, sheet: FactSheet, decision: Decision) -> tuple[RuleExplained, ...]:
    """The rules of a walk over `sheet` that came to `decision`, in order."""
    rules = (ruleset.request_walk if walk is Walk.REQUEST else ruleset.response_walk).rules
    last = _ended_by(ruleset, decision)
    told: list[RuleExplained] = []
    asked = True
    for rule in rules:
        outcome = rule.check(sheet) if asked else None
        told.append(
            RuleExplained(
                id=rule.id,
                does=rule.actions.label,
                monitor=not rule.enforces or ruleset.only_tells,
                truth=outcome.truth if outcome is not None else None,
                why=outcome.why if outcome is not None else "",
                excepted=outcome.excepted if outcome is not None else "",
                condition=_told(ruleset, rule.when, sheet),
                exceptions=tuple(
                    _exception(ruleset, each, sheet) for each in ruleset.exceptions if rule.id in each.rules
                ),
            )
        )  # fmt: skip
        asked = asked and rule.id != last
    return tuple(told)


def demanded_profiles(ruleset: Ruleset, sheet: FactSheet) -> dict[str, frozenset[str]]:
    """Which rules wanted the content looked at before this request was decided, and for which profiles."""
    before = replace(sheet, phase=min(sheet.phase, Phase.REQUEST_BODY), examination=None, response=None)
    outcome = evaluate(ruleset, Walk.REQUEST, before, thorough=True)
    if not isinstance(outcome, Pending):
        return {}
    truths = {step.rule: step.truth for step in outcome.standing.trace}
    wanted = ((rule.id, _profiles(rule, before, truths.get(rule.id))) for rule in ruleset.rules)
    return {rule: profiles & outcome.demand.profiles for rule, profiles in wanted if profiles & outcome.demand.profiles}


def waiting_tests(ruleset: Ruleset, rules: frozenset[str], sheet: FactSheet) -> Iterator[tuple[str, Condition]]:
    """The tests of these rules, and of their exceptions, that are not known, each with the id of its rule."""
    for rule in ruleset.rules:
        if rule.id in rules:
            conditions = [rule.when, *(each.when for each in ruleset.exceptions if rule.id in each.rules)]
            for when in conditions:
                for test in _told(ruleset, when, sheet).waiting():
                    yield rule.id, test


def _profiles(rule: Rule, sheet: FactSheet, truth: Truth | None) -> frozenset[str]:
    """What a rule needs looked for: to know whether it matches, and to replace it."""
    none: frozenset[str] = frozenset()
    asked = truth is Truth.PENDING or rule.is_about_response
    needed = none.union(*(demand.profiles for demand in rule.check(sheet).demands)) if asked else none
    return needed | (rule.redacts if rule.enforces and truth in (Truth.YES, Truth.PENDING) else none)


def _ended_by(ruleset: Ruleset, decision: Decision) -> str:
    """The rule that ended the walk, if one did: the last one that was asked, should it be one that can."""
    if not decision.trace or decision.reason is Reason.DEFAULT:
        return ""
    last = decision.trace[-1]
    rule = next((rule for rule in ruleset.rules if rule.id == last.rule), None)
    can = rule is not None and rule.enforces and rule.actions.doubted_as is not None
    return last.rule if can and last.truth in (Truth.YES, Truth.UNINSPECTABLE) else ""


def _told(ruleset: Ruleset, when: Expression | None, sheet: FactSheet) -> Condition:
    if ruleset.surroundings is None:
        raise ValueError("a policy that was not compiled says nothing of its conditions")
    return condition_tree(when or ALWAYS, ruleset.surroundings)(sheet)


def _exception(ruleset: Ruleset, exemption: Exemption, sheet: FactSheet) -> ExceptionExplained:
    return ExceptionExplained(
        id=exemption.id,
        expired=sheet.at >= exemption.until,
        condition=_told(ruleset, exemption.when, sheet),
    )
