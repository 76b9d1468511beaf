"""`lockgate policy replay` as people use it: recorded traffic, a changed policy, and what it would change."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.facts.app import App, AppMatch, Operation
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.problem import UsageError
from lockgate.facts.prompt import Conversation, Part, Role, chain
from lockgate.facts.record import Record
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.gate.kept_facts import Kept, keep
from lockgate.runtime import replay as replaying
from lockgate.store.sqlite import SqliteStore
from lockgate.testing.builders import client, request

NOW = datetime.now(UTC)
LIVE = "version: 1\ndefault: allow\nrules: [{id: no-claude, when: {app.id: claude}, then: block}]\n"
CHANGED = """
version: 1
default: allow
rules:
  - {id: no-chatgpt, when: {app.id: chatgpt}, then: block}
  - {id: watch, when: {user: eva}, then: block, mode: monitor}
  - {id: no-secrets, when: {user: kim, dlp.profiles: credentials}, then: block}
  - {id: never, when: {user: nobody}, then: block}
"""


def kept(app, user, *groups, profiles=None):
    made = App(id=app, name=app, vendor="Vendor", category="chat-assistant")
    asked = request("POST", f"https://{app}.example/v1", content_type="application/json")
    sheet = FactSheet(
        at=NOW, phase=Phase.REQUEST_HEADERS, client=client(user, *groups), host=asked.host, port=443, request=asked,
        app_known=True, app=AppMatch(app=made, operation=Operation.SEND_PROMPT), mcp_known=True,
    )  # fmt: skip
    if profiles is not None:
        said = Conversation(turns=chain([(Role.USER, (Part(text="hello", path=()),), ())]))
        done = Examination(state=ExaminationState.COMPLETE, profiles=frozenset(profiles), examined=1)
        sheet = replace(sheet, phase=Phase.REQUEST_BODY, conversation=said, examination=done)
    return keep(Kept(sheet=sheet))


def record(name, app, user, *groups, ago=60.0, **decided):
    facts, profiles = decided.pop("facts", True), decided.pop("profiles", None)
    return Record(
        id=name, started_at=NOW.timestamp() - ago, duration_ms=1.0, kind="request", client_address="192.0.2.7", app=app,
        user=user, groups=groups, facts=kept(app, user, *groups, profiles=profiles) if facts else b"",
        **{"verdict": Verdict.ALLOW, "reason": Reason.DEFAULT, **decided},
    )  # fmt: skip


BLOCKED = {"verdict": Verdict.BLOCK, "reason": Reason.RULE, "rule": "no-claude"}
RECORDS = (
    record("a1", "chatgpt", "ana", "staff"),
    record("a2", "chatgpt", "ben", "staff", "sales"),
    record("a3", "claude", "ana", "staff", **BLOCKED),
    record("a4", "gemini", "eva"),
    record("a5", "gemini", "kim", profiles=["credentials"]),
    record("a6", "gemini", "kim"),
    record("a7", "gemini", "old", ago=30 * 86_400),
    record("a8", "gemini", "eva", facts=False),
    record("a9", "gemini", "eva", facts=False, verdict=Verdict.BLOCK, reason=Reason.GATE_FAILED),
)


@pytest.fixture(scope="module")
def home(ready_home, tmp_path_factory):
    made = ready_home(tmp_path_factory.mktemp("replay") / "home")
    (made.path / "policies" / "own.yaml").write_text(LIVE)
    (made.path / "new.yaml").write_text(CHANGED)
    made.settings_file.write_text("policy: policies/own.yaml\n")
    store = SqliteStore.for_writing(made.records_db)
    store.append(RECORDS)
    store.close()
    return made


@pytest.fixture
def replay(home):
    def run(*arguments):
        result = CliRunner().invoke(cli, ["--home", str(home.path), "policy", "replay", *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0
        return result.stdout

    return run


@pytest.fixture
def changed(replay, home):
    """What the changed policy comes to, as data."""
    return lambda *options: json.loads(replay(home.path / "new.yaml", "--json", *options))


def test_who_would_newly_be_stopped_and_what_would_pass_is_told_by_app_user_group_and_rule(changed):
    told = changed()
    assert (told["judged"], told["same"], told["newly_stopped"], told["newly_passing"]) == (5, 2, 2, 1)
    stopped, passing = told["changes"]
    assert (stopped["then"], stopped["now"], stopped["count"]) == ("allow", "block", 2)
    assert stopped["apps"] == {"chatgpt": 2}
    assert stopped["users"] == {"ana": 1, "ben": 1}
    assert stopped["groups"] == {"staff": 2, "sales": 1}
    assert stopped["rules"] == {"no-chatgpt": 2}
    assert stopped["examples"] == ["a1", "a2"]
    assert (passing["then"], passing["now"], passing["rules"]) == ("block", "allow", {"no-claude": 1})


def test_what_nobody_recorded_is_undecided_and_not_guessed(changed):
    told = changed()
    assert told["undecided"]["count"] == 1
    assert told["undecided"]["examples"] == ["a6"]
    assert told["undecided"]["missing"] == {"dlp.profiles (credentials)": 1}
    assert told["undecided"]["rules"] == {"no-secrets": 1}


def test_monitor_mode_rules_that_match_nothing_and_records_without_facts_are_told_apart(changed):
    told = changed()
    assert told["monitored"] == {"watch:block": 1}
    assert told["never_matched"] == ["no-secrets", "never"]
    assert told["could_not_be_told"] == {"no-secrets": 1}
    assert told["apart"] == {"without facts": 1, "gate_failed": 1}


def test_only_what_is_asked_for_is_judged(changed):
    assert changed("--since", "60d")["judged"] == 6
    assert changed("--since", "60d", "--until", "20d")["judged"] == 1
    assert changed("--app", "claude")["judged"] == 1
    assert changed("--user", "ben")["judged"] == 1
    assert changed("--group", "sales")["judged"] == 1
    told = changed("--limit", "4")
    assert told["judged"] + told["undecided"]["count"] + sum(told["apart"].values()) == 4


def test_the_live_policy_changes_nothing_and_two_policies_can_be_compared(replay, home):
    assert "would newly be stopped" in replay()
    assert json.loads(replay("--json"))["changes"] == []
    told = json.loads(replay(home.path / "new.yaml", "--against", home.path / "policies" / "own.yaml", "--json"))
    assert (told["newly_stopped"], told["newly_passing"]) == (2, 1)


def test_a_policy_in_monitor_mode_stops_nothing_unless_asked_as_if_it_acted(replay, home):
    (home.path / "watch.yaml").write_text(CHANGED.replace("version: 1", "version: 1\nmode: monitor"))
    told = json.loads(replay(home.path / "watch.yaml", "--json"))
    assert (told["newly_stopped"], told["monitored"]["no-chatgpt:block"]) == (0, 2)
    assert "--enforce" in replay(home.path / "watch.yaml")
    assert json.loads(replay(home.path / "watch.yaml", "--enforce", "--json"))["newly_stopped"] == 2


def test_people_read_it_as_text(replay, home):
    text = replay(home.path / "new.yaml")
    assert "allow -> block: 2 exchanges" in text
    assert "by user   ana 1, ben 1" in text
    assert "missing   dlp.profiles (credentials) 1" in text
    assert "Rules that never matched: never" in text
    assert "gate_failed 1, without facts 1" in text
    assert "No record matches" in replay("--user", "nobody-at-all")


def test_many_processes_count_what_one_counts(changed, monkeypatch):
    alone = changed()
    monkeypatch.setattr(replaying, "_SLICE", 2)
    assert changed() == alone


def test_a_home_without_records_says_so_and_a_wrong_time_is_refused(ready_home, tmp_path, replay):
    empty = ready_home(tmp_path / "empty")
    result = CliRunner().invoke(cli, ["--home", str(empty.path), "policy", "replay"])
    assert "No records yet" in result.stdout
    with pytest.raises(UsageError, match="is not a time"):
        replay("--since", "soon")
    with pytest.raises(UsageError, match="there is no policy file"):
        replay("missing.yaml")
