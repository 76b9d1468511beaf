"""Rules that are never reached, because rules above end the walk or the connection is left alone.

Separate because it goes through the rules in order, the two walks apart. Rules in monitor mode, rules that only add, and
rules that end the walk under a further condition stand in nobody's way.
"""

from collections.abc import Sequence

from lockgate.facts.decision import Verdict
from lockgate.facts.traffic import Phase
from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.shadow import Shadows
from lockgate.policy.checks.typed import Typed
from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.expression import ALWAYS, phase_of, tests_of
from lockgate.policy.report import Report
from lockgate.policy.ruleset import Mode

type _Rules = list[Typed[DraftRule]]

_MOST_NAMED = 4
_FOR_ALL_OF_IT = "for everything that it matches"
_ONLY_BODY_TELLS = ("operation",)


def check_order(
    report: Report, knowledge: Knowledge, entries: list[Typed[DraftEntry]], rules: _Rules, on_uninspectable: Verdict
) -> None:
    """Report rules and entries that nothing ever gets to."""
    passed = Shadows[DraftEntry](knowledge)
    for entry in entries:
        above = passed.covering(entry.terms, lambda _entry: True)
        if above:
            _report(report, entry.draft, f"{_do('leave', above)} connections alone {_FOR_ALL_OF_IT}")
        passed.add(entry.draft, tuple(term.term for term in entry.terms))
    for rule in rules:
        if above := passed.covering(rule.terms, lambda _entry: True):
            report.note(
                rule.draft.path,
                f"`{rule.draft.id}` is only asked about plain HTTP: {_do('leave', above)} connections alone {_FOR_ALL_OF_IT}",
                "take the hosts out of `do_not_inspect`, or leave the rule out",
                code="never-inspected",
            )
    _check_walk(report, knowledge, [rule for rule in rules if not _is_late(rule)], on_uninspectable)
    _check_walk(report, knowledge, [rule for rule in rules if _is_late(rule)], on_uninspectable)


def _is_late(rule: Typed[DraftRule]) -> bool:
    return phase_of(rule.draft.when) >= Phase.RESPONSE_HEADERS


def _check_walk(report: Report, knowledge: Knowledge, rules: _Rules, on_uninspectable: Verdict) -> None:
    above = Shadows[DraftRule](knowledge)
    for rule in rules:
        draft = rule.draft
        certain = almost = above.covering(rule.terms, lambda _higher: True)
        if not all(_also_unread(higher, draft, on_uninspectable) for higher in almost):
            certain = above.covering(rule.terms, lambda higher, draft=draft: _also_unread(higher, draft, on_uninspectable))
        if certain:
            _report(report, draft, f"{_do('end', certain)} the walk {_what(certain, draft)}")
            continue
        if almost:
            report.note(
                draft.path,
                f"`{draft.id}` decides only when the content could not be looked at: {_do('decide', almost)} {_FOR_ALL_OF_IT}",
                "move it up, or leave it out",
                code="reached-only-unread",
            )
        if ends_the_walk(rule):
            above.add(draft, tuple(term.term for term in rule.terms))


def ends_the_walk(rule: Typed[DraftRule]) -> bool:
    """Whether it does, whenever its condition holds."""
    actions = rule.draft.actions
    return rule.draft.mode is Mode.ENFORCE and actions.ends is not None and actions.ends_if is None and not rule.has_exceptions


def _also_unread(higher: DraftRule, lower: DraftRule, on_uninspectable: Verdict) -> bool:
    """Whether the lower rule means nothing either when nobody can tell whether the two match."""
    doubted = lower.actions.doubted_as
    if doubted is None or lower.mode is not Mode.ENFORCE or not _can_be_unread(lower):
        return True
    ends = higher.actions.ends
    ends_in_doubt = (ends is Verdict.ALLOW) is (on_uninspectable is Verdict.ALLOW)
    return ends_in_doubt or (ends is Verdict.ALLOW) is (doubted is Verdict.ALLOW)


def _can_be_unread(rule: DraftRule) -> bool:
    """Whether it asks about anything that may never be known: the head of a request always is."""
    return any(
        test.selector.phase > Phase.REQUEST_HEADERS or test.name.startswith(_ONLY_BODY_TELLS) for test in tests_of(rule.when)
    )


def _what(above: tuple[DraftRule, ...], draft: DraftRule) -> str:
    if any(each.when == ALWAYS for each in above):
        return "for every exchange"
    same = len(above) == 1 and above[0].when.canonical == draft.when.canonical
    return "under the same condition" if same else _FOR_ALL_OF_IT


def _report(report: Report, draft: DraftEntry | DraftRule, help_text: str) -> None:
    report.wrong(draft.path, f"`{draft.id}` is never reached", help_text, code="never-reached")


def _do(verb: str, above: Sequence[DraftEntry | DraftRule]) -> str:
    return f"{_named([each.id for each in above])} above {verb}{'s' if len(above) == 1 else ''}"


def _named(ids: list[str]) -> str:
    shown = [f"`{each}`" for each in ids[:_MOST_NAMED]]
    if len(ids) > _MOST_NAMED:
        return f"{', '.join(shown)} and {len(ids) - _MOST_NAMED} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
