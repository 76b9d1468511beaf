"""What a home says about its own tenants and programs is taken over, and a mistake in it is told with its place."""

from pathlib import Path

import pytest

from lockgate.facts.app import AccountKind
from lockgate.facts.problem import UsageError
from lockgate.home.home import Home
from lockgate.home.load import load_clients, load_library
from lockgate.testing.builders import request

_ACME = """
clients:
  - {id: acme, name: Acme, kind: server, marks: [{header: User-Agent, token: curl/}], samples: [{headers: {User-Agent: %s}}]}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "gateway.yaml").write_text("version: 1\n")
    (tmp_path / "apps").mkdir()
    return Home(tmp_path)


def test_own_tenants_and_own_programs(home: Home):
    (home.path / "apps" / "chatgpt.yaml").write_text("id: chatgpt\nown_tenants: [acc-7]\n")
    (home.path / "apps" / "clients.yaml").write_text(_ACME % "curl/8.1")
    library = load_library(home)
    asked = request("POST", "https://chatgpt.com/backend-api/f/conversation", chatgpt_account_id="acc-7", user_agent="curl/9")
    match = library.match(asked)
    assert match is not None
    assert match.account is AccountKind.CORPORATE
    assert library.software(asked).product == "acme"
    assert {"acme", "curl", "claude-code"} <= library.names().clients


def test_a_sample_of_the_home_that_fails_is_told(home: Home):
    (home.path / "apps" / "clients.yaml").write_text(_ACME % "other/8.1")
    with pytest.raises(UsageError, match=r"clients\.yaml:3:\d+: the client of a sample of `acme` is `none`"):
        load_clients(home)
