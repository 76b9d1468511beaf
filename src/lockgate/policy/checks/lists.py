"""Lists of the policy that nobody asks about."""

from collections.abc import Iterable

from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.draft_exemption import DraftExemption
from lockgate.policy.expression import tests_of
from lockgate.policy.operand import Has
from lockgate.policy.report import Report
from lockgate.policy.selector import Surroundings

_ON_LISTS = "host.category"


def check_lists(report: Report, surroundings: Surroundings, drafts: Iterable[DraftEntry | DraftRule | DraftExemption]) -> None:
    """Note lists without use."""
    used = {
        name
        for draft in drafts
        for test in tests_of(draft.when)
        if test.name == _ON_LISTS and isinstance(test.operand, Has)
        for name in test.operand.names
    }
    for name in surroundings.lists:
        if name not in used:
            report.note(
                ("lists", name), f"nothing asks about the list `{name}`", f"write `host.category: {name}`", code="unused-list"
            )
