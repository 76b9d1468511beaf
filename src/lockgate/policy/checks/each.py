"""What is looked at in one rule or entry alone: its phase, its message, its description."""

from lockgate.facts.decision import Verdict
from lockgate.facts.traffic import Phase
from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.expression import phase_of, tests_of
from lockgate.policy.report import Report
from lockgate.policy.ruleset import Mode
from lockgate.policy.selectors import SELECTORS

_CLOSE_REASON = 123
"""Bytes in the close frame of a WebSocket (RFC 6455 section 5.5)."""


def check_entry(report: Report, entry: DraftEntry) -> None:
    """A do-not-inspect entry."""
    for test in tests_of(entry.when):
        if test.selector.phase > Phase.CONNECT:
            report.wrong(
                test.path,
                f"`{test.name}` is not known when a connection opens, so it cannot say what is not inspected",
                f"use one of: {', '.join(row.name for row in SELECTORS if row.phase is Phase.CONNECT)}",
                code="wrong-phase",
            )


def check_rule(report: Report, rule: DraftRule) -> None:
    """A rule."""
    _check_response(report, rule)
    _check_message(report, rule)
    _check_coaching(report, rule)


def check_description(report: Report, rule: DraftRule) -> None:
    """A rule's reason for being there; only for whoever asks about the style of a policy."""
    if not rule.description:
        report.note(
            (*rule.path, "id"), f"`{rule.id}` does not say why it is there", "add a `description`", code="no-description"
        )


def _check_response(report: Report, rule: DraftRule) -> None:
    if phase_of(rule.when) < Phase.RESPONSE_HEADERS:
        return
    actions, then = rule.actions, (*rule.path, "then")
    adds = actions.tags or actions.capture is not None or actions.adds
    if actions.ends not in (Verdict.ALLOW, Verdict.BLOCK) or actions.ends_if is not None or adds:
        report.wrong(
            then,
            "a rule about the response can only allow or block",
            "put the other actions in a rule about the request",
            code="wrong-phase",
        )
    elif actions.ends is Verdict.BLOCK and rule.mode is Mode.ENFORCE:
        report.note(then, f"`{rule.id}` stops the response; the request has left by then", code="request-has-left")


def _check_message(report: Report, rule: DraftRule) -> None:
    path = (*rule.path, "message")
    if not rule.message:
        return
    if rule.actions.ends in (None, Verdict.ALLOW):
        report.note(
            path, f"nobody is shown the message of `{rule.id}`, because it does not stop anything", code="message-unseen"
        )
    elif len(rule.message.encode()) > _CLOSE_REASON and rule.actions.ends is not Verdict.COACH:
        report.note(
            path,
            f"the message of `{rule.id}` is cut after {_CLOSE_REASON} bytes where a WebSocket is closed",
            "begin with what the person has to know",
            code="message-too-long",
        )


def _check_coaching(report: Report, rule: DraftRule) -> None:
    if rule.actions.ends is not Verdict.COACH or rule.mode is not Mode.ENFORCE:
        return
    if not rule.message and not rule.description:
        problem = f"`{rule.id}` asks people to acknowledge something and does not say what"
        report.note((*rule.path, "then"), problem, "give it a `message`", code="nothing-to-acknowledge")
    if phase_of(rule.when) is Phase.CONNECT:
        report.note(
            (*rule.path, "when"),
            f"`{rule.id}` also stops connections that stay encrypted, and a browser shows nobody why there",
            "ask about the app as well, for example `app.known: true`: apps' connections are decrypted",
            code="coaches-unseen",
        )
