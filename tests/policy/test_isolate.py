"""The action `isolate`: what takes content along is stopped, the rest goes on to the rules below."""

import pytest

from lockgate.facts.app import Operation
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.prompt import Conversation
from lockgate.facts.sheet import BodySize
from lockgate.facts.traffic import Headers, Phase, Request
from lockgate.policy import Pending, Settled, Walk, evaluate

POLICY = """
version: 1
default: allow
on_uninspectable: allow
rules:
  - {id: readable, description: It may be read., when: {app.id: chatgpt}, then: %s}
  - {id: below, when: {operation: download}, then: block}
"""
UPGRADE = Request(
    method="GET", scheme="https", host="chatgpt.com", port=443, path="/ws", headers=Headers((("upgrade", "websocket"),))
)


def decided(ruleset, known, then="isolate"):
    settled = evaluate(ruleset(POLICY % then), Walk.REQUEST, known)
    assert isinstance(settled, Settled)
    return settled.decision


@pytest.mark.parametrize("operation", [each for each in Operation if each.carries_payload])
def test_what_takes_content_along_is_stopped_at_its_head(ruleset, sheet, app, operation):
    decision = decided(ruleset, sheet(Phase.REQUEST_HEADERS, app=app(operation=operation)))
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.BLOCK, Reason.ISOLATED, "readable")
    assert decision.message == "It may be read."


@pytest.mark.parametrize("operation", [Operation.BROWSE, Operation.HISTORY, Operation.SIGN_IN, Operation.MODEL_LIST])
def test_reading_goes_on(ruleset, sheet, app, operation):
    decision = decided(ruleset, sheet(app=app(operation=operation), request_size=BodySize(bytes=3999)))
    assert (decision.verdict, decision.reason) == (Verdict.ALLOW, Reason.DEFAULT)


def test_what_goes_on_is_judged_by_the_rules_below(ruleset, sheet, app):
    decision = decided(ruleset, sheet(app=app(operation=Operation.DOWNLOAD), request_size=BodySize(bytes=0)))
    assert (decision.verdict, decision.rule) == (Verdict.BLOCK, "below")


SIZES = {
    "paste-sized": ("isolate", BodySize(bytes=4000), Verdict.BLOCK),
    "cut-short": ("isolate", BodySize(bytes=10, at_least=True), Verdict.BLOCK),
    "below-own-size": ("{isolate: {body_bytes: 200}}", BodySize(bytes=199), Verdict.ALLOW),
    "own-size": ("{isolate: {body_bytes: 200}}", BodySize(bytes=200), Verdict.BLOCK),
}


@pytest.mark.parametrize("name", SIZES)
def test_a_body_as_long_as_what_people_paste_is_stopped_whatever_is_done(ruleset, sheet, app, name):
    then, size, verdict = SIZES[name]
    known = sheet(app=app(operation=Operation.TELEMETRY), request_size=size)
    assert decided(ruleset, known, then).verdict is verdict


def test_an_operation_or_a_size_that_only_the_body_tells_is_waited_for(ruleset, sheet, app):
    for operation in (None, Operation.TELEMETRY):
        known = sheet(Phase.REQUEST_HEADERS, app=app(operation=operation), request_size=None)
        assert isinstance(evaluate(ruleset(POLICY % "isolate"), Walk.REQUEST, known), Pending)


def test_what_nobody_can_tell_is_stopped(ruleset, sheet, app):
    unread = sheet(app=app(operation=None), conversation=Conversation(turns=(), unread=("streamed",)), request_size=None)
    assert decided(ruleset, unread).reason is Reason.ISOLATED


def test_whether_a_websocket_takes_something_along_its_messages_tell(ruleset, sheet, app):
    opening = sheet(Phase.REQUEST_HEADERS, request=UPGRADE, app=app(operation=Operation.SEND_PROMPT), request_size=None)
    assert isinstance(evaluate(ruleset(POLICY % "isolate"), Walk.REQUEST, opening), Pending)


def test_in_monitor_mode_it_tells_only_what_it_would_have_stopped(ruleset, sheet, app):
    text = POLICY.replace("then: %s", "then: isolate, mode: monitor")
    for operation, told in ((Operation.UPLOAD, ("readable:isolate",)), (Operation.BROWSE, ())):
        known = sheet(app=app(operation=operation), request_size=BodySize(bytes=0))
        settled = evaluate(ruleset(text), Walk.REQUEST, known)
        assert (settled.decision.verdict, settled.decision.monitored) == (Verdict.ALLOW, told)
