"""`mcp.yaml`: what is accepted is read back as it was written, and a wrong file says where."""

from datetime import UTC, datetime

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.home import Home
from lockgate.home.mcp_file import AcceptedEntry, accept_tools, load_accepted

NOW = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
ONE, TWO = "0" * 32, "12345678901234567890123456789012"
ODD = 'a "tool": {name}\n# 名前'


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_nothing_is_accepted_without_a_file_or_in_an_empty_one(home):
    assert load_accepted(home) == {}
    home.mcp_file.write_text("# nothing yet\n")
    assert load_accepted(home) == {}


def test_what_is_accepted_is_read_back_and_added_to(home):
    accept_tools(
        home,
        "a.example/mcp",
        {"search": AcceptedEntry(digests=(ONE,), at=NOW, by="ada"), ODD: AcceptedEntry(digests=(TWO,), at=NOW)},
    )
    accept_tools(home, "a.example/mcp", {"search": AcceptedEntry(digests=(ONE, TWO), at=NOW, by="bo")})
    accept_tools(home, "b.example/ñ", {"x": AcceptedEntry(digests=(TWO,), at=NOW)})
    accepted = load_accepted(home)
    assert accepted.keys() == {"a.example/mcp", "b.example/ñ"}
    assert accepted["a.example/mcp"]["search"].digests == {ONE, TWO}
    assert accepted["a.example/mcp"][ODD].digests == {TWO}
    assert accepted["b.example/ñ"]["x"].at == NOW.timestamp()
    assert home.mcp_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("servers: {a: {x: {digests: [abc], at: '2026-11-27T10:00:00Z'}}}", "not the digest of a tool"),
        ("servers: {a: {x: {digests: [], at: '2026-11-27T10:00:00Z'}}}", "not the digest of a tool"),
        (f"servers: {{a: {{x: {{digests: ['{ONE}']}}}}}}", "is missing"),
        (f"servers: {{a: {{x: {{digests: ['{ONE}'], at: yesterday}}}}}}", "mcp.yaml:1:"),
        ("server: {}", "unknown key `server`"),
    ],
)
def test_a_wrong_file_says_where_and_what(home, text, problem):
    home.mcp_file.write_text(text)
    with pytest.raises(UsageError, match=r"mcp\.yaml:1:") as error:
        load_accepted(home)
    assert problem in str(error.value)
    before = home.mcp_file.read_text()
    with pytest.raises(UsageError):
        accept_tools(home, "a", {"x": AcceptedEntry(digests=(ONE,), at=NOW)})
    assert home.mcp_file.read_text() == before
