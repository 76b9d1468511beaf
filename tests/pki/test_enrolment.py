"""The certificate in the forms devices take; never a key."""

import plistlib
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from lockgate.pki import CertificateFormat, create_ca, export_certificate

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def certificate(tmp_path):
    return create_ca(tmp_path / "certs", now=NOW).certificate


def test_pem_and_der_hold_the_certificate(certificate):
    assert x509.load_pem_x509_certificate(export_certificate(certificate, CertificateFormat.PEM)) == certificate
    assert x509.load_der_x509_certificate(export_certificate(certificate, CertificateFormat.DER)) == certificate


@pytest.mark.parametrize("password", ["", "changeit"])
def test_pkcs12_holds_the_certificate_and_no_key(certificate, password):
    packed = export_certificate(certificate, CertificateFormat.P12, password=password)
    opened = pkcs12.load_pkcs12(packed, password.encode() or None)
    assert opened.key is None
    assert [entry.certificate for entry in opened.additional_certs] == [certificate]


def test_the_apple_profile_has_one_root_payload_with_the_certificate(certificate):
    profile = plistlib.loads(export_certificate(certificate, CertificateFormat.MOBILECONFIG))
    (payload,) = profile["PayloadContent"]
    assert profile["PayloadType"] == "Configuration"
    assert payload["PayloadType"] == "com.apple.security.root"
    assert x509.load_der_x509_certificate(payload["PayloadContent"]) == certificate
    assert payload["PayloadUUID"] != profile["PayloadUUID"]


def test_the_same_certificate_makes_the_same_profile_and_another_another(certificate, tmp_path):
    other = create_ca(tmp_path / "other", now=NOW).certificate
    first = export_certificate(certificate, CertificateFormat.MOBILECONFIG)
    assert first == export_certificate(certificate, CertificateFormat.MOBILECONFIG)
    assert (
        plistlib.loads(first)["PayloadUUID"]
        != plistlib.loads(export_certificate(other, CertificateFormat.MOBILECONFIG))["PayloadUUID"]
    )


@pytest.mark.parametrize("form", list(CertificateFormat))
def test_no_form_holds_a_private_key(certificate, form):
    exported = export_certificate(certificate, form)
    assert exported
    assert b"PRIVATE" not in exported
    assert form.file_name.startswith("lockgate-ca.")
    assert "/" in form.media_type
