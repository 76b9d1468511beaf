"""Who can reach a gateway: never strangers without a login, and a login is enough."""

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.settings import load_settings
from lockgate.home.users_file import add_user
from lockgate.identity.passwords import hash_password
from lockgate.runtime.boundary import is_admitted
from lockgate.runtime.exposure import admitted_networks, exposure_problems, refuse_opening
from lockgate.runtime.users import load_users

ANYBODY = "203.0.113.7"
HASH = hash_password("correct horse battery")
WIDE = "listen: 192.0.2.1:8080\n"


@pytest.fixture
def told(home):
    """What is wrong with these settings, as one text; `people` are names that can log in, `addresses` the table."""

    def ask(settings, *people, addresses=()):
        home.settings_file.write_text(settings)
        for name in people:
            add_user(home.users_file, name=name, password_hash=HASH, groups=())
        if addresses:
            with home.users_file.open("a") as file:
                file.write("addresses:\n" + "".join(f"  - {{network: '{network}', user: x}}\n" for network in addresses))
        return "\n".join(str(problem) for problem in exposure_problems(home, load_settings(home), load_users(home)))

    return ask


@pytest.fixture
def admits(home, told):
    def ask(settings, *people):
        told(settings, *people)
        return is_admitted(ANYBODY, admitted_networks(load_settings(home), load_users(home)))

    return ask


@pytest.mark.parametrize("networks", ["0.0.0.0/0", "'::/0'", "0.0.0.0/1, 128.0.0.0/1", "'2000::/3'", "10.0.0.0/8, 0.0.0.0/0"])
def test_everybody_without_a_login_is_an_open_proxy(told, networks):
    assert "lets anybody" in told(f"{WIDE}clients: {{allowed_networks: [{networks}]}}\n")


@pytest.mark.parametrize("networks", ["0.0.0.0/0", "'::/0'"])
def test_everybody_with_a_login_is_fine(told, networks):
    assert told(f"{WIDE}clients: {{allowed_networks: [{networks}], login: true}}\n", "ada") == ""


@pytest.mark.parametrize(
    "networks", ["10.0.0.0/8", "192.0.2.0/24", "'fc00::/7'", "'2001:db8::/32'", "172.16.0.0/12, 10.0.0.0/8"]
)
def test_ones_own_networks_are_enough(told, networks):
    assert told(f"{WIDE}clients: {{allowed_networks: [{networks}]}}\n") == ""


def test_a_login_is_enough(told, admits):
    assert told(f"{WIDE}clients: {{login: true}}\n", "ada") == ""
    assert admits(f"{WIDE}clients: {{login: true}}\n")


def test_networks_still_bound_a_login(admits):
    assert not admits(f"{WIDE}clients: {{login: true, allowed_networks: [10.0.0.0/8]}}\n", "ada")


def test_without_login_or_users_no_networks_means_nobody(admits):
    assert not admits(f"{WIDE}clients: {{login: true}}\n")
    assert not admits(f"{WIDE}clients: {{login: false}}\n", "ada")


def test_nobody_who_could_log_in(told, home):
    assert "no users who could log in" in told(f"{WIDE}clients: {{login: true}}\n")
    add_user(home.users_file, name="ada", password_hash=HASH, groups=())
    home.users_file.write_text(home.users_file.read_text() + "    disabled: true\n")
    assert "no users who could log in" in told(f"{WIDE}clients: {{login: true}}\n")


def test_nothing_at_all_says_which_two_ways_there_are(told):
    said = told(WIDE)
    assert "nothing says who may use the gateway" in said
    assert "clients.allowed_networks" in said
    assert "clients.login" in said


def test_an_address_table_that_names_everybody_undoes_the_login(told):
    login = f"{WIDE}clients: {{login: true}}\n"
    assert "nobody there has to log in" in told(login, "ada", addresses=["0.0.0.0/0"])


def test_an_address_table_may_name_everybody_of_ones_own_networks(told):
    login = f"{WIDE}clients: {{login: true, allowed_networks: [10.0.0.0/8]}}\n"
    assert told(login, "ada", addresses=["0.0.0.0/0"]) == ""


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "'[::]:8080'"])
def test_an_address_that_is_none_needs_one_to_be_told(told, listen):
    assert "public_address" in told(f"listen: {listen}\nclients: {{allowed_networks: [10.0.0.0/8]}}\n")
    assert told(f"listen: {listen}\npublic_address: g.example:1\nclients: {{allowed_networks: [10.0.0.0/8]}}\n") == ""


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "localhost:8080", "'[::1]:8080'"])
def test_loopback_needs_nothing(told, listen):
    assert told(f"listen: {listen}\nclients: {{allowed_networks: [0.0.0.0/0]}}\n") == ""


def test_problems_have_their_line(told):
    said = told(f"version: 1\n{WIDE}clients:\n  allowed_networks:\n    - 10.0.0.0/8\n    - 0.0.0.0/0\n")
    assert said.partition("\n")[0].endswith(
        "gateway.yaml:6:7: `0.0.0.0/0` lets anybody who reaches this machine use the gateway, without a login"
    )


OPEN = "clients: {allowed_networks: [0.0.0.0/0]}\n"


def test_a_change_is_judged_by_where_the_gateway_listens_already(home):
    """The address takes a restart and who may use it does not, so a file that looks harmless may open what runs."""
    home.settings_file.write_text(f"listen: 127.0.0.1:8080\n{OPEN}")
    settings, users = load_settings(home), load_users(home)
    refuse_opening(home, settings, users, listens_on="127.0.0.1:8080")
    with pytest.raises(UsageError, match="lets anybody"):
        refuse_opening(home, settings, users, listens_on="192.0.2.1:8080")


@pytest.mark.parametrize("clients", ["login: true", "login: false", "login: true, allowed_networks: [0.0.0.0/0]"])
def test_a_change_that_leaves_nobody_is_taken_over(home, told, clients):
    """Or taking out the last user would leave that user in."""
    assert told(f"{WIDE}clients: {{{clients}}}\n")
    refuse_opening(home, load_settings(home), load_users(home), listens_on="192.0.2.1:8080")
