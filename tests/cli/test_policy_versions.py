"""`lockgate policy history|show|diff|rollback|status|exceptions` on a home whose policies were live."""

import json
import time

import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.facts.problem import UsageError
from lockgate.home.policy_archive import PolicyArchive
from lockgate.runtime.going_live import Archivist
from lockgate.runtime.snapshot import SnapshotBuilder

FIRST = """# The first one, with a reason: ä
version: 1
default: allow
rules:
  - {id: no-claude, when: {app.id: claude}, then: block}
"""
SECOND = FIRST.replace("app.id: claude", "app.id: [claude, chatgpt]").replace("first", "second")
CASES = """
version: 1
cases:
  - name: claude is blocked
    given: {url: "https://claude.ai/"}
    expect: {verdict: block, rule: no-claude}
"""

IN_HOUSE = """
id: in-house
name: In-house
vendor: Us
category: chat-assistant
hosts: {exact: [ai.corp.example]}
samples: [{request: GET https://ai.corp.example/, operation: browse}]
"""
CASES_IN_HOUSE = """
version: 1
cases:
  - name: the assistant is blocked
    given: {url: "https://ai.corp.example/"}
    expect: {verdict: block}
"""


@pytest.fixture
def home(ready_home, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    made = ready_home(tmp_path / "home")
    made.settings_file.write_text("policy: policies/own.yaml\n")
    (made.path / "policies" / "own.yaml").write_text(FIRST)
    return made


@pytest.fixture
def live(home):
    """Makes what the files say live, as a worker does; gives the version."""

    def make(policy=None, cases=None, cause="changed file"):
        if policy is not None:
            (home.path / "policies" / "own.yaml").write_text(policy)
        if cases is not None:
            (home.path / "policies" / "cases" / "own.yaml").write_text(cases)
        snapshot = SnapshotBuilder(home).build()
        Archivist(home, 1).note(snapshot, cause)
        return snapshot.ruleset.version

    return make


@pytest.fixture
def policy(home):
    """The exit code and what is printed; a UsageError is raised."""

    def run(*arguments):
        result = CliRunner().invoke(cli, ["--home", str(home.path), "policy", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


def test_a_home_that_never_ran_says_so(policy):
    assert "No policy was live here yet" in policy("history")[1]
    assert policy("history", "--json") == (0, "[]\n")
    assert policy("status") == (1, "No worker runs. `lockgate up` starts the gateway.\n")
    with pytest.raises(UsageError, match="no policy was live here yet"):
        policy("show")
    assert policy("exceptions") == (0, "The policy has no exceptions.\n")


def test_history_shows_the_newest_first_with_what_it_replaced_and_why(policy, live):
    first, second = live(cause="start"), live(SECOND)
    lines = policy("history")[1].splitlines()
    assert lines[1].split()[2:5] == [second, first, "changed"]
    assert lines[2].split()[2:5] == [first, "-", "start"]
    newest = json.loads(policy("history", "--json")[1])[-1]
    assert (newest["version"], newest["previous"], newest["file"], newest["kept"]) == (second, first, "policies/own.yaml", True)


def test_show_gives_the_very_bytes(policy, live):
    first = live(FIRST, CASES)
    live(SECOND)
    assert policy("show", first[:6]) == (0, FIRST)
    assert policy("show") == (0, SECOND)
    assert policy("show", first, "--cases") == (0, CASES)


def test_diff_says_what_saving_the_file_would_change(policy, live, home):
    live()
    assert policy("diff") == (0, "They mean the same.\n")
    (home.path / "policies" / "own.yaml").write_text(SECOND)
    code, told = policy("diff")
    assert code == 1
    assert told.startswith("rule no-claude changed: condition: app.id in [claude] -> app.id in [chatgpt, claude]\n")
    assert "-  - {id: no-claude, when: {app.id: claude}, then: block}" in told
    (change,) = json.loads(policy("diff", "--json")[1])["changes"]
    assert (change["kind"], change["name"], change["part"]) == ("changed", "no-claude", "condition")


def test_diff_takes_versions_and_files(policy, live, tmp_path):
    first, second = live(), live(SECOND)
    (tmp_path / "other.yaml").write_text(SECOND)
    assert policy("diff", second, str(tmp_path / "other.yaml"))[0] == 0
    assert "[claude] -> app.id in [chatgpt, claude]" in policy("diff", first, "live")[1]
    assert "[chatgpt, claude] -> app.id in [claude]" in policy("diff", "live", first)[1]


def test_diff_with_a_file_that_cannot_be_used_shows_its_text(policy, live, home):
    live()
    (home.path / "policies" / "own.yaml").write_text(FIRST.replace("app.id", "app.idd"))
    code, told = policy("diff")
    assert code == 1
    assert "+  - {id: no-claude, when: {app.idd: claude}, then: block}" in told


def test_rollback_puts_the_files_back_and_keeps_what_it_replaces(policy, live, home):
    first = live(FIRST, CASES)
    live(SECOND, CASES + "# more\n")
    file = home.path / "policies" / "own.yaml"
    file.chmod(0o640)
    code, told = policy("rollback", first, "--dry-run")
    assert code == 0
    assert "rule no-claude changed: condition: app.id in [chatgpt, claude] -> app.id in [claude]" in told
    assert file.read_text() == SECOND
    code, told = policy("rollback", first)
    assert code == 0
    assert file.read_text() == FIRST
    assert (home.path / "policies" / "cases" / "own.yaml").read_text() == CASES
    assert oct(file.stat().st_mode & 0o777) == "0o640"
    (aside,) = (home.policy_archive / "replaced").iterdir()
    assert str(aside) in told
    assert ((aside / "own.yaml").read_text(), (aside / "cases" / "own.yaml").read_text()) == (SECOND, CASES + "# more\n")
    live()
    assert [entry.cause for entry in PolicyArchive(home.policy_archive).history()][-1] == "rollback"
    assert "was already" in policy("rollback", first)[1]


def test_rollback_to_a_version_without_cases_takes_them_away(policy, live, home):
    first = live()
    live(SECOND, CASES)
    policy("rollback", first)
    assert not (home.path / "policies" / "cases" / "own.yaml").exists()


def test_rollback_mends_a_file_that_was_broken_or_lost_since(policy, live, home):
    live()
    file = home.path / "policies" / "own.yaml"
    file.write_bytes(b"\xff")
    assert policy("rollback", "live")[0] == 0
    assert file.read_text() == FIRST
    file.unlink()
    policy("rollback", "live")
    assert file.read_text() == FIRST


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ("cases", "case `the assistant is blocked`: expected verdict `block`, got `allow`"),
        ("settings", "was the policy `policies/own.yaml`, and gateway.yaml names `policies/starter.yaml`"),
        ("archive", "is damaged"),
        ("unknown", "no policy of version `ffff` went live here"),
    ],
)
def test_rollback_refuses_with_its_reasons_and_changes_nothing(spoilt, told, policy, live, home):
    in_house = home.path / "apps" / "in-house.yaml"
    in_house.write_text(IN_HOUSE)
    first = live(FIRST.replace("claude", "in-house"), CASES_IN_HOUSE)
    live(SECOND, CASES)
    archive = PolicyArchive(home.policy_archive)
    if spoilt == "cases":  # the app is elsewhere by now
        in_house.write_text(IN_HOUSE.replace("ai.corp.example", "assistant.corp.example"))
    elif spoilt == "settings":
        home.settings_file.write_text("policy: policies/starter.yaml\n")
    elif spoilt == "archive":
        (archive.load(archive.find(first)).folder / "own.yaml").write_text(FIRST + "#")
    with pytest.raises(UsageError) as error:
        policy("rollback", "ffff" if spoilt == "unknown" else first)
    assert told in str(error.value)
    assert (home.path / "policies" / "own.yaml").read_text() == SECOND
    assert not (home.policy_archive / "replaced").exists()


def test_status_says_what_each_worker_has_and_refuses(policy, live, home):
    version = live()
    assert policy("status")[0] == 0
    assert version in policy("status")[1]
    (worker,) = json.loads(policy("status", "--json")[1])
    assert (worker["worker"], worker["version"], worker["refused"]) == (1, version, [])
    archivist, snapshot = Archivist(home, 2, time.time), SnapshotBuilder(home).build()
    (home.path / "policies" / "own.yaml").write_text(FIRST.replace("app.id", "app.idd"))
    with pytest.raises(UsageError) as refused:
        SnapshotBuilder(home).build()
    archivist.note(snapshot, "start", refused=refused.value)
    code, told = policy("status")
    assert code == 1
    assert "a change is refused" in told
    assert "own.yaml:5:28: unknown selector `app.idd`" in told


def test_exceptions_are_listed_with_who_answers_for_them(policy, home):
    text = (
        FIRST + "  - {id: other, when: {app.id: chatgpt}, then: block}\nexceptions:\n"
        "  - {id: old, rules: [other], when: {user: bo}, owner: Bo, reason: Once., expires: 2020-01-31}\n"
        "  - {id: far, rules: [no-claude], when: {user: ada}, owner: Ada, reason: Her own., expires: 9999-01-31}\n"
    )
    (home.path / "policies" / "own.yaml").write_text(text)
    told = policy("exceptions")[1]
    assert told.index("old ") < told.index("far ")
    states = {each["id"]: each["state"] for each in json.loads(policy("exceptions", "--json")[1])}
    assert states == {"old": "expired", "far": "holds"}
    assert policy("check")[0] == 0
    code, told = policy("check", "--strict")
    assert code == 3
    assert "own.yaml: 1 problem" in told


def test_rollback_puts_lists_back_too(policy, live, home):
    text = "version: 1\ndefault: allow\nlists:\n  rivals: {file: lists/rivals.txt}\n"
    text += "rules:\n  - {id: no-rivals, when: {host.category: rivals}, then: block}\n"
    rivals = home.path / "policies" / "lists" / "rivals.txt"
    rivals.parent.mkdir(exist_ok=True)
    rivals.write_text("rival.example # the first\n")
    first = live(text)
    rivals.write_text("rival.example\nother.example\n")
    assert live(text) != first
    assert policy("rollback", first)[0] == 0
    assert rivals.read_text() == "rival.example # the first\n"
    (aside,) = (home.policy_archive / "replaced").iterdir()
    assert (aside / "lists" / "rivals.txt").read_text() == "rival.example\nother.example\n"
