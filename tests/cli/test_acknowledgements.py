"""`lockgate acknowledgements`: listing, reading with a key, and taking back."""

import json
import time
from dataclasses import dataclass, replace

import pytest
from click.testing import CliRunner

from lockgate.cli.acknowledgements import acknowledgements
from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.problem import UsageError
from lockgate.home.home import Home
from lockgate.store.acknowledgement_store import AcknowledgementStore
from lockgate.store.sealing import Sealer, create_reviewer_key
from lockgate.store.sqlite import SqliteStore

NOW = time.time()
GIVEN = Acknowledgement(
    id="a1", subject="user:ana", rule="read", app="chatgpt", terms="0123", at=NOW - 60, until=NOW + 430_000, choice="Work",
    characters=12, reference="r1",
)  # fmt: skip
OVER = replace(GIVEN, id="a2", subject="address:192.0.2.7", rule="why", at=NOW - 900, until=NOW - 60, choice="", characters=0)


@dataclass(frozen=True)
class AHome:
    home: Home


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path)
    made.state.mkdir(parents=True, exist_ok=True)
    made.certs.mkdir(parents=True, exist_ok=True)
    return made


@pytest.fixture
def run(home):
    def runner(*arguments):
        result = CliRunner().invoke(acknowledgements, arguments, obj=AHome(home))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return runner


@pytest.fixture
def kept(home):
    recipient = create_reviewer_key(home.certs / "reviewer.key")
    sealed = replace(GIVEN, justification=Sealer([recipient]).seal(GIVEN.id, "public texts"))
    store = AcknowledgementStore(SqliteStore.for_writing(home.records_db))
    store.note([sealed, OVER])
    store.close()


def test_before_anybody_acknowledged_the_list_says_so(run):
    assert "Nobody has acknowledged anything yet." in run("list")
    assert json.loads(run("list", "--json")) == []


@pytest.mark.usefixtures("kept")
def test_the_list_says_who_what_and_how_it_stands(run):
    heads, first, second = run("list").splitlines()
    assert heads.startswith("ID")
    for said in ("a1", "ana", "read", "chatgpt", "stands for 5 days"):
        assert said in first
    for said in ("a2", "192.0.2.7", "why", "over since"):
        assert said in second


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--user", "ana"), ["a1"]), (("--user", "192.0.2.7"), ["a2"]), (("--rule", "why"), ["a2"]), (("--standing",), ["a1"]),
        (("--limit", "1"), ["a1"]), (("--user", "nobody"), []),
    ],
)  # fmt: skip
def test_the_list_is_narrowed(run, options, ids):
    assert [each["id"] for each in json.loads(run("list", "--json", *options))] == ids
    if not ids:
        assert run("list", *options) == "No acknowledgement matches.\n"


@pytest.mark.usefixtures("kept")
def test_what_was_written_is_shown_to_who_has_the_key_and_that_is_noted(run, home):
    assert "public texts" not in run("show", "a1")
    assert "12 characters" in run("show", "a1")
    assert "public texts" in run("show", "a1", "--open", "--reason", "a look")
    (line,) = (home.state / "openings.log").read_text().splitlines()
    assert (json.loads(line)["record"], json.loads(line)["reason"]) == ("a1", "a look")
    assert "Nothing was written with it." in run("show", "a2", "--open")


@pytest.mark.usefixtures("kept")
def test_one_that_is_not_there_is_said_with_where_ids_are(run):
    with pytest.raises(UsageError, match="no acknowledgement `a9`"):
        run("show", "a9")


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("arguments", "ended"),
    [(("a1",), 1), (("a2",), 0), (("a1", "a9"), 1), (("--user", "ana"), 1), (("--rule", "why"), 0), (("--rule", "read"), 1)],
)
def test_without_a_gateway_that_runs_the_command_revokes_itself(run, arguments, ended):
    assert run("revoke", *arguments).startswith(f"{ended} acknowledgement")
    state = {each["id"]: each["stands"] for each in json.loads(run("list", "--json"))}
    assert state == {"a1": not ended, "a2": False}


@pytest.mark.usefixtures("kept")
def test_revoking_nothing_in_particular_is_refused(run):
    with pytest.raises(UsageError, match="nothing says which to revoke"):
        run("revoke")


def test_where_nothing_is_kept_nothing_is_revoked(run):
    assert run("revoke", "--rule", "read") == "0 acknowledgements revoked\n"
