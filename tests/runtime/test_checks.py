"""What `up` refuses and `doctor` tells, in plain words."""

import socket

import pytest

from lockgate.runtime.checks import doctor, exposure_problems, port_problem
from lockgate.runtime.prepare import prepare
from lockgate.runtime.snapshot import SnapshotBuilder


@pytest.fixture
def quiet_home(home, free_port):
    home.settings_file.write_text(f"listen: 127.0.0.1:{free_port}\nmetrics: {{listen: ''}}\n")
    return home


def problems(home, name):
    (check,) = [check for check in doctor(home) if check.name == name]
    return "\n".join(str(problem) for problem in check.problems)


def test_a_sound_home_has_no_problems(quiet_home):
    prepare(quiet_home)
    assert [(check.name, check.problems) for check in doctor(quiet_home) if check.problems] == []


def test_a_taken_port_is_told_with_who_to_ask():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        problem = port_problem(f"127.0.0.1:{taken.getsockname()[1]}")
    assert "cannot listen" in str(problem)
    assert "ss -ltnp" in str(problem)


def test_a_port_shared_by_a_running_gateway_is_still_taken():
    """SO_REUSEPORT would let a second gateway share the first one's connections."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert port_problem(f"127.0.0.1:{taken.getsockname()[1]}") is not None


def test_an_invalid_policy_is_told(quiet_home):
    with quiet_home.settings_file.open("a") as settings:
        settings.write("policy: policies/bad.yaml\n")
    (quiet_home.path / "policies" / "bad.yaml").write_text("version: 1\nrules: []\n")
    assert "default" in problems(quiet_home, "configuration")


def test_an_unreadable_ca_is_told(quiet_home):
    prepare(quiet_home)
    key = quiet_home.certs / "lockgate-ca.key.pem"
    key.chmod(0o644)
    assert "lockgate-ca.key.pem" in problems(quiet_home, "certificate authority")


def test_a_missing_upstream_trust_file_is_told(quiet_home):
    with quiet_home.settings_file.open("a") as settings:
        settings.write("upstream: {trust: [absent.pem]}\n")
    assert "absent.pem" in problems(quiet_home, "upstream trust store")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("listen: 192.0.2.1:8080", "lets anybody"),
        ("listen: 192.0.2.1:8080\nclients: {login: true}", "there are no users"),
        ("listen: 0.0.0.0:8080\nclients: {allowed_networks: [10.0.0.0/8]}", "public_address"),
        ("listen: 127.0.0.1:8080", ""),
        ("listen: 192.0.2.1:8080\nclients: {allowed_networks: [10.0.0.0/8]}", ""),
    ],
)
def test_a_wider_address_needs_to_know_who_may_use_it(home, settings, says):
    home.settings_file.write_text(settings + "\n")
    told = "\n".join(str(problem) for problem in exposure_problems(SnapshotBuilder(home).build()))
    assert (says in told) if says else (told == "")
