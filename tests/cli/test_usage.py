"""`lockgate usage`: what is shown of counters, and a reset without a recorder."""

import json
import time

import pytest
from click.testing import CliRunner

from lockgate.cli import cli
from lockgate.facts.usage import UsageCell
from lockgate.home.home import Home
from lockgate.store.sqlite import SqliteStore

POLICY = """
version: 1
default: allow
rules:
  - {id: few, then: {limit: {prompts: 10, per: user, window: 1h}}}
"""


@pytest.fixture
def home(tmp_path, ready_home):
    made = ready_home(tmp_path / "home").path
    (made / "policies").mkdir(exist_ok=True)
    (made / "policies" / "limits.yaml").write_text(POLICY)
    (made / "gateway.yaml").write_text("policy: policies/limits.yaml\n")
    return made


def cell(subject, amount, scope="limit:few"):
    bucket = int(time.time() // 60)
    return UsageCell(scope=scope, subject=subject, measure="prompts", width=60, epoch=0, bucket=bucket, amount=amount)


def run(home, *arguments):
    return CliRunner().invoke(cli, ["--home", str(home), "usage", *arguments], catch_exceptions=False)


def test_who_is_near_a_limit_and_a_reset(home):
    assert "Nobody is near a limit." in run(home, "list").output
    store = SqliteStore.for_writing(Home(home).records_db)
    store.note_usage(
        "s", [cell("user:alice", 8), cell("user:bob", 2), cell("user:carol", 10), cell("user:bob", 9, "limit:old")]
    )
    store.close()
    near = json.loads(run(home, "list", "--json").output)
    assert [(row["subject"], row["used"], row["most"], row["free_after"] > 0) for row in near] == [
        ("user:carol", 10, 10, True), ("user:alice", 8, 10, False),
    ]  # fmt: skip
    assert "few  user:bob  2 of 10 prompts in 1h" in run(home, "list", "--all").output
    assert "8 of 10" in run(home, "show", "alice").output
    assert "used nothing" in run(home, "show", "nobody").output
    assert run(home, "reset", "alice").exit_code == 0
    assert "used nothing" in run(home, "show", "alice").output
    assert "2 of 10" in run(home, "show", "bob").output
