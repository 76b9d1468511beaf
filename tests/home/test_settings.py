"""Settings are complete, documented, and refused with a place when they are wrong."""

import shutil
from pathlib import Path

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.home import built_in_data, find_home, make_home
from lockgate.home.settings import Settings, load_settings, parse_address, settings_reference


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path / "home")


def settings_of(home, text):
    home.settings_file.write_text(text)
    return load_settings(home)


def test_an_empty_file_means_the_defaults(home):
    assert settings_of(home, "") == Settings()


def test_the_shipped_file_is_valid_and_only_records(home):
    assert load_settings(home).policy == "policies/monitor.yaml"


def test_every_setting_has_a_meaning():
    assert all(row.doc for row in settings_reference())
    assert {"listen", "upstream.connect_to", "examination.deadline_ms"} <= {row.name for row in settings_reference()}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("listne: 127.0.0.1:1", "did you mean `listen`?"),
        ("listen: 8080", "`listen`"),
        ("listen: nowhere", "gateway.yaml:1:9: `nowhere` is not an address"),
        ("decrypt: everything", "`decrypt`"),
        ("version: 9", "unknown version `9`"),
        ("clients: {allowed_networks: [10.0.0.0/8, office]}", "`office` is not a network"),
        ("examination: {deadline_ms: 0}", "must be at least 1"),
        ("upstream: {connect_to: {api.example: here}}", "`here` is not an address"),
        ("metrics: {port: 1}", "unknown key `metrics.port`\n  known here: listen"),
        ("clients: {trusted_hops: [10.0.0.1, front]}", "`front` is not a network"),
        ("clients: {device_header: Authorization}", "`Authorization` cannot be the header that names devices"),
        ("clients: {device_header: 'x-a b'}", "`x-a b` cannot be the header"),
        ("webhooks: {a: {url: hooks.example.com, secret_file: s}}", "webhook `a` has no web address to send to"),
        ("webhooks: {a: {url: 'https://hooks.example.com/'}}", "`webhooks.a.secret_file` is missing"),
        ("clients: {logn: true}", "unknown key `clients.logn`\n  did you mean `login`?"),
        ("clients: true", "`clients` must be a mapping\n  known here: allowed_networks, countries"),
    ],
)
def test_a_mistake_is_told_with_its_place(home, text, says):
    with pytest.raises(UsageError) as refused:
        settings_of(home, text)
    assert says in str(refused.value)
    assert "gateway.yaml:1:" in str(refused.value)


def test_all_mistakes_are_told_at_once(home):
    with pytest.raises(UsageError) as refused:
        settings_of(home, "listen: x\nexamination: {deadline_ms: 0, max_body_mib: 0}\n")
    assert len(refused.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "address"), [("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:9", ("::1", 9)), ("localhost:0", ("localhost", 0))]
)
def test_addresses(text, address):
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["127.0.0.1", ":80", "a:b", "a:70000", ""])
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="not an address"):
        parse_address(text)


def test_a_folder_without_settings_is_no_home(tmp_path):
    with pytest.raises(UsageError, match="lockgate init"):
        find_home(str(tmp_path))


def test_a_home_is_never_made_over_another(home):
    with pytest.raises(UsageError, match="already is a gateway home"):
        make_home(home.path)


def test_a_home_has_policies_to_edit_and_private_certs(home):
    assert (home.path / "policies" / "starter.yaml").is_file()
    assert (home.path / "policies" / "cases").is_dir()
    assert (home.path / "policies" / "examples" / "cases").is_dir()
    assert Path(home.certs).stat().st_mode & 0o777 == 0o700


def test_a_home_made_beside_keys_takes_none_of_them(tmp_path, monkeypatch):
    """A checkout that has run holds its own authority in the folder that the templates come from."""
    source = tmp_path / "checkout"
    shutil.copytree(built_in_data() / "certs", source / "certs")
    shutil.copytree(built_in_data() / "policies", source / "policies")
    shutil.copyfile(built_in_data() / "gateway.yaml", source / "gateway.yaml")
    for name in ("lockgate-ca.key.pem", "lockgate-ca.pem", "reviewer.key", "reviewer.pub"):
        (source / "certs" / name).write_text("of somebody else")
    monkeypatch.setattr("lockgate.home.home.built_in_data", lambda: source)
    made = make_home(tmp_path / "home")
    assert "of somebody else" not in [file.read_text() for file in made.certs.rglob("*") if file.is_file()]
    assert (made.certs / "windows" / "Enrol-Lockgate.ps1").is_file()
