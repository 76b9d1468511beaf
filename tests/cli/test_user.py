"""People and reviewers from the command line."""

import stat

import pytest

from lockgate.cli.user import user
from lockgate.facts.problem import UsageError
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml
from lockgate.identity import UsersFile, check_users
from lockgate.identity.passwords import password_matches
from lockgate.store.sealing import Sealer, open_sealed, read_reviewer_key

SECRET = "correct horse"


def users(home):
    document = parse_yaml(home.users_file.read_text(), "users.yaml")
    read = read_as(document, UsersFile)
    check_users(document, read)
    return read.users


def test_a_user_is_added_with_a_hash_and_never_with_a_password(run, fake_home):
    shown = run(user, "add", "ana", "--groups", "staff, admins,staff", input=f"{SECRET}\n{SECRET}\n").output
    (ana,) = users(fake_home)
    assert (ana.name, ana.groups) == ("ana", ("staff", "admins"))
    assert password_matches(ana.password, SECRET)
    assert SECRET not in shown + fake_home.users_file.read_text()
    assert stat.S_IMODE(fake_home.users_file.stat().st_mode) == 0o600


def test_a_second_user_joins_and_the_same_name_does_not(run, fake_home):
    run(user, "add", "ana", "--password", SECRET)
    run(user, "add", "bob", "--password", SECRET)
    with pytest.raises(UsageError, match="already"):
        run(user, "add", "ana", "--password", SECRET)
    assert [entry.name for entry in users(fake_home)] == ["ana", "bob"]


def test_every_problem_with_a_new_user_is_told_at_once(run, fake_home):
    with pytest.raises(UsageError) as caught:
        run(user, "add", "a:b", "--password", "short")
    assert len(caught.value.problems) == 2
    assert not fake_home.users_file.exists()


def test_a_reviewer_key_is_made_and_its_public_half_shown(run, fake_home):
    path = fake_home.path / "reviewer.key"
    shown = run(user, "reviewer-key", path).output
    recipient = shown.split()[-1]
    sealed = Sealer([recipient]).seal("id", "text")
    assert open_sealed(sealed, "id", read_reviewer_key(path)) == "text"
    assert "AGE-SECRET-KEY" not in shown
