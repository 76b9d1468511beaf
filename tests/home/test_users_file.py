"""Adding to users.yaml: what the operator wrote stays as it was."""

import stat

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.users_file import add_user
from lockgate.home.yaml_document import parse_yaml

ENTRY = {"name": "new", "password": "$argon2id$x", "groups": ["a"]}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.yaml"


def add(path, name="new"):
    add_user(path, name=name, password_hash=ENTRY["password"], groups=ENTRY["groups"])


def data(path):
    return parse_yaml(path.read_text(), "users.yaml").data


@pytest.mark.parametrize(
    ("before", "others"),
    [
        (None, []),
        ("", []),
        ("# only a comment\n", []),
        ("users:\n", []),
        ("users: []\n", []),
        ("users: []  # nobody yet\naddresses: []\n", []),
        ("addresses:\n  - network: 10.0.0.0/8\n", []),
        ("users:\n  - name: old\n    password: x\n", [{"name": "old", "password": "x"}]),
        ("users:\n- name: old\n  groups: [b]\n\n# networks\naddresses: []\n", [{"name": "old", "groups": ["b"]}]),
        ("users:\n- name: old\n  groups:\n  - b\n  # the end\n", [{"name": "old", "groups": ["b"]}]),
        ("users:\n    - {name: old}\n    - name: 'no newline'", [{"name": "old"}, {"name": "no newline"}]),
        ("users:\n  - name: |\n      old\naddresses: []", [{"name": "old\n"}]),
    ],
)
def test_an_entry_is_added_and_every_line_of_before_is_kept(path, before, others):
    if before is not None:
        path.write_text(before)
    add(path)
    assert data(path)["users"] == [*others, ENTRY]
    kept = [line for line in (before or "").splitlines() if not line.startswith("users:")]
    assert [line for line in path.read_text().splitlines() if line in kept] == kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_comments_before_the_next_key_stay_with_it(path):
    path.write_text("users:\n  - name: old  # first\n\n# networks below\naddresses: []\n")
    add(path)
    lines = path.read_text().splitlines()
    assert lines.index("# networks below") > lines.index('  - name: "new"')


def test_odd_names_survive(path):
    for name in ("ö: - #", '"quoted"', "yes", "007", "a\\b"):
        add(path, name)
    assert [user["name"] for user in data(path)["users"]] == ["ö: - #", '"quoted"', "yes", "007", "a\\b"]


@pytest.mark.parametrize(
    ("before", "complaint"),
    [
        ("- a list\n", "not a mapping"),
        ("users: {a: b}\n", "not a list"),
        ("users: [{name: old}]\n", "as it is laid out"),
        ("users:\n  - name: new\n", "already"),
        ("users: [\n", "not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_left_as_it_is(path, before, complaint):
    path.write_text(before)
    with pytest.raises(UsageError, match=complaint):
        add(path)
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot write"):
        add(tmp_path / "missing" / "users.yaml")
