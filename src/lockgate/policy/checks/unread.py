"""What `on_uninspectable: allow` costs."""

from lockgate.facts.decision import Verdict
from lockgate.policy.draft import DraftRule
from lockgate.policy.expression import tests_of
from lockgate.policy.report import Report
from lockgate.policy.ruleset import Mode


def check_unread(report: Report, on_uninspectable: Verdict, rules: tuple[DraftRule, ...]) -> None:
    """Note that what nobody can read is let pass by rules that were to stop it."""
    if on_uninspectable is not Verdict.ALLOW:
        return
    first = next((rule for rule in rules if _stops_content(rule)), None)
    if first is not None:
        report.note(
            ("on_uninspectable",),
            f"what cannot be read passes `{first.id}`: an encrypted or too large file, an examination that takes too long",
            "write `on_uninspectable: block`, or add a rule on `examination.state`",
            code="unread-passes",
        )


def _stops_content(rule: DraftRule) -> bool:
    stops = rule.mode is Mode.ENFORCE and rule.actions.doubted_as not in (None, Verdict.ALLOW)
    return stops and any(test.selector.profiles is not None for test in tests_of(rule.when))
