"""What types alone cannot say: rules that can never be reached or never match, and rules that ask for the impossible.

Separate because it looks at all rules together. A rule that does nothing is refused rather than ignored: whoever wrote
it believes that it does something.
"""

from dataclasses import dataclass

from lockgate.facts.decision import Verdict
from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.checks.conditions import check_condition
from lockgate.policy.checks.decrypted import check_decrypted
from lockgate.policy.checks.each import check_description, check_entry, check_rule
from lockgate.policy.checks.lists import check_lists
from lockgate.policy.checks.order import check_order
from lockgate.policy.checks.typed import typed
from lockgate.policy.checks.unread import check_unread
from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.draft_exemption import DraftExemption
from lockgate.policy.report import Report
from lockgate.policy.selector import Surroundings

__all__ = ["Whole", "check_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A policy as read, for looking at all of it."""

    surroundings: Surroundings
    on_uninspectable: Verdict
    entries: tuple[DraftEntry, ...]
    rules: tuple[DraftRule, ...]
    exceptions: tuple[DraftExemption, ...] = ()
    style: bool = False


def check_policy(report: Report, whole: Whole) -> None:
    """Report what is wrong with the rules as a whole."""
    knowledge = Knowledge(whole.surroundings)
    excepted = frozenset(rule for each in whole.exceptions for rule in each.rules)
    entries = [typed(entry, knowledge) for entry in whole.entries]
    rules = [typed(rule, knowledge, has_exceptions=rule.id in excepted) for rule in whole.rules]
    for entry in entries:
        check_entry(report, entry.draft)
    for rule in rules:
        check_rule(report, rule.draft)
        if whole.style:
            check_description(report, rule.draft)
    for draft in (*entries, *rules):
        check_condition(report, draft, knowledge)
    possible = [rule for rule in rules if rule.terms]
    check_order(report, knowledge, [entry for entry in entries if entry.terms], possible, whole.on_uninspectable)
    check_decrypted(report, knowledge, possible)
    check_unread(report, whole.on_uninspectable, whole.rules)
    check_lists(report, whole.surroundings, (*whole.entries, *whole.rules, *whole.exceptions))
