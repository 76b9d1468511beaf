"""One line per exchange, without content."""

import io
import json
import stat
from dataclasses import fields

import pytest

from lockgate.facts.decision import Verdict
from lockgate.facts.problem import UsageError
from lockgate.facts.record import FindingSummary, Record, SealedText
from lockgate.sinks import CanonicalLog
from lockgate.sinks.canonical_log import CANONICAL_FIELDS


def line(record):
    stream = io.StringIO()
    log = CanonicalLog.to_stream(stream)
    log.write(record)
    log.close()
    assert stream.getvalue().count("\n") == 1
    return json.loads(stream.getvalue())


def test_the_fields_are_the_documented_ones(record):
    assert set(line(record())) == set(CANONICAL_FIELDS)


def test_a_line_says_what_happened(record):
    finding = FindingSummary(detector="aws-key", profiles=("credentials",), detection_confidence="high", mask="AK***")
    shown = line(record(verdict=Verdict.BLOCK, user="ana", findings=(finding, finding), started_at=0.5))
    assert (shown["event"], shown["verdict"], shown["user"]) == ("exchange", "block", "ana")
    assert shown["detectors"] == ["aws-key"]
    assert shown["time"] == "1970-01-01T00:00:00.500Z"


def test_no_field_that_could_hold_content_reaches_a_line(record):
    """Text is put into every field of a record: what is sealed, masked or an internal digest stays out."""
    sealed = SealedText(key_id="SECRET", wrapped_key=b"SECRET", nonce=b"SECRET", ciphertext=b"SECRET")
    finding = FindingSummary(detector="d", profiles=("p",), detection_confidence="high", mask="SECRET")
    hidden = {"prompt_digest", "conversation", "trace"}
    whole = record(sealed=sealed, findings=(finding,), prompt_digest="SECRET", conversation="SECRET", trace=("SECRET",))
    assert hidden <= {field.name for field in fields(Record)}
    assert "SECRET" not in json.dumps(line(whole))
    assert line(whole)["captured"] is True


def test_a_line_cannot_be_broken_by_what_a_client_sends(record):
    assert line(record(path='/a\n{"event": "forged"}', error="\x1b[31m\r\n"))["path"].startswith("/a\n")


def test_a_file_is_appended_to_and_is_for_the_owner_only(record, tmp_path):
    path = tmp_path / "var" / "exchanges.log"
    for name in ("a", "b"):
        log = CanonicalLog.to_file(path)
        log.write(record(name))
        log.close()
        log.close()
    assert [json.loads(text)["id"] for text in path.read_text().splitlines()] == ["a", "b"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_is_there_at_once(record, tmp_path):
    path = tmp_path / "exchanges.log"
    log = CanonicalLog.to_file(path)
    log.write(record("a"))
    assert json.loads(path.read_text())["id"] == "a"
    log.close()


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"records\.log"):
        CanonicalLog.to_file(tmp_path)
