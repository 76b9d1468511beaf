"""What a webhook is told: everything it needs to find the record, nothing anybody said, and proof of who says it."""

import hmac
import json

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.record import FindingSummary, Record
from lockgate.sinks.notice_text import NOTICE_FIELDS, Summary, notice_body, signed_headers, summary_body

FOUND = FindingSummary(
    detector="card-number", profiles=("financial",), detection_confidence="high", mask="4***1", found_in="human_text"
)
RECORD = Record(
    id="r-1", started_at=1_790_000_000.5, duration_ms=1.0, kind="request", client_address="10.0.0.7", user="ada", app="chatgpt",
    host="chatgpt.com", path="/c/secret-path", model="gpt-5", verdict=Verdict.BLOCK, reason=Reason.RULE, rule="no-cards",
    findings=(FOUND,) * 60, error="something said", conversation="c-1", trace=("no-cards: yes (dlp.profiles has financial)",),
)  # fmt: skip


def test_a_notice_says_what_happened_and_where_to_look():
    told = json.loads(notice_body(RECORD, "no-cards", "Lockgate"))
    assert (told["event"], told["rule"], told["id"], told["user"], told["app"]) == (
        "notice",
        "no-cards",
        "r-1",
        "ada",
        "chatgpt",
    )
    assert (told["verdict"], told["reason"], told["time"]) == ("block", "rule", "2026-09-21T14:13:20.500Z")
    assert told["hint"] == "lockgate log show r-1"
    assert told["findings"][0] == {
        "detector": "card-number", "profiles": ["financial"], "detection_confidence": "high", "mask": "4***1",
        "found_in": "human_text",
    }  # fmt: skip
    assert len(told["findings"]) == 50


def test_a_notice_has_no_path_and_no_words():
    body = notice_body(RECORD, "no-cards", "Lockgate")
    assert b"secret-path" not in body
    assert b"something said" not in body


def test_every_field_is_documented():
    summary = summary_body(Summary(rule="a", count=3, since=0.0, until=60.0, verdicts={"block": 3}), "Lockgate")
    assert set(json.loads(notice_body(RECORD, "a", "x"))) | set(json.loads(summary)) == set(NOTICE_FIELDS)
    assert json.loads(summary)["verdicts"] == {"block": 3}


def test_half_an_emoji_is_told_all_the_same():
    from dataclasses import replace

    assert json.loads(notice_body(replace(RECORD, user="a\ud83d"), "a", "x"))["user"] == "a\\ud83d"


def test_the_signature_covers_time_and_body():
    headers = signed_headers(b"a secret that is shared", b"{}", timestamp=7, delivery="d-1")
    expected = hmac.digest(b"a secret that is shared", b"7.{}", "sha256").hex()
    assert (headers["X-Lockgate-Signature"], headers["X-Lockgate-Timestamp"]) == (f"v1={expected}", "7")
    assert headers["X-Lockgate-Delivery"] == "d-1"
