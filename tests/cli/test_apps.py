"""`lockgate apps list` and `show`: a library of hundreds stays findable, and says what of it can be read."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from lockgate.apps.check import AppSource
from lockgate.apps.formats.registry import FORMATS
from lockgate.apps.library import AppLibrary
from lockgate.apps.rubric import Rubric
from lockgate.apps.schema import AppFile
from lockgate.cli.apps import apps
from lockgate.facts.problem import UsageError
from lockgate.home.home import built_in_data
from lockgate.home.reading import read_document
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

DESK = r"""
id: acme-desk
name: Acme Desk
vendor: Acme
category: customer-support
country: US
homepage: https://desk.example.com
notes: Answers tickets.
basis: high
sources: [OBS]
hosts:
  suffix: [desk.example.com]
  regex: ['^desk-[a-z]+\.example\.org$']
operations:
  - {id: prompt, operation: send_prompt, path: '^/v1/chat$', format: openai-chat, basis: high}
  - {id: raw, operation: upload, method: PUT, host: desk.example.com, path: '^/raw', query: {part: '1'}, basis: low}
  - {id: live, operation: voice, protocol: websocket, path: '^/live$', opaque: true, basis: medium}
  - {id: history, operation: history, method: GET, path: '^/v1/threads', basis: high}
tiers:
  - {id: pro, name: Pro, kind: individual}
  - {id: free, name: Free, kind: free}
tier:
  - {claim: [https://acme.example, plan], values: {pro: pro}}
tenant:
  - {header: x-org}
samples:
  - {request: GET https://desk.example.com/, operation: browse}
review: {status: approved}
evidence:
  pro:
    app.tls13: {answer: 'yes', state: confirmed, source: https://desk.example.com, kind: third_party_probe, date: 2026-11-01}
"""
INSIDE = """
id: inside
name: Inside AI
vendor: Big Vendor
category: embedded-ai
hosts:
  also:
    - {host: www.big.example, path: '^/ai/', query: {mode: ai}, decrypt: false}
    - {host: api.big.example, path: '^/ai/'}
samples:
  - {request: GET https://api.big.example/ai/, operation: browse}
"""


@pytest.fixture
def library() -> AppLibrary:
    sources = [
        AppSource(document=document, file=read_as(document, AppFile))
        for text in (DESK, INSIDE)
        for document in (parse_yaml(text, "apps/x.yaml"),)
    ]
    return AppLibrary.build(sources, read_as(read_document(built_in_data() / "apps" / "rubric.yaml"), Rubric), FORMATS)


@pytest.fixture
def run(library: AppLibrary, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What `lockgate apps` says; an error is raised."""
    monkeypatch.setattr(import_module("lockgate.cli.apps"), "load_library", lambda *_, **__: library)

    def runner(*arguments: str) -> str:
        result: Result = CliRunner().invoke(apps, list(arguments), obj=SimpleNamespace(records_db=Path("absent"), home=None))
        if isinstance(result.exception, UsageError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return runner


def test_the_list_says_what_can_be_read_and_counts(run: Callable[..., str]):
    head, desk, inside, _, count = run("list").splitlines()
    assert head.split() == ["ID", "CATEGORY", "STATUS", "READABLE", "SCORES", "NAME"]
    # The scores are those of the free tier, of which nothing is known, though it comes second.
    assert desk.split() == ["acme-desk", "customer-support", "approved", "1", "of", "3", "-", "/", "-", "Acme", "Desk"]
    assert inside.split() == ["inside", "embedded-ai", "unreviewed", "-", "-", "Inside", "AI"]
    assert count == "2 apps"


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--category", "embedded-ai"], ["inside"]),
        (["--category", "Embedded-AI"], ["inside"]),
        (["--status", "approved"], ["acme-desk"]),
        (["--vendor", "big vendor"], ["inside"]),
        (["--readable"], ["acme-desk"]),
        (["--search", "tickets answers"], ["acme-desk"]),
        (["--search", "BIG"], ["inside"]),
        (["--search", "eu.desk.example.com"], ["acme-desk"]),
        (["--search", "desk-eu.example.org"], ["acme-desk"]),
        (["--search", "api.big.example"], ["inside"]),
        (["--search", "example"], ["acme-desk", "inside"]),
        (["--search", "example", "--vendor", "Acme", "--readable"], ["acme-desk"]),
        (["--search", "acme", "--category", "embedded-ai"], []),
    ],
)
def test_the_list_is_narrowed(run: Callable[..., str], arguments: list[str], ids: list[str]):
    assert [app["id"] for app in json.loads(run("list", "--format", "json", *arguments))] == ids
    if ids:
        assert run("list", *arguments).splitlines()[-1] == ("2 apps" if len(ids) == 2 else "1 of 2 apps")


def test_an_empty_list_says_so_and_names_what_is_near(run: Callable[..., str]):
    assert run("list", "--search", "acme-dask") == "no app of 2 fits; did you mean `acme-desk`?\n"
    assert run("list", "--search", "zzz") == "no app of 2 fits\n"
    assert json.loads(run("list", "--json", "--search", "zzz")) == []


@pytest.mark.parametrize(
    ("option", "name", "near"),
    [
        ("--category", "embedded", "did you mean `embedded-ai`?"),
        ("--category", "zzz", "known: customer-support, embedded-ai"),
        ("--status", "aproved", "did you mean `approved`?"),
        ("--vendor", "Acmee", "did you mean `acme`?"),
    ],
)
def test_a_name_there_is_not_is_answered_with_one_there_is(run: Callable[..., str], option: str, name: str, near: str):
    with pytest.raises(UsageError) as refused:
        run("list", option, name)
    assert refused.value.problems[0].help == near


def test_the_page_of_an_app_has_everything_that_decides(run: Callable[..., str]):
    page = run("show", "acme-desk")
    for line in (
        "Acme Desk (acme-desk) by Acme, customer-support, US: approved",
        "  homepage    https://desk.example.com",
        "  basis       high (OBS)",
        "  notes       Answers tickets.",
        "  tenant      header x-org",
        "  tier        claim https://acme.example plan",
        "  samples     1",
        "    desk.example.com and all below",
        r"    ^desk-[a-z]+\.example\.org$",
        "    prompt   send_prompt*  openai-chat  high    POST ^/v1/chat$",
        "    raw      upload*       -            low     PUT desk.example.com ^/raw part=1",
        "    live     voice*        opaque       medium  WebSocket ^/live$",
        "    history  history       -            high    GET ^/v1/threads",
        "    pro                  application 0.2 (1 of 12 answered), Gen-AI not scored (0 of 4 answered)",
    ):
        assert line in page.splitlines()


def test_the_page_says_which_paths_of_a_host_belong_to_the_app(run: Callable[..., str]):
    page = run("show", "inside").splitlines()
    assert "    www.big.example, only ^/ai/, with mode=ai, where the host is decrypted anyway" in page
    assert "    api.big.example, only ^/ai/" in page


def test_an_app_is_found_by_a_host_of_it(run: Callable[..., str]):
    assert run("show", "www.desk.example.com") == run("show", "acme-desk")
    with pytest.raises(UsageError) as refused:
        run("show", "api.big.example")
    assert (refused.value.problems[0].problem, refused.value.problems[0].help) == (
        "only paths of `api.big.example` belong to an app",
        "show `inside`",
    )


@pytest.mark.parametrize(
    ("name", "near"),
    [("acme-deks", "did you mean `acme-desk`?"), ("inside ai", "its id is `inside`"), ("zzz", "all apps: lockgate apps list")],
)
def test_an_app_there_is_not_is_answered_with_one_there_is(run: Callable[..., str], name: str, near: str):
    for command in ("show", "score"):
        with pytest.raises(UsageError) as refused:
            run(command, name)
        assert refused.value.problems[0].help == near


def test_the_data_of_an_app_is_complete(run: Callable[..., str]):
    data = json.loads(run("show", "acme-desk", "--json"))
    assert data == json.loads(run("list", "--json", "--vendor", "acme"))[0]
    assert (data["readable"], data["samples"], data["basis"], data["sources"]) == (True, 1, "high", ["OBS"])
    assert data["hosts"] == {
        "suffix": ["desk.example.com"], "exact": [], "regex": [r"^desk-[a-z]+\.example\.org$"], "also": [],
    }  # fmt: skip
    live = data["operations"][2]
    assert (live["websocket"], live["opaque"], live["payload"], live["methods"]) == (True, True, True, ["GET"])
    assert data["operations"][1]["query"] == {"part": "1"}
