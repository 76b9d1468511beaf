"""Reading records in a terminal."""

import json
import os
import signal
import subprocess
import sys

import pytest

from lockgate.cli.log import log
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.problem import UsageError
from lockgate.facts.record import FindingSummary, Record
from lockgate.store.sealing import Sealer, create_reviewer_key
from lockgate.store.sqlite import SqliteStore

START = 1_790_000_000.0


def record(number, **fields):
    defaults = {"started_at": START + number, "duration_ms": 12.0, "kind": "http", "client_address": "192.0.2.7"}
    return Record(id=f"id-{number}", **{**defaults, **fields})


@pytest.fixture
def records(fake_home):
    """Store records in the home."""

    def store(*made):
        opened = SqliteStore.for_writing(fake_home.records_db)
        opened.append(made)
        opened.close()

    return store


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_no_records_says_what_to_do_and_machines_read_nothing(run, arguments):
    result = run(log, "tail", *arguments)
    assert "lockgate up" in result.output
    assert (result.stdout == "") is bool(arguments)


def test_an_empty_store_is_told_from_a_filter_that_matches_nothing(run, records):
    records()
    assert "No records yet" in run(log, "tail").output
    records(record(1))
    assert "No record matches" in run(log, "tail", "--user", "nobody").output


def test_the_newest_come_last_in_aligned_columns(run, records):
    records(*(record(n, app=f"app-{n}", user="a-very-long-user-name-indeed", host="h" * 60) for n in range(30)))
    lines = run(log, "tail", "--limit", 3).stdout.splitlines()
    assert len(lines) == 4
    assert [line.split()[-1] for line in lines[1:]] == ["id-27", "id-28", "id-29"]
    starts = {title: lines[0].index(title) for title in ("VERDICT", "USER", "APP", "HOST", "ID")}
    for line in lines[1:]:
        assert line[starts["VERDICT"] :].startswith("allow ")
        assert line[starts["APP"] :].startswith("app-")
        assert line[starts["ID"] :].startswith("id-")


def test_filters_are_applied(run, records):
    records(
        record(1, app="chat", user="ana", verdict=Verdict.BLOCK),
        record(2, app="chat", user="bob", verdict=Verdict.BLOCK),
        record(3, app="chat", user="ana"),
    )
    shown = run(log, "tail", "--json", "--app", "chat", "--user", "ana", "--verdict", "block").stdout
    assert [json.loads(line)["id"] for line in shown.splitlines()] == ["id-1"]


def test_what_a_client_sent_cannot_steer_the_terminal(run, records):
    records(record(1, host="\x1b[2Jevil\nid-2  allow", path="/\x1b[31m", error="a\x07b"))
    assert "\x1b" not in run(log, "tail").stdout
    assert len(run(log, "tail").stdout.splitlines()) == 2
    page = run(log, "show", "id-1").stdout
    assert "\x1b" not in page
    assert "\x07" not in page


def test_a_record_is_shown_with_its_why(run, records):
    finding = FindingSummary(detector="aws-key", profiles=("credentials",), detection_confidence="high", mask="AK******")
    records(
        record(
            1, verdict=Verdict.BLOCK, reason=Reason.RULE, rule="no-secrets", user="ana", groups=("staff",), method="POST",
            scheme="https", host="chat.example", port=443, path="/api", findings=(finding,), trace=("no-secrets: yes",),
            genai_confidence_score="2.9", app="chat", app_name="Chat", monitored=("other:block",),
        )
    )  # fmt: skip
    page = run(log, "show", "id-1").stdout
    for expected in (
        "A policy rule matched.", "no-secrets", "ana (staff) from 192.0.2.7", "https://chat.example:443/api", "AK******",
        "credentials", "other:block", "Gen-AI confidence 2.9",
    ):  # fmt: skip
        assert expected in page
    assert "Tenant" not in page, "empty fields are left out"


def test_a_prompt_and_the_answer_that_came_elsewhere_name_each_other(run, records):
    records(
        record(1, app="chat", prompt_digest="d", tasks=("run-1",)),
        record(2, app="chat", kind="answer", tasks=("run-1",), holds_answer=True),
        record(3, app="chat", kind="answer", tasks=("run-2",), holds_answer=True),
    )
    prompt, answer = run(log, "show", "id-1").stdout, run(log, "show", "id-2").stdout
    assert "id-2" in prompt.partition("Answered by")[2]
    assert "id-1" in answer.partition("The answer to")[2]
    assert "run-1" in answer
    assert "Answer " in answer
    assert "id-3" not in prompt + answer


def test_an_unknown_record_says_where_ids_are(run, records):
    records(record(1))
    with pytest.raises(UsageError, match="last column"):
        run(log, "show", "nothing")


@pytest.fixture
def captured(fake_home, records):
    fake_home.certs.mkdir()
    recipient = create_reviewer_key(fake_home.certs / "reviewer.key")
    sealed = Sealer([recipient]).seal("id-1", "the captured words")
    records(record(1, sealed=sealed, capture=Capture.FULL))


@pytest.mark.usefixtures("captured")
def test_captured_text_is_shown_to_who_has_the_key_and_asks_for_it(run, fake_home):
    page = run(log, "show", "id-1")
    assert "the captured words" not in page.output
    assert "--open --key" in page.output
    assert "the captured words" in run(log, "show", "id-1", "--open").stdout
    other = fake_home.path / "other.key"
    create_reviewer_key(other)
    with pytest.raises(UsageError, match="cannot open"):
        run(log, "show", "id-1", "--open", "--key", other)


def test_captured_text_cannot_steer_the_terminal_of_its_reviewer(run, fake_home, records):
    fake_home.certs.mkdir()
    recipient = create_reviewer_key(fake_home.certs / "reviewer.key")
    records(record(1, sealed=Sealer([recipient]).seal("id-1", "one\n\ttwo\x1b]0;owned\x07\r"), capture=Capture.FULL))
    shown = run(log, "show", "id-1", "--open").stdout
    assert "one\n\ttwo" in shown
    assert not any(character in shown for character in "\x1b\x07\r")


@pytest.mark.usefixtures("captured")
def test_every_look_at_captured_text_is_noted_and_without_a_note_there_is_none(run, fake_home):
    run(log, "show", "id-1", "--open", "--reason", "incident 7")
    noted = fake_home.state / "openings.log"
    entry = json.loads(noted.read_text())
    assert (entry["record"], entry["reason"]) == ("id-1", "incident 7")
    assert "captured words" not in noted.read_text()
    noted.unlink()
    noted.mkdir()
    with pytest.raises(UsageError, match="is not shown"):
        run(log, "show", "id-1", "--open")


def test_without_captured_text_opening_says_so(run, records):
    records(record(1))
    assert "No text was captured" in run(log, "show", "id-1", "--open").stdout


def exported(run, *arguments):
    return [json.loads(line)["id"] for line in run(log, "export", *arguments).stdout.splitlines()]


def test_an_export_is_json_lines_of_the_asked_time(run, records):
    records(*(record(n * 86_400) for n in range(3)))
    assert exported(run) == ["id-0", "id-86400", "id-172800"]
    from datetime import UTC, datetime

    second = datetime.fromtimestamp(START + 86_400, UTC).isoformat()
    assert exported(run, "--since", second) == ["id-86400", "id-172800"]
    assert exported(run, "--until", second) == ["id-0"]


def test_an_age_counts_from_now(run, records):
    import time

    records(record(1, started_at=time.time() - 3 * 3600), record(2, started_at=time.time() - 60))
    assert exported(run, "--since", "2h") == ["id-2"]
    assert exported(run, "--since", "1d") == ["id-1", "id-2"]


@pytest.mark.parametrize("when", ["yesterday", "99999999999d", "d", "2026-13-01"])
def test_what_is_no_time_is_refused_with_examples(run, records, when):
    records(record(1))
    with pytest.raises(UsageError, match="7d, 12h"):
        run(log, "export", "--since", when)


@pytest.mark.usefixtures("captured")
def test_sealed_text_is_exported_only_when_asked_for_and_stays_sealed(run):
    plain, whole = run(log, "export").stdout, run(log, "export", "--with-sealed").stdout
    assert "ciphertext" not in plain
    assert "ciphertext" in whole
    assert "captured words" not in whole


def test_following_shows_records_as_they_come_until_interrupted(fake_home, records):
    records(record(1))
    code = (
        # A shell that starts this suite in the background leaves SIGINT ignored, and Python would keep it so.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import sys; from pathlib import Path; from types import SimpleNamespace; from lockgate.cli.log import log;"
        "log(['tail', '-f', '--json'], obj=SimpleNamespace(records_db=Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(fake_home.records_db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as following:
        assert json.loads(following.stdout.readline())["id"] == "id-1"
        records(record(2))
        assert json.loads(following.stdout.readline())["id"] == "id-2"
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 0
