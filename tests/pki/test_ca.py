"""The authority: made once, private, and refused when it is not fit."""

import os
import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from lockgate.facts.problem import UsageError
from lockgate.pki import ca_paths, create_ca, load_ca, load_ca_certificate

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def certs(tmp_path):
    return tmp_path / "certs"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_an_authority_loads_as_it_was_made(certs):
    made = create_ca(certs, now=NOW)
    loaded = load_ca(certs, now=NOW)
    assert loaded.certificate == made.certificate
    assert loaded.fingerprint == made.fingerprint
    assert loaded.key.private_numbers() == made.key.private_numbers()


def test_it_is_ours_and_can_sign_leaves_only(certs):
    certificate = create_ca(certs, now=NOW).certificate
    name = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert name[NameOID.ORGANIZATION_NAME] == "Lockgate"
    assert name[NameOID.COMMON_NAME].startswith("Lockgate CA ")
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key())
    assert isinstance(certificate.public_key().curve, ec.SECP256R1)
    certificate.verify_directly_issued_by(certificate)


def test_two_gateways_never_share_a_name_or_a_key(tmp_path):
    one, two = create_ca(tmp_path / "a", now=NOW), create_ca(tmp_path / "b", now=NOW)
    assert one.certificate.subject != two.certificate.subject
    assert one.fingerprint != two.fingerprint


def test_a_browser_library_accepts_a_leaf_of_it(certs, tmp_path):
    authority = create_ca(certs, now=datetime.now(UTC))
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "chat.example")]))
        .issuer_name(authority.certificate.subject)
        .public_key(leaf_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=100))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("chat.example")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(authority.key, hashes.SHA256())
    )
    chain = tmp_path / "leaf.pem"
    chain.write_bytes(
        leaf.public_bytes(Encoding.PEM) + leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    client = ssl.create_default_context(cafile=str(authority.paths.certificate))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="chat.example"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ends[0].getpeercert()["subjectAltName"] == (("DNS", "chat.example"),)


def test_the_key_is_private_whatever_the_umask(certs):
    import os

    before = os.umask(0)
    try:
        authority = create_ca(certs, now=NOW)
    finally:
        os.umask(before)
    assert mode(authority.paths.key) == 0o600
    assert mode(authority.paths.certificate) == 0o644
    assert mode(certs) == 0o700
    assert {path.name for path in certs.iterdir()} == {"lockgate-ca.pem", "lockgate-ca.key.pem"}


def test_an_authority_is_never_overwritten(certs):
    create_ca(certs, now=NOW)
    before = {path: path.read_bytes() for path in certs.iterdir()}
    with pytest.raises(UsageError, match=r"already[^$]*--force"):
        create_ca(certs, now=NOW)
    assert {path: path.read_bytes() for path in certs.iterdir()} == before


def test_a_planted_link_is_not_written_through(certs, tmp_path):
    certs.mkdir()
    target = tmp_path / "elsewhere"
    (certs / "lockgate-ca.key.pem").symlink_to(target)
    with pytest.raises(UsageError):
        create_ca(certs, now=NOW)
    assert not target.exists()


def test_replacing_keeps_the_old_pair_under_another_name(certs):
    old = create_ca(certs, now=NOW)
    old_key = old.paths.key.read_bytes()
    new = create_ca(certs, now=NOW, replace=True)
    assert new.fingerprint != old.fingerprint
    kept = certs / "lockgate-ca.key.until-20261124T000000Z.pem"
    assert kept.read_bytes() == old_key
    assert mode(kept) == 0o600
    assert load_ca(certs, now=NOW).fingerprint == new.fingerprint


@pytest.mark.parametrize("years", [0, 11])
def test_an_unreasonable_validity_is_refused(certs, years):
    with pytest.raises(UsageError, match="1 to 10"):
        create_ca(certs, now=NOW, years=years)


def test_no_authority_says_which_command_makes_one(certs):
    with pytest.raises(UsageError, match="lockgate ca create"):
        load_ca(certs, now=NOW)


def test_an_expired_authority_is_refused_with_its_date(certs):
    create_ca(certs, now=NOW, years=1)
    load_ca(certs, now=NOW + timedelta(days=364))
    with pytest.raises(UsageError, match=r"expired on 2027-11-24[^$]*if this machine's clock is right"):
        load_ca(certs, now=NOW + timedelta(days=365))


def test_an_authority_of_the_future_is_refused(certs):
    create_ca(certs, now=NOW)
    with pytest.raises(UsageError, match="not valid before 2026-11-23"):
        load_ca(certs, now=NOW - timedelta(days=2))


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(certs, loose):
    key = create_ca(certs, now=NOW).paths.key
    key.chmod(loose)
    with pytest.raises(UsageError, match=r"can be read by others \(mode 0\d+\)[^$]*chmod 600"):
        load_ca(certs, now=NOW)


def test_a_key_of_another_authority_is_refused(certs, tmp_path):
    create_ca(certs, now=NOW)
    other = create_ca(tmp_path / "other", now=NOW)
    shutil.copy(other.paths.key, ca_paths(certs).key)
    with pytest.raises(UsageError, match="is not the key of"):
        load_ca(certs, now=NOW)


def test_every_problem_is_told_at_once(certs, tmp_path):
    create_ca(certs, now=NOW)
    other = create_ca(tmp_path / "other", now=NOW)
    shutil.copy(other.paths.key, ca_paths(certs).key)
    with pytest.raises(UsageError) as caught:
        load_ca(certs, now=NOW + timedelta(days=4000))
    assert len(caught.value.problems) == 2


def test_a_certificate_that_is_no_authority_is_refused(certs):
    authority = create_ca(certs, now=NOW)
    plain = (
        x509.CertificateBuilder()
        .subject_name(authority.certificate.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(authority.key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=10))
        .sign(authority.key, hashes.SHA256())
    )
    authority.paths.certificate.write_bytes(plain.public_bytes(Encoding.PEM))
    with pytest.raises(UsageError, match="not an authority"):
        load_ca(certs, now=NOW)


@pytest.mark.parametrize("name", ["lockgate-ca.pem", "lockgate-ca.key.pem"])
def test_nonsense_in_a_file_is_a_usage_error_that_shows_no_content(certs, name):
    create_ca(certs, now=NOW)
    (certs / name).write_text("not really secret words")
    with pytest.raises(UsageError) as caught:
        load_ca(certs, now=NOW)
    assert "secret words" not in str(caught.value)


def test_the_certificate_alone_is_read_without_the_key(certs):
    authority = create_ca(certs, now=NOW)
    authority.paths.key.unlink()
    assert load_ca_certificate(certs) == authority.certificate


def test_the_fingerprint_is_what_openssl_shows(certs):
    authority = create_ca(certs, now=NOW)
    command = ["openssl", "x509", "-in", str(authority.paths.certificate), "-noout", "-fingerprint", "-sha256"]
    if shutil.which("openssl") is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs the openssl command")
        pytest.skip("needs the openssl command")
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.strip().endswith(f"={authority.fingerprint}")


def test_the_key_is_in_no_representation(certs):
    authority = create_ca(certs, now=NOW)
    assert "PrivateKey" not in repr(authority)
    assert "PRIVATE" not in repr(authority)


@pytest.mark.parametrize("attempt", [load_ca, create_ca])
def test_a_key_without_its_certificate_is_told_with_a_way_out(certs, attempt):
    authority = create_ca(certs, now=NOW)
    authority.paths.certificate.unlink()
    before = authority.paths.key.read_bytes()
    with pytest.raises(UsageError, match=r"ca\.pem is missing, while its key[^$]*put the certificate back[^$]*--force"):
        attempt(certs, now=NOW)
    assert authority.paths.key.read_bytes() == before
    assert not authority.paths.certificate.exists()
    create_ca(certs, now=NOW, replace=True)  # what it says works, and keeps the key
    assert before in [path.read_bytes() for path in certs.glob("*.until-*")]


@pytest.mark.parametrize("attempt", [load_ca, create_ca])
def test_a_certificate_without_its_key_is_told_with_a_way_out(certs, attempt):
    authority = create_ca(certs, now=NOW)
    authority.paths.key.unlink()
    with pytest.raises(UsageError, match=r"key\.pem is missing, while its certificate[^$]*put the key back[^$]*--force"):
        attempt(certs, now=NOW)


def test_exporting_without_the_certificate_says_the_same(certs):
    create_ca(certs, now=NOW).paths.certificate.unlink()
    with pytest.raises(UsageError, match="put the certificate back"):
        load_ca_certificate(certs)
