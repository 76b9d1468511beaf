"""For how long captured text is kept: as the rule says that captures, also of an answer that comes elsewhere."""

import pytest

from lockgate.facts.decision import Capture, Decision, Reason, Verdict
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.gate.elsewhere import with_capture_of_answer
from lockgate.policy import Walk, evaluate
from lockgate.testing.builders import NOON, client, request

POLL = request("GET", "https://api.openai.com/v1/responses/resp_1")
SHORT = "{capture: {level: full, retention_days: 7}}"


@pytest.fixture
def judged(context_of, library):
    """The rules' decision about a poll of an answer, and the one with what is captured of it."""

    def judge(*rules):
        lines = "".join(f"  - {{id: r{index}, {rule}}}\n" for index, rule in enumerate(rules))
        context = context_of(f"default: allow\nrules:\n{lines}")
        facts = FactSheet(
            at=NOON, phase=Phase.REQUEST_HEADERS, client=client(), host=POLL.host, port=443, app_known=True,
            app=library.match(POLL), request=POLL, software=library.software(POLL), mcp_known=True,
        )  # fmt: skip
        outcome = evaluate(context.ruleset, Walk.REQUEST, facts)
        return outcome.decision, with_capture_of_answer(context.ruleset, facts, outcome.decision)

    return judge


def test_the_rule_that_captures_says_for_how_long(judged):
    assert judged(f"then: {SHORT}", "then: {capture: masked}")[0].capture_days == 7
    decision = judged("then: {capture: masked}", f"then: {SHORT}")[0]
    assert (decision.capture, decision.capture_days) == (Capture.MASKED, 0)


def test_an_answer_that_comes_elsewhere_is_kept_as_long_as_its_prompt(judged):
    plain, with_answer = judged(f"when: {{operation: send_prompt}}, then: {SHORT}")
    assert (plain.capture, with_answer.capture, with_answer.capture_days) == (Capture.NONE, Capture.FULL, 7)


def test_what_is_not_captured_has_no_days():
    assert Decision(verdict=Verdict.ALLOW, reason=Reason.DEFAULT).capture_days == 0
