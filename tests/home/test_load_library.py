"""What passed once is not parsed and proven again, and nothing else is taken on trust."""

from pathlib import Path

import orjson
import pytest

from lockgate.apps.library import AppLibrary
from lockgate.facts.problem import UsageError
from lockgate.home import app_files
from lockgate.home import home as home_module
from lockgate.home.home import Home, built_in_data
from lockgate.home.load import load_library
from lockgate.home.yaml_document import parse_yaml

RUBRIC = built_in_data() / "apps" / "rubric.yaml"


def app(name: str, *, hosts: str = "", sample: str = "", more: str = "") -> str:
    sample = sample or f"{{request: GET https://{name}.example/, operation: browse}}"
    hosts = hosts or f"{{suffix: [{name}.example]}}"
    return f"id: {name}\nname: {name}\nvendor: Acme\ncategory: agent\nhosts: {hosts}\n{more}\nsamples:\n  - {sample}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    shipped, own = tmp_path / "shipped", tmp_path / "home"
    (shipped / "apps").mkdir(parents=True)
    (own / "apps").mkdir(parents=True)
    (shipped / "apps" / "rubric.yaml").write_bytes(RUBRIC.read_bytes())
    for name in ("one", "two"):
        (shipped / "apps" / f"{name}.yaml").write_text(app(name))
    monkeypatch.setattr(home_module, "built_in_data", lambda: shipped)
    return Home(own)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the app files that are parsed from now on."""
    names: list[str] = []

    def noted(text: str, file: str):
        names.append(Path(file).name)
        return parse_yaml(text, file)

    monkeypatch.setattr(app_files, "parse_yaml", noted)
    return names


def write(home: Home, name: str, text: str) -> None:
    (home.path / "apps" / f"{name}.yaml").write_text(text)


def ids(library: AppLibrary) -> list[str]:
    return [known.id for known in library.apps]


def test_files_that_did_not_change_are_not_parsed_again(home: Home, parsed: list[str]):
    first = load_library(home)
    assert sorted(parsed) == ["one.yaml", "rubric.yaml", "two.yaml"]
    parsed.clear()
    again = load_library(home)
    assert parsed == []
    assert (ids(again), again.version, again.host("a.one.example")) == (
        ["one", "two"],
        first.version,
        first.host("a.one.example"),
    )


def test_only_what_changed_is_parsed(home: Home, parsed: list[str]):
    load_library(home)
    parsed.clear()
    write(home, "three", app("three"))
    write(home, "one", "id: one\nreview: {status: approved}\n")
    library = load_library(home)
    assert sorted(parsed) == ["one.yaml", "three.yaml"]
    assert ids(library) == ["one", "three", "two"]
    source = library.source("one")
    assert source is not None
    assert source.overridden == ("review",)


def test_a_changed_file_is_checked_and_its_samples_are_proven(home: Home):
    load_library(home)
    write(home, "three", app("three", sample="{request: GET https://three.example/, operation: upload}"))
    with pytest.raises(UsageError, match="operation of"):
        load_library(home)
    write(home, "three", app("three", more="tiers: [{id: Bad, name: Bad, kind: free}]"))
    with pytest.raises(UsageError, match=r"three\.yaml:6:14: `Bad` is not a tier id"):
        load_library(home)


def test_a_file_that_takes_the_host_of_a_proven_sample_is_refused(home: Home):
    write(home, "three", app("three", sample="{request: GET https://deep.three.example/, operation: browse}"))
    load_library(home)
    write(
        home,
        "thief",
        app(
            "thief",
            hosts="{exact: [deep.three.example]}",
            sample="{request: GET https://deep.three.example/, operation: browse}",
        ),
    )
    with pytest.raises(UsageError, match=r"three\.yaml:8:5: the app of .* is `thief`, not `three`"):
        load_library(home)


@pytest.mark.parametrize(
    "claim",
    [
        "{exact: [deep.three.example]}",
        "{suffix: [deep.three.example]}",
        "{regex: ['^d[a-z]+\\.three\\.example$']}",
        "{also: [{host: '*.three.example', path: '^/'}]}",
        "{also: [{host: deep.three.example, path: '^/'}]}",
    ],
)
def test_whatever_takes_the_request_of_a_proven_sample_is_noticed(home: Home, claim: str):
    write(home, "three", app("three", sample="{request: GET https://deep.three.example/, operation: browse}"))
    load_library(home)
    write(home, "thief", app("thief", hosts=claim, sample="{request: GET https://deep.three.example/, operation: browse}"))
    with pytest.raises(UsageError, match="is `thief`, not `three`"):
        load_library(home)


def test_a_host_claimed_twice_is_refused_whatever_was_proven(home: Home):
    load_library(home)
    write(home, "three", app("three", hosts="{suffix: [three.example, one.example]}"))
    with pytest.raises(UsageError, match="already belongs to app `one`"):
        load_library(home)


def test_what_is_refused_is_not_remembered(home: Home):
    write(home, "three", app("three", sample="{request: GET https://three.example/, operation: upload}"))
    for _ in range(2):
        with pytest.raises(UsageError, match="operation of"):
            load_library(home)


def test_problems_of_remembered_files_still_have_their_place(home: Home):
    load_library(home)
    (home.path / "apps" / "copy.yaml").write_text(app("one").replace("vendor", "vendorr"))
    with pytest.raises(UsageError, match=r"copy\.yaml:3:1: unknown key `vendorr`"):
        load_library(home)


def test_another_rubric_proves_everything_anew(home: Home, parsed: list[str]):
    load_library(home)
    parsed.clear()
    text = RUBRIC.read_text()
    (home.path / "apps" / "rubric.yaml").write_text(text.replace("version:", "version: other # ", 1))
    load_library(home)
    assert sorted(parsed) == ["one.yaml", "rubric.yaml", "two.yaml"]


def test_a_proof_is_trusted_until_somebody_asks_for_it_again(home: Home):
    """`apps check` asks; a start does not."""
    load_library(home)
    wrong = app("one").replace("operation: browse", "operation: upload")
    kept = orjson.loads(home.proven_apps.read_bytes())
    shipped = home.shipped_files("apps")[0]
    shipped.write_text(wrong)
    with pytest.raises(UsageError):
        load_library(home)
    mark = app_files.digest(wrong.encode())
    kept["data"][mark] = parse_yaml(wrong, "one.yaml").data
    kept["apps"].append(app_files.digest(mark.encode()))
    home.proven_apps.write_bytes(orjson.dumps(kept))
    assert ids(load_library(home)) == ["one", "two"]
    with pytest.raises(UsageError, match="operation of"):
        load_library(home, prove=True)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"head": 1}', b"\xff"])
def test_a_damaged_memory_costs_time_only(home: Home, parsed: list[str], damage: bytes):
    load_library(home)
    parsed.clear()
    home.proven_apps.write_bytes(damage)
    assert ids(load_library(home)) == ["one", "two"]
    assert sorted(parsed) == ["one.yaml", "rubric.yaml", "two.yaml"]


def test_a_home_whose_state_cannot_be_written_loads_all_the_same(home: Home):
    home.state.write_text("not a folder")
    for _ in range(2):
        assert ids(load_library(home)) == ["one", "two"]
