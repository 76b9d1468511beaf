"""What the traffic showed that no app file describes, in a terminal."""

import json

import pytest

from lockgate.cli.apps import apps
from lockgate.cli.apps_seen import count_discovered
from lockgate.facts.record import Record
from lockgate.store.sqlite import SqliteStore

DRIFT = {"app": "acme", "drift": "unknown_path", "shape": "{q: text}"}
COMMON = {"duration_ms": 1.0, "kind": "request", "client_address": "192.0.2.7", "method": "POST"}


@pytest.fixture
def seen(fake_home):
    """A home whose traffic showed two unknown apps and two kinds of drift."""
    store = SqliteStore.for_writing(fake_home.records_db)
    store.append(
        [
            Record(id="1", started_at=1e9, host="chat.example.net", discovered=("a list of messages with roles",), **COMMON),
            Record(id="2", started_at=2e9, host="ai.example.org", discovered=("the name of a model",), **COMMON),
            Record(id="3", started_at=2e9, host="a.example", path="/notes/12", **DRIFT, **COMMON),
            Record(id="4", started_at=3e9, host="a.example", path="/notes/13", **DRIFT, **COMMON),
            Record(id="5", started_at=3e9, host="b.example", app="apex", drift="unreadable_body", path="/chat", **COMMON),
        ]
    )  # fmt: skip
    store.close()


@pytest.mark.usefixtures("fake_home")
@pytest.mark.parametrize("command", ["discovered", "drift"])
def test_nothing_seen_says_so(command, run):
    result = run(apps, command)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert json.loads(run(apps, command, "--json").stdout) == []


@pytest.mark.usefixtures("seen")
class TestSeen:
    def test_unknown_apps_are_listed_with_their_signs(self, run):
        lines = run(apps, "discovered").stdout.splitlines()
        assert "ai.example.org" in lines[0]
        assert "unreviewed" in lines[0]
        assert "the name of a model" in lines[1]
        assert "chat.example.net" in lines[2]
        assert lines[-1] == "2 unknown AI apps"

    def test_drift_is_counted_by_app_and_kind_of_path_with_its_shape(self, run):
        lines = run(apps, "drift").stdout.splitlines()
        assert "acme  unknown_path: POST a.example/notes/*" in lines[0]
        assert "     2 " in lines[0]
        assert lines[1].strip() == "{q: text}"
        assert "apex  unreadable_body: POST b.example/chat" in lines[2]
        assert lines[-1] == "3 exchanges in 2 rows"

    def test_drift_of_one_app(self, run):
        (row,) = json.loads(run(apps, "drift", "--app", "apex", "--json").stdout)
        assert (row["app"], row["where"], row["exchanges"]) == ("apex", "unreadable_body: POST b.example/chat", 1)

    def test_the_list_of_apps_says_that_there_are_more(self, fake_home):
        assert count_discovered(fake_home) == 2
