"""What `doctor` tells in plain words: each check can fail, and none is left out silently."""

import os
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from lockgate.facts.record import Record
from lockgate.home.settings import load_settings
from lockgate.pki import create_ca
from lockgate.runtime import clock
from lockgate.runtime.checks import doctor, start_problems
from lockgate.runtime.prepare import prepare
from lockgate.runtime.users import load_users
from lockgate.store.sqlite import SqliteStore

YEAR = 365 * 86_400.0
NAMES = [
    "configuration", "policy in force", "certificate authority", "reviewer keys", "upstream trust store", "clock",
    "record store", "exposure", "port", "metrics port",
]  # fmt: skip


@pytest.fixture
def quiet_home(home, free_port, monkeypatch, tmp_path):
    monkeypatch.setattr(clock, "_HARDWARE_CLOCK", tmp_path / "none")
    home.settings_file.write_text(f"listen: 127.0.0.1:{free_port}\nmetrics: {{listen: ''}}\n")
    return home


def checked(home, name, **how):
    (check,) = [check for check in doctor(home, **how) if check.name == name]
    return check


def problems(home, name, **how):
    return "\n".join(str(problem) for problem in checked(home, name, **how).problems)


def append(home, text):
    with home.settings_file.open("a") as settings:
        settings.write(text)


@contextmanager
def listening(**options):
    with socket.socket() as taken:
        for option in options:
            taken.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_sound_home_has_no_problems_and_every_check_is_made(quiet_home):
    prepare(quiet_home)
    checks = list(doctor(quiet_home))
    assert [check.name for check in checks] == NAMES
    assert [(check.name, check.problems, check.skipped) for check in checks if check.problems or check.skipped] == []


def test_looking_makes_no_keys(quiet_home):
    before = set(quiet_home.certs.rglob("*"))
    assert "none yet" in checked(quiet_home, "reviewer keys").note
    assert "none yet" in checked(quiet_home, "certificate authority").note
    assert set(quiet_home.certs.rglob("*")) == before


def test_an_invalid_policy_is_told(quiet_home):
    append(quiet_home, "policy: policies/bad.yaml\n")
    (quiet_home.path / "policies" / "bad.yaml").write_text("version: 1\nrules: []\n")
    assert "default" in problems(quiet_home, "configuration")


def test_with_a_broken_policy_everything_else_is_still_checked(quiet_home):
    with listening() as address:
        quiet_home.settings_file.write_text(f"listen: {address}\npolicy: policies/absent.yaml\nmetrics: {{listen: ''}}\n")
        checks = {check.name: check for check in doctor(quiet_home)}
    assert [name for name in NAMES if checks[name].problems] == ["configuration", "port"]
    assert not any(check.skipped for check in checks.values())


def test_what_needs_settings_that_cannot_be_read_is_said_to_be_unchecked(quiet_home):
    quiet_home.settings_file.write_text("listne: 127.0.0.1:1\n")
    checks = {check.name: check for check in doctor(quiet_home)}
    assert list(checks) == NAMES
    unchecked = {name: check.skipped for name, check in checks.items() if check.skipped}
    assert unchecked == dict.fromkeys(("reviewer keys", "exposure", "port", "metrics port"), "the settings cannot be read")
    assert "not checked" in checks["upstream trust store"].note


def test_exposure_needs_the_users(quiet_home):
    quiet_home.users_file.write_text("usres: []\n")
    assert checked(quiet_home, "exposure").skipped == "users.yaml cannot be read"


def test_an_unreadable_ca_is_told(quiet_home):
    prepare(quiet_home)
    key = quiet_home.certs / "lockgate-ca.key.pem"
    key.chmod(0o644)
    assert "lockgate-ca.key.pem" in problems(quiet_home, "certificate authority")


def test_a_recipient_that_is_none_is_told_with_its_line(quiet_home):
    append(quiet_home, "capture: {recipients: [age1nonsense]}\n")
    assert "gateway.yaml:3:24: `age1nonsense` is not an age public key" in problems(quiet_home, "reviewer keys")


def test_a_missing_upstream_trust_file_is_told(quiet_home):
    append(quiet_home, "upstream: {trust: [absent.pem]}\n")
    assert "absent.pem" in problems(quiet_home, "upstream trust store")


def test_a_clock_behind_the_newest_file_is_told(quiet_home):
    policy = quiet_home.path / "policies" / "strict.yaml"
    os.utime(policy, (time.time(), time.time() + 86_400))
    assert "strict.yaml is from" in problems(quiet_home, "clock")


def test_a_clock_behind_the_newest_record_is_told(quiet_home):
    prepare(quiet_home)
    store = SqliteStore.for_writing(quiet_home.records_db)
    later = Record(id="r1", started_at=time.time() + YEAR, duration_ms=1.0, kind="request", client_address="192.0.2.7")
    store.append([later])
    store.close()
    assert "the newest record, r1, is from" in problems(quiet_home, "clock")


def test_a_clock_behind_the_authority_is_told(quiet_home):
    create_ca(quiet_home.certs, now=datetime.fromtimestamp(time.time() + YEAR, UTC))
    assert "check the clock" in problems(quiet_home, "certificate authority")


def test_a_clock_far_ahead_shows_in_the_authority(quiet_home):
    prepare(quiet_home)
    said = problems(quiet_home, "certificate authority", now=lambda: time.time() + 6 * YEAR)
    assert "expired" in said
    assert "if this machine's clock is right" in said


def test_a_clock_three_years_ahead_is_not_called_right(quiet_home, monkeypatch):
    """Nothing on this machine contradicts it, and the line says so."""
    monkeypatch.setattr(clock, "_synchronised", lambda: False)
    check = checked(quiet_home, "clock", now=lambda: time.time() + 3 * YEAR)
    assert check.problems == ()
    assert "cannot be told from here" in check.note


def test_a_state_folder_that_is_none_is_told_and_the_rest_is_checked(quiet_home):
    shutil.rmtree(quiet_home.state)
    quiet_home.state.write_text("a file")
    assert "mend its owner, mode or place" in problems(quiet_home, "record store")


def test_a_damaged_store_is_told(quiet_home):
    quiet_home.records_db.write_bytes(b"this is no database, and long enough to be taken for one" * 100)
    assert "damaged" in problems(quiet_home, "record store")


def test_a_damaged_page_is_told(quiet_home):
    prepare(quiet_home)
    store = SqliteStore.for_writing(quiet_home.records_db)
    store.append([
        Record(id=f"r{number}", started_at=1.0, duration_ms=1.0, kind="request", client_address="192.0.2.7", error="x" * 500)
        for number in range(200)
    ])  # fmt: skip
    store.close()
    with quiet_home.records_db.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 8 * 4096)
    assert "damaged" in problems(quiet_home, "record store") or "cannot read" in problems(quiet_home, "record store")


def test_an_open_gateway_is_told(quiet_home):
    quiet_home.settings_file.write_text("listen: 192.0.2.1:8080\nclients: {allowed_networks: [0.0.0.0/0]}\n")
    assert "lets anybody" in problems(quiet_home, "exposure")


def test_a_taken_port_is_told_with_who_to_ask(quiet_home):
    with listening() as address:
        quiet_home.settings_file.write_text(f"listen: {address}\n")
        said = problems(quiet_home, "port")
    assert f"cannot listen on {address}" in said
    assert "ss -ltnp" in said


def test_a_port_shared_by_a_running_gateway_is_still_taken(quiet_home):
    """SO_REUSEPORT would let a second gateway share the first one's connections."""
    with listening(SO_REUSEPORT=True) as address:
        quiet_home.settings_file.write_text(f"listen: {address}\n")
        assert "cannot listen" in problems(quiet_home, "port")


def test_a_taken_metrics_port_is_told_and_refused_at_the_start(quiet_home, free_port):
    with listening() as address:
        quiet_home.settings_file.write_text(f"listen: 127.0.0.1:{free_port}\nmetrics: {{listen: '{address}'}}\n")
        said = problems(quiet_home, "metrics port")
        refused = [*start_problems(quiet_home, load_settings(quiet_home), load_users(quiet_home))]
    assert f"cannot listen on {address}" in said
    assert "`metrics.listen` in gateway.yaml" in said
    assert [str(problem) for problem in refused] == [said]


def test_one_port_for_both_is_told(quiet_home, free_port):
    quiet_home.settings_file.write_text(f"listen: 127.0.0.1:{free_port}\nmetrics: {{listen: '0.0.0.0:{free_port}'}}\n")
    assert "both ask for port" in problems(quiet_home, "metrics port")


class _SomeGateway(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Lockgate lockgate_")

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def some_gateway():
    server = HTTPServer(("127.0.0.1", 0), _SomeGateway)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_the_gateway_of_this_home_may_have_its_ports(quiet_home, some_gateway):
    quiet_home.settings_file.write_text(f"listen: {some_gateway}\nmetrics: {{listen: ''}}\n")
    with socket.socket(socket.AF_UNIX) as recorder:
        recorder.bind(str(quiet_home.recorder_socket))
        recorder.listen()
        assert f"this gateway runs on {some_gateway}" in checked(quiet_home, "port").note


def test_the_gateway_of_another_home_may_not(quiet_home, some_gateway):
    quiet_home.settings_file.write_text(f"listen: {some_gateway}\nmetrics: {{listen: ''}}\n")
    assert "cannot listen" in problems(quiet_home, "port")
