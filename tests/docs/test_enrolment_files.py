"""Enrolment templates: filled in completely, well-formed, never with a key; the Linux script does what it says."""

import json
import os
import plistlib
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lockgate.pki import CertificateAuthority, create_ca
from lockgate.proxy.pac import PacMode, pac_file

ROOT = Path(__file__).parents[2]
PROXY = "gateway.example.com:8080"


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return create_ca(tmp_path_factory.mktemp("certs") / "ca", now=datetime.now(UTC))


@pytest.fixture(scope="module")
def filled(authority: CertificateAuthority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("enrolment")
    done = run(ROOT / "certs/fill.sh", authority.paths.certificate, PROXY, output)
    assert done.returncode == 0, done.stderr
    return output


def test_nothing_is_left_to_fill_in_and_every_file_names_this_gateway(filled: Path):
    files = [file for file in filled.rglob("*") if file.is_file() and file.name != "lockgate-ca.pem"]
    assert len(files) == 5
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "{{" not in text, file
        assert f"http://{PROXY}/proxy.pac" in text, file


def test_a_new_home_can_be_enrolled_from_as_the_documentation_says(tmp_path: Path):
    """`lockgate init`, then the very command of the how-to, in the home."""
    home = tmp_path / "home"
    made = run(sys.executable, "-m", "lockgate", "init", home)
    assert made.returncode == 0, made.stderr
    page = (ROOT / "docs/how-to/enrol-devices.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^\$ (certs/fill\.sh .*) /tmp/enrolment$", page, re.MULTILINE)
    done = run("sh", "-euc", f"cd {home} && {command} {tmp_path}/out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "lockgate-ca.pem").read_bytes() == (home / "certs" / "lockgate-ca.pem").read_bytes()
    assert (tmp_path / "out" / "windows" / "Enrol-Lockgate.ps1").is_file()
    for key in ("lockgate-ca.key.pem", "reviewer.key"):
        assert (home / "certs" / key).stat().st_mode & 0o777 == 0o600


def test_no_key_gets_into_a_template(filled: Path, authority: CertificateAuthority, tmp_path: Path):
    assert not [file for file in filled.rglob("*") if file.is_file() and b"PRIVATE KEY" in file.read_bytes()]
    refused = run(ROOT / "certs/fill.sh", authority.paths.key, PROXY, tmp_path / "out")
    assert refused.returncode == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("proxy", ["gateway", "gateway:", ":8080", "a|b:80", "http://a:80", "a b:1"])
def test_an_address_that_is_none_is_refused(authority: CertificateAuthority, tmp_path: Path, proxy: str):
    assert run(ROOT / "certs/fill.sh", authority.paths.certificate, proxy, tmp_path / "out").returncode == 3


def test_the_apple_profile_carries_the_certificate_and_its_identifiers_are_stable(
    filled: Path, authority: CertificateAuthority, tmp_path: Path
):
    content = (filled / "apple/lockgate.mobileconfig").read_bytes()
    profile = plistlib.loads(content)
    root = next(part for part in profile["PayloadContent"] if part["PayloadType"] == "com.apple.security.root")
    assert root["PayloadContent"] == authority.certificate.public_bytes(Encoding.DER)
    identifiers = [profile["PayloadUUID"], *(part["PayloadUUID"] for part in profile["PayloadContent"])]
    assert len(set(identifiers)) == len(identifiers)
    assert all(re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", identifier) for identifier in identifiers)
    run(ROOT / "certs/fill.sh", authority.paths.certificate, PROXY, tmp_path)
    assert (tmp_path / "apple/lockgate.mobileconfig").read_bytes() == content


def test_browser_policies_close_the_ways_around(filled: Path):
    chrome = json.loads((filled / "chrome/managed.json").read_text(encoding="utf-8"))
    assert chrome["QuicAllowed"] is False
    assert chrome["EncryptedClientHelloEnabled"] is False
    firefox = json.loads((filled / "firefox/policies.json").read_text(encoding="utf-8"))["policies"]
    assert firefox["Proxy"]["AutoConfigURL"] == f"http://{PROXY}/proxy.pac"


def test_the_linux_script_enrols_and_undoes(filled: Path, authority: CertificateAuthority, tmp_path: Path):
    anchors = tmp_path / "usr/local/share/ca-certificates"
    anchors.mkdir(parents=True)
    script = filled / "linux/enrol.sh"
    done = run("sh", script, LOCKGATE_ROOT=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert x509.load_pem_x509_certificate((anchors / "lockgate-ca.crt").read_bytes()) == authority.certificate
    for policy in ("etc/opt/chrome/policies/managed/lockgate.json", "etc/firefox/policies/policies.json"):
        json.loads((tmp_path / policy).read_text(encoding="utf-8"))
    variables = run("sh", "-euc", f". {tmp_path}/etc/profile.d/lockgate.sh; env").stdout
    assert f"https_proxy=http://{PROXY}" in variables
    assert "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" in variables
    assert run("sh", script, LOCKGATE_ROOT=str(tmp_path)).returncode == 0  # again changes nothing
    assert run("sh", script, "--remove", LOCKGATE_ROOT=str(tmp_path)).returncode == 0
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_the_linux_script_leaves_other_peoples_firefox_policies_alone(filled: Path, tmp_path: Path):
    (tmp_path / "usr/local/share/ca-certificates").mkdir(parents=True)
    theirs = tmp_path / "etc/firefox/policies/policies.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text('{"policies": {}}')
    done = run("sh", filled / "linux/enrol.sh", LOCKGATE_ROOT=str(tmp_path))
    assert theirs.read_text() == '{"policies": {}}'
    assert "Firefox has policies already" in done.stderr


def test_the_pac_example_is_what_the_portal_gives():
    hosts = [".anthropic.com", ".chatgpt.com", ".claude.ai", ".openai.com", "gemini.google.com"]
    expected = pac_file(PROXY, hosts, PacMode.LIBRARY, bypass=["status.openai.com"])
    assert (ROOT / "deploy/proxy.pac").read_text(encoding="utf-8") == expected


def test_images_are_built_without_what_version_control_must_not_hold():
    """The container's context is a checkout, and a checkout that has run holds the authority's key."""
    hidden = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    ignored = set((ROOT / "deploy/container/Dockerfile.dockerignore").read_text(encoding="utf-8").split("\n"))
    private = {line.strip("/") for line in hidden if line.startswith(("/certs/", "/var", "/.venv"))}
    assert private
    assert private <= ignored
