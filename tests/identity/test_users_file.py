"""What may stand in users.yaml."""

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml
from lockgate.identity import UsersFile, check_users
from lockgate.identity.passwords import DUMMY_HASH


def read(text):
    document = parse_yaml(text, "users.yaml")
    users = read_as(document, UsersFile)
    check_users(document, users)
    return users


def test_a_file_is_read():
    users = read(f"""
users:
  - name: ana
    password: "{DUMMY_HASH}"
    groups: [staff]
addresses:
  - {{network: 10.1.0.0/16, user: lab, groups: [research]}}
""")
    assert users.users[0].groups == ("staff",)
    assert users.addresses[0].user == "lab"


def test_every_problem_is_told_with_its_place_and_no_password_is_shown():
    with pytest.raises(UsageError) as caught:
        read(f"""users:
  - {{name: "a:b", password: "{DUMMY_HASH}"}}
  - {{name: ana, password: hunter22}}
  - {{name: ana, password: "{DUMMY_HASH}"}}
addresses:
  - {{network: 10.1.0.1/16}}
  - {{network: 10.2.0.0/16}}
  - {{network: 10.2.0.0/16}}
""")
    told = [(problem.place.line, problem.problem.split("`")[-1].strip()) for problem in caught.value.problems]
    assert [line for line, _ in told] == [2, 3, 4, 6, 8]
    assert "hunter22" not in str(caught.value)


def test_an_unknown_key_is_refused():
    with pytest.raises(UsageError, match="unknown key"):
        read("users: []\nadresses: []\n")


def test_networks_have_names_and_countries():
    users = read("""
networks:
  - {name: head-office, network: 10.0.0.0/8, country: NO}
  - {name: head-office, network: "2001:db8::/32"}
  - {name: guests, network: 10.0.0.0/8}
""")
    assert [(entry.name, entry.country) for entry in users.networks] == [
        ("head-office", "NO"),
        ("head-office", ""),
        ("guests", ""),
    ]


def test_every_problem_of_networks_is_told_with_its_place():
    with pytest.raises(UsageError) as caught:
        read("""networks:
  - {name: a b, network: 10.0.0.0/8}
  - {name: b, network: 10.0.0.1/8}
  - {name: c, network: 10.0.0.0/8, country: Germany}
  - {name: d, network: 10.1.0.0/16, country: DE}
  - {name: d, network: 10.1.0.0/16}
  - {name: e, network: 10.1.0.0/16, country: AT}
""")
    told = sorted((problem.place.line, problem.problem) for problem in caught.value.problems)
    assert [line for line, _ in told] == [2, 3, 4, 6, 7]
    assert told[4][1] == "network `10.1.0.0/16` is in DE by an entry above"
    assert all(problem.help for problem in caught.value.problems if problem.place.line != 6)
