"""Lists of the policy that nobody asks about."""

from collections.abc import Iterable

from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.draft_exemption import DraftExemption
from lockgate.policy.expression import tests_of
from lockgate.policy.named_list import ListKind
from lockgate.policy.operand import Has
from lockgate.policy.report import Report
from lockgate.policy.selector import Surroundings

_ON_LISTS = "host.category"
_HOW = {
    ListKind.HOSTS: "write `host.category: {0}`, or `host: {{within: {{list: {0}}}}}`",
    ListKind.NETWORKS: "write `source.address: {{within: {{list: {0}}}}}`",
    ListKind.WORDS: "write `{{in: {{list: {0}}}}}` below a selector",
}


def check_lists(report: Report, surroundings: Surroundings, drafts: Iterable[DraftEntry | DraftRule | DraftExemption]) -> None:
    """Note lists without use."""
    used = surroundings.lists.used | {
        name
        for draft in drafts
        for test in tests_of(draft.when)
        if test.name == _ON_LISTS and isinstance(test.operand, Has)
        for name in test.operand.names
    }
    for name, kind in surroundings.lists.kinds.items():
        if name not in used:
            problem, help_text = f"nothing asks about the list `{name}`", _HOW[kind].format(name)
            report.note(("lists", name), problem, help_text, code="unused-list")
