"""The authority from the command line."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from lockgate.cli.ca import ca
from lockgate.facts.problem import UsageError
from lockgate.pki import CertificateFormat, create_ca, load_ca


def test_creating_shows_the_fingerprint_and_keeps_the_key_private(run, fake_home):
    shown = run(ca, "create").stdout
    authority = load_ca(fake_home.certs, now=datetime.now(UTC))
    assert authority.fingerprint in shown
    assert stat.S_IMODE(authority.paths.key.stat().st_mode) == 0o600
    assert "PRIVATE" not in shown


def test_a_second_authority_needs_force(run):
    run(ca, "create")
    with pytest.raises(UsageError, match="--force"):
        run(ca, "create")
    assert "Restart the gateway" in run(ca, "create", "--force").stdout


def test_showing_checks_the_authority(run, fake_home):
    with pytest.raises(UsageError, match="lockgate ca create"):
        run(ca, "show")
    authority = create_ca(fake_home.certs, now=datetime.now(UTC))
    assert authority.fingerprint in run(ca, "show").stdout
    authority.paths.key.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        run(ca, "show")


def test_an_authority_that_ends_soon_is_announced(run, fake_home):
    create_ca(fake_home.certs, now=datetime.now(UTC) - timedelta(days=300), years=1)
    assert "expires in" in run(ca, "show").stdout


@pytest.mark.parametrize("form", list(CertificateFormat))
def test_every_form_is_written_under_the_name_devices_expect(run, fake_home, form):
    create_ca(fake_home.certs, now=datetime.now(UTC))
    assert form.file_name in run(ca, "export", "--format", form.value).stdout
    assert b"PRIVATE" not in (fake_home.path / form.file_name).read_bytes()


def test_an_export_can_go_to_standard_output_and_needs_no_key(run, fake_home):
    authority = create_ca(fake_home.certs, now=datetime.now(UTC))
    authority.paths.key.unlink()
    content = run(ca, "export", "--format", "der", "-o", "-").stdout_bytes
    assert x509.load_der_x509_certificate(content) == authority.certificate


def test_a_file_that_cannot_be_written_is_a_usage_error(run, fake_home):
    create_ca(fake_home.certs, now=datetime.now(UTC))
    with pytest.raises(UsageError, match="cannot write"):
        run(ca, "export", "-o", fake_home.path / "missing" / "ca.pem")
