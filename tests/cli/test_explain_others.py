"""`lockgate explain` about what is over, what is made up, and by another policy; rule by rule, condition by condition."""

import json

import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.problem import UsageError
from lockgate.facts.record import Record
from lockgate.gate.effects import Examine, Hold
from lockgate.gate.events import Closed
from lockgate.gate.exchange import Exchange
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.store.sqlite import SqliteStore
from lockgate.testing.builders import body, chat, client, examined, head

POLICY = """
version: 1
default: allow
rules:
  - id: no-secrets
    when: {all: [{operation: send_prompt}, {any: [{dlp.profiles: credentials}, {user: eve}]}, {not: {user.groups: staff}}]}
    then: block
  - {id: no-chatgpt, when: {app.id: chatgpt}, then: block}
  - {id: never-asked, when: {app.known: true}, then: block}
"""
OTHER = "version: 1\ndefault: allow\nrules: [{id: no-pii, when: {dlp.profiles: pii}, then: block}]\n"
CHAT = "https://api.openai.com/v1/chat/completions"


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    made = ready_home(tmp_path_factory.mktemp("explain") / "home")
    (made.path / "policies" / "own.yaml").write_text(POLICY)
    (made.path / "other.yaml").write_text(OTHER)
    made.settings_file.write_text("policy: policies/own.yaml\n")
    exchange = Exchange("over", SnapshotBuilder(made).build().gate)
    (effect,) = exchange.handle(head("POST", CHAT, who=client("kim", "sales")))
    while isinstance(effect, Hold | Examine):
        said = body(chat("hello")) if isinstance(effect, Hold) else examined("credentials", found=("credentials",))
        (effect,) = exchange.handle(said)
    (note,) = exchange.handle(Closed(duration_ms=1.0, status=400))
    failed = Record(
        id="failed", started_at=1.0, duration_ms=1.0, kind="request", client_address="192.0.2.7",
        verdict=Verdict.BLOCK, reason=Reason.GATE_FAILED,
    )  # fmt: skip
    store = SqliteStore.for_writing(made.records_db)
    store.append([note.record, failed])
    store.close()
    return made


@pytest.fixture
def explain(home):
    """The exit code and what is printed; a UsageError is raised."""

    def run(*arguments, given=None):
        result = CliRunner().invoke(cli, ["--home", str(home.path), "explain", *map(str, arguments)], input=given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


def test_each_condition_of_each_rule_says_what_was_wanted_and_what_was_there(explain):
    code, text = explain("https://chatgpt.com/")
    assert code == 2
    lines = [line.strip() for line in text.splitlines()]
    assert "no    operation in [send_prompt]: browse" in lines
    assert "yes   app.id in [chatgpt]: chatgpt" in lines
    assert "not asked      never-asked: block" in lines
    _, told = explain("https://chatgpt.com/", "--json")
    secrets, chatgpt, below = json.loads(told)["rules"]
    first, either, no = secrets["condition"]["all"]
    assert (first["selector"], first["truth"]) == ("operation", "no")
    assert [part["truth"] for part in either["any"]] == ["pending", "no"]
    assert no["not"][0]["truth"] == "no"
    assert (chatgpt["truth"], below["truth"]) == ("yes", "not_asked")


def test_who_wanted_the_content_looked_at_is_told(explain):
    body_of = '{"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}'
    _, text = explain(CHAT, "-d", body_of)
    assert "looked for   no-secrets for credentials" in text
    _, told = explain(CHAT, "-d", body_of, "--json")
    assert json.loads(told)["looked_for"] == {"no-secrets": ["credentials"]}


def test_a_record_tells_what_was_decided_and_what_the_live_policy_says_now(explain):
    code, text = explain("--record", "over")
    assert code == 2
    assert "then, by policy" in text
    assert "the same:" in text
    _, told = explain("--record", "over", "--json")
    data = json.loads(told)
    assert (data["then"]["verdict"], data["now"]["verdict"], data["differs"], data["undecided"]) == (
        "block",
        "block",
        False,
        [],
    )
    assert (data["now"]["rule"], data["now"]["user"], data["now"]["app"]) == ("no-secrets", "kim", "openai-api")
    assert data["now"]["findings"][0]["profiles"] == ["credentials"]


def test_what_another_policy_needs_and_nobody_recorded_is_said_and_not_guessed(explain, home):
    code, text = explain("--record", "over", "--policy", home.path / "other.yaml")
    assert code == 1
    assert "undecided, because nobody recorded dlp.profiles (pii)" in text
    code, told = explain("--record", "over", "--policy", home.path / "other.yaml", "--json")
    assert (code, json.loads(told)["undecided"]) == (1, ["dlp.profiles (pii)"])


def test_facts_are_written_as_a_case_gives_them(explain, tmp_path, home):
    facts = "apps:\n  it: {id: chatgpt}\napp: it\noperation: send_prompt\nuser: eve\n"
    code, text = explain("--facts", "-", given=facts)
    assert (code, text.splitlines()[0]) == (2, "block: A policy rule matched. Rule: no-secrets.")
    file = tmp_path / "facts.yaml"
    file.write_text("url: https://a.example/\nfindings: {pii: 1}\n")
    assert explain("--facts", file, "--policy", home.path / "other.yaml")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "one thing is explained at a time"),
        (("https://a.example/", "--record", "over"), "one thing is explained at a time"),
        (("--record", "nothing"), "there is no record `nothing`"),
        (("--record", "failed"), "not kept: no policy decided it"),
        (("--facts", "missing.yaml"), "there is no file `missing.yaml`"),
        (("https://a.example/", "--policy", "missing.yaml"), "there is no policy file `missing.yaml`"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(explain, arguments, problem):
    with pytest.raises(UsageError, match=problem):
        explain(*arguments)


def test_facts_that_are_wrong_are_told_with_their_place(explain):
    with pytest.raises(UsageError) as error:
        explain("--facts", "-", given="user: eve\noperaton: upload\n")
    (wrong,) = error.value.problems
    assert (wrong.place.file, wrong.place.line) == ("standard input", 2)
    assert "operation" in wrong.help
