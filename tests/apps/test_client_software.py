"""Programs are told by their headers: what is more special first, by borders of words, and nothing a client sends can raise."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.client_software import ClientCatalogue, compile_mark, sample_failures
from lockgate.apps.clients_file import ClientsFile, Mark, check_clients, with_own
from lockgate.facts.client_software import UNKNOWN_SOFTWARE, ClientKind, ClientSoftware
from lockgate.facts.problem import UsageError
from lockgate.facts.traffic import Headers
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

_CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


def _headers(**given: str) -> Headers:
    return Headers(tuple((name.replace("_", "-"), value) for name, value in given.items()))


@pytest.fixture(scope="module")
def catalogue(shipped_clients: ClientsFile) -> ClientCatalogue:
    return ClientCatalogue(shipped_clients)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (
            {"user_agent": "claude-cli/2.1.9 (external, claude-vscode)", "x_claude_code_session_id": "s-1"},
            ClientSoftware(kind=ClientKind.CODING_AGENT, product="claude-code", version="2.1.9", via="vscode", session="s-1"),
        ),
        (
            {"user_agent": "OpenAI/Python 3.54.0", "x_stainless_lang": "python"},
            ClientSoftware(kind=ClientKind.SDK, product="openai-python", version="3.54.0"),
        ),
        # The agent, not the library it is built with.
        (
            {"x_title": "Aider", "user_agent": "OpenAI/Python 3.54.0"},
            ClientSoftware(kind=ClientKind.CODING_AGENT, product="aider"),
        ),
        (
            {"user_agent": "Acme/JS 1", "x_stainless_lang": "js", "x_stainless_package_version": "0.9"},
            ClientSoftware(kind=ClientKind.SDK, product="generated-sdk", version="0.9"),
        ),
        ({"user_agent": _CHROME}, ClientSoftware(kind=ClientKind.BROWSER, product="chromium", version="142.0.0.0")),
        ({"user_agent": _CHROME + " Edg/142.0.1"}, ClientSoftware(kind=ClientKind.BROWSER, product="edge", version="142.0.1")),
        # `notcurl/` is not curl, and a program nobody knows is not guessed at.
        ({"user_agent": "notcurl/8.1 my-curl/1"}, UNKNOWN_SOFTWARE),
        (
            {"user_agent": "wrapper/1 curl/8.14.1"},
            ClientSoftware(kind=ClientKind.HTTP_LIBRARY, product="curl", version="8.14.1"),
        ),
        ({"editor_version": "vscode/1.105.1"}, ClientSoftware(via="vscode")),
        ({}, UNKNOWN_SOFTWARE),
    ],
)
def test_a_program_is_told_by_its_headers(catalogue: ClientCatalogue, headers: dict[str, str], found: ClientSoftware):
    assert catalogue.software(_headers(**headers)) == found


def test_a_version_never_takes_along_what_identifies_a_device(catalogue: ClientCatalogue):
    found = catalogue.software(_headers(x_amz_user_agent="aws-sdk-js/1.0.27 KiroIDE-0.7.45-9f86d081884c7d65"))
    assert (found.product, found.version) == ("kiro", "0.7.45")


@pytest.mark.parametrize("session", ["x" * 201, "a\x00b"])
def test_a_session_that_is_no_name_is_not_taken(catalogue: ClientCatalogue, session: str):
    assert catalogue.software(_headers(user_agent="claude-cli/2.0", x_claude_code_session_id=session)).session == ""


def test_of_a_header_that_is_there_twice_the_first_counts(catalogue: ClientCatalogue):
    twice = Headers((("user-agent", "curl/8.1"), ("user-agent", "Wget/1.2")))
    assert catalogue.software(twice).product == "curl"


@given(st.dictionaries(st.sampled_from(["user_agent", "originator", "sec_ch_ua", "x_title"]), st.text(max_size=600)))
def test_no_header_raises(shipped_clients: ClientsFile, headers: dict[str, str]):
    found = ClientCatalogue(shipped_clients).software(_headers(**headers))
    assert len(found.version) < 100
    assert found.session.isprintable()


def _read(text: str, file: str = "apps/clients.yaml") -> tuple[Callable[[], None], ClientsFile]:
    document = parse_yaml(text, file)
    clients = read_as(document, ClientsFile)

    def check() -> None:
        check_clients(document, clients, compile_mark)
        failed = sample_failures(document, clients, ClientCatalogue(clients))
        if failed:
            raise UsageError(*failed)

    return check, clients


_ENTRY = (
    "{id: acme, name: Acme, kind: cli, marks: [{header: User-Agent, token: acme/}],"
    " samples: [{headers: {User-Agent: acme/1.2}}]}"
)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (_ENTRY.replace("acme/1.2", "other/1.2"), "the client of a sample of `acme` is `none`, not `acme`"),
        (_ENTRY.replace("{User-Agent: acme/1.2}", "{User-Agent: acme/1.2}, version: '1.3'"), "is `1.2`, not `1.3`"),
        (_ENTRY.replace("{User-Agent: acme/1.2}", "{User-Agent: acme/1.2}, via: vscode"), "is `none`, not `vscode`"),
        (_ENTRY.replace("samples: [{headers: {User-Agent: acme/1.2}}]", "samples: []"), "no sample shows"),
        (_ENTRY.replace("marks: [{header: User-Agent, token: acme/}]", "marks: []"), "has no marks"),
        (_ENTRY.replace("token: acme/", "pattern: 'acme'"), "must start with `^`"),
        (_ENTRY.replace("token: acme/", "pattern: '^(a+)+$'"), "a repeated group"),
        (_ENTRY.replace("token: acme/", "token: acme/, words: [acme]"), "exactly one of"),
        (_ENTRY.replace("header: User-Agent, token", "header: 'User Agent', token"), "not the name of a header"),
        (_ENTRY.replace("id: acme,", "id: Acme,"), "is not an id"),
        (f"{_ENTRY}, {_ENTRY}", "given twice"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(entry: str, complaint: str):
    check, _ = _read(f"clients: [{entry}]")
    with pytest.raises(UsageError, match=r"apps/clients\.yaml:1:") as refused:
        check()
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    "credential", ["{kind: token}", "{prefix: ab, issuer: x, kind: token}", "{prefix: 'a b', kind: token}"]
)
def test_a_wrong_credential_is_refused(credential: str):
    check, _ = _read(f"credentials: [{credential}]")
    with pytest.raises(UsageError, match=r"apps/clients\.yaml:1:"):
        check()


def test_own_entries_come_first_and_take_the_place_of_shipped_ones(shipped_clients: ClientsFile):
    _, own = _read("clients: [" + _ENTRY.replace("acme/}", "curl/}").replace("id: acme", "id: my-curl") + "]")
    merged = with_own(shipped_clients, own)
    assert ClientCatalogue(merged).software(_headers(user_agent="curl/8.1")).product == "my-curl"
    _, renamed = _read("clients: [" + _ENTRY.replace("id: acme", "id: curl") + "]")
    replaced = ClientCatalogue(with_own(shipped_clients, renamed))
    assert replaced.software(_headers(user_agent="curl/8.1")) == UNKNOWN_SOFTWARE
    assert replaced.software(_headers(user_agent="acme/3")).product == "curl"


def test_what_is_tried_first_wins(shipped_clients: ClientsFile):
    backwards = ClientCatalogue(replace(shipped_clients, clients=shipped_clients.clients[::-1]))
    assert backwards.software(_headers(user_agent="claude-cli/2.1", x_stainless_lang="js")).product == "generated-sdk"


def test_a_token_is_found_behind_one_that_only_looks_like_it():
    fit = compile_mark(Mark(header="user-agent", token="Chrome/"))
    assert fit("HeadlessChrome/1.0 Chrome/2.0") == "2.0"
    assert fit("HeadlessChrome/1.0") is None
