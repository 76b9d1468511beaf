"""What a person is told who reached a limit, and in which dialect."""

import json
from datetime import UTC, datetime

import pytest

from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.usage import Measure, Per, ReachedLimit, Window
from lockgate.gate.effects import Refuse
from lockgate.proxy.answers import Wording, answer_for
from lockgate.proxy.limit_words import limit_sentence
from lockgate.testing.builders import request

NOW = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)
WORDING = Wording(gateway_name="Lockgate", contact="", alternative="", redirect_key=b"k")


def reached(measure=Measure.PROMPTS, most=50, seconds=3600, wait=720, per=Per.USER):
    return ReachedLimit(measure=measure, most=most, per=per, window=Window(seconds, ""), retry_after=wait)


@pytest.mark.parametrize(("limit", "words"), [
    (reached(), ("The limit is 50 prompts per hour for each person, and it is used up. "
                "You can go on in about 12 minutes (at 00:02 UTC).")),
    (reached(Measure.BYTES, 20_000_000, 86_400, 7300, Per.GROUP), ("The limit is 20 MB per 24 hours for your group, and it is "
     "used up. You can go on in about 3 hours (at 01:51 UTC).")),
    (reached(Measure.REQUESTS, 1, 600, 1, Per.EVERYONE), ("The limit is 1 request per 10 minutes for everybody together, "
     "and it is used up. You can go on in 1 second (at 23:50 UTC).")),
    (reached(Measure.TOKENS, 1_000_000, 2_592_000, 200_000), ("The limit is 1,000,000 tokens per 30 days for each person, "
     "and it is used up. You can go on in about 3 days (at 5 March 07:23 UTC).")),
])  # fmt: skip
def test_how_much_there_was_and_when_there_is_some_again(limit, words):
    assert limit_sentence(limit, NOW) == words


def refusal(wire_format, method="POST", **headers):
    decision = Decision(
        verdict=Verdict.BLOCK, reason=Reason.LIMIT_REACHED, rule="few", message="Be patient.", limit=reached()
    )  # fmt: skip
    refuse = Refuse(decision=decision, format=FORMATS.get(wire_format), upgrade_required=method == "UPGRADE")
    return answer_for(
        refuse, request("POST" if method == "UPGRADE" else method, "https://a.example/v1/x", **headers), WORDING, "r1"
    )


@pytest.mark.parametrize(("wire_format", "status", "mark"), [
    ("openai-chat", 429, '"code":"rate_limit_exceeded"'),
    ("openai-responses", 429, '"type":"rate_limit_error"'),
    ("anthropic-messages", 429, '"type":"rate_limit_error"'),
    ("gemini-generate", 429, '"status":"RESOURCE_EXHAUSTED"'),
    ("bedrock-converse", 429, '"message"'),
    ("ollama", 429, '"error"'),
    ("mcp", 429, '"retry_after":720'),
    (None, 429, "Be patient."),
])  # fmt: skip
def test_each_dialect_has_its_own_word_for_it(wire_format, status, mark):
    answer = refusal(wire_format)
    assert answer.status == status
    assert mark in answer.content.decode()
    assert "50 prompts per hour" in answer.content.decode()
    assert (answer.headers.get("retry-after"), answer.headers.get("x-should-retry")) == ("720", "false")


def test_amazons_clients_take_the_class_from_a_header():
    assert refusal("bedrock-converse").headers.get("x-amzn-errortype") == "ThrottlingException"


def test_a_script_in_a_browser_may_read_when_to_try_again():
    answer = refusal("openai-chat", origin="https://chat.example")
    assert "retry-after" in answer.headers.get("access-control-expose-headers")


def test_a_page_and_an_upgrade_say_when_as_well():
    page = refusal(None, "GET", sec_fetch_mode="navigate")
    assert (page.status, page.headers.get("retry-after")) == (429, "720")
    assert b"in about 12 minutes" in page.content
    upgrade = refusal(None, "UPGRADE")
    assert (upgrade.status, upgrade.headers.get("retry-after")) == (426, "720")


def test_without_a_limit_nothing_of_it_is_said():
    refuse = Refuse(decision=Decision(verdict=Verdict.BLOCK, reason=Reason.RULE), format=FORMATS["openai-chat"])
    answer = answer_for(refuse, request("POST", "https://a.example/v1/x"), WORDING, "r1")
    assert (answer.status, answer.headers.get("retry-after")) == (400, "")
    assert json.loads(answer.content)["error"]["code"] == "blocked_by_policy"
