"""What types alone cannot say: rules that can never be reached or never match, and rules that ask for the impossible.

Separate because it looks at all rules together. A rule that does nothing is refused rather than ignored: whoever wrote
it believes that it does something.
"""

from collections import defaultdict
from functools import reduce

from lockgate.facts.decision import Verdict
from lockgate.facts.traffic import Phase
from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.expression import All, Any, Expression, Not, Test, phase_of, tests_of
from lockgate.policy.operand import InRanges, IsTrue, OneOf, Operand, Present
from lockgate.policy.report import Report
from lockgate.policy.ruleset import Mode
from lockgate.policy.selectors import SELECTORS


def check_policy(report: Report, entries: tuple[DraftEntry, ...], rules: tuple[DraftRule, ...]) -> None:
    """Report what is wrong with the rules as a whole."""
    for entry in entries:
        _check_early(report, entry)
    for rule in rules:
        _check_response(report, rule)
        _check_message(report, rule)
    for draft in (*entries, *rules):
        clash = _contradiction(draft.when)
        if clash:
            report.wrong(
                (*draft.path, "when"),
                f"`{draft.id}` can never match: {clash}",
                "put alternatives under `any`, or leave one of them out",
            )
    _check_reachable(report, [rule for rule in rules if phase_of(rule.when) < Phase.RESPONSE_HEADERS])
    _check_reachable(report, [rule for rule in rules if phase_of(rule.when) >= Phase.RESPONSE_HEADERS])


def _check_early(report: Report, entry: DraftEntry) -> None:
    for test in tests_of(entry.when):
        if test.selector.phase > Phase.CONNECT:
            report.wrong(
                test.path,
                f"`{test.name}` is not known when a connection opens, so it cannot say what is not inspected",
                f"use one of: {', '.join(row.name for row in SELECTORS if row.phase is Phase.CONNECT)}",
            )


def _check_response(report: Report, rule: DraftRule) -> None:
    if phase_of(rule.when) < Phase.RESPONSE_HEADERS:
        return
    actions, then = rule.actions, (*rule.path, "then")
    adds = actions.tags or actions.capture is not None or actions.adds
    if actions.ends not in (Verdict.ALLOW, Verdict.BLOCK) or actions.ends_if is not None or adds:
        report.wrong(
            then, "a rule about the response can only allow or block", "put the other actions in a rule about the request"
        )
    elif actions.ends is Verdict.BLOCK and rule.mode is Mode.ENFORCE:
        report.note(then, f"`{rule.id}` stops the response; the request has left by then")


def _check_message(report: Report, rule: DraftRule) -> None:
    if rule.message and rule.actions.ends not in (Verdict.BLOCK, Verdict.REDIRECT):
        report.note((*rule.path, "message"), f"nobody is shown the message of `{rule.id}`, because it does not stop anything")


def _check_reachable(report: Report, rules: list[DraftRule]) -> None:
    """Rules of one walk, in order."""
    ended_by: dict[str, DraftRule] = {}
    for rule in rules:
        canonical = rule.when.canonical
        everything = next((above for above in ended_by.values() if above.when == All(())), None)
        if everything is not None:
            report.wrong(
                rule.path, f"`{rule.id}` is never reached", f"`{everything.id}` above ends the walk for every exchange"
            )
        elif canonical in ended_by:
            report.wrong(
                rule.path,
                f"`{rule.id}` is never reached",
                f"`{ended_by[canonical].id}` above ends the walk under the same condition",
            )
        elif rule.mode is Mode.ENFORCE and rule.actions.ends is not None and rule.actions.ends_if is None:
            ended_by[canonical] = rule


def _contradiction(expression: Expression) -> str:
    """Why the expression can never be true, or an empty string when it may be."""
    match expression:
        case Test() | Not():
            return ""
        case Any(parts=parts):
            clashes = [_contradiction(part) for part in parts]
            return clashes[0] if all(clashes) else ""
        case All():
            wanted: dict[str, list[Test]] = defaultdict(list)
            for part in _conjuncts(expression):
                if isinstance(part, Test):
                    wanted[part.name].append(part)
                elif clash := _contradiction(part):
                    return clash
            return next((clash for tests in wanted.values() if (clash := _clash(tests))), "") or _appless(wanted)


def _conjuncts(expression: All) -> list[Expression]:
    """The parts of nested `all`s in one list."""
    flat: list[Expression] = []
    for part in expression.parts:
        flat += _conjuncts(part) if isinstance(part, All) else [part]
    return flat


def _clash(tests: list[Test]) -> str:
    """Why tests of one selector cannot hold together."""
    name = tests[0].name
    operands = [test.operand for test in tests]
    words = [operand.words for operand in operands if isinstance(operand, OneOf)]
    if words and not reduce(frozenset[str].intersection, words):
        return f"`{name}` cannot be {' and '.join(sorted({' or '.join(sorted(each)) for each in words}))} at once"
    ranges = [operand.ranges for operand in operands if isinstance(operand, InRanges)]
    if ranges and not reduce(_overlap, ranges):
        return f"no number is in all the ranges asked of `{name}`"
    flags = {operand.wanted for operand in operands if isinstance(operand, IsTrue)}
    if len(flags) > 1:
        return f"`{name}` cannot be true and false at once"
    if any(operand == Present(wanted=False) for operand in operands) and any(_needs_value(operand) for operand in operands):
        return f"`{name}` cannot be absent and have a value at once"
    return ""


def _overlap(left: tuple[tuple[float, float], ...], right: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    both = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return tuple((low, high) for low, high in both if low <= high)


def _needs_value(operand: Operand) -> bool:
    return operand != Present(wanted=False)


def _appless(wanted: dict[str, list[Test]]) -> str:
    """A host outside the library has no app that could be anything."""
    if not any(test.operand == IsTrue(wanted=False) for test in wanted.get("app.known", [])):
        return ""
    of_app = (name for name in wanted if name.startswith(("app.", "operation")) and name != "app.known")
    named = next((name for name in of_app if any(_needs_value(test.operand) for test in wanted[name])), "")
    return f"an app that is not known has no `{named}`" if named else ""
