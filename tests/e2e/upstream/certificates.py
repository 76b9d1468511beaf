"""A public key infrastructure of our own: a root that the gateway under test trusts, a good leaf, and leaves that must
be refused.

Separate because the gateway reads the root's file before the upstream runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = (
    "localhost",
    "openai.com", "*.openai.com", "api.groq.com", "chatgpt.com", "*.chatgpt.com", "*.oaiusercontent.com",
    "anthropic.com", "*.anthropic.com", "claude.ai", "*.claude.ai",
    "google.com", "*.google.com", "*.googleapis.com",
    "ollama.com", "*.ollama.com", "deepseek.com", "*.deepseek.com", "perplexity.ai", "*.perplexity.ai", "*.githubcopilot.com",
    "*.individual.githubcopilot.com", "*.mistral.ai", "huggingface.co", "*.huggingface.co", "*.meta.ai", "*.notion.so",
    "*.kimi.com", "*.cursor.sh", "*.codeium.com", "api.x.ai", "copilot.microsoft.com", "substrate.office.com", "*.character.ai",
    "*.linear.app", "*.replicate.com",
    "*.us-east-1.amazonaws.com", "*.cohere.com",
    "example.com", "*.example.com", "example.org", "*.example.org", "*.bank.example",
)  # fmt: skip
"""Every name the good leaf is for."""

WRONG = ("expired", "not-yet-valid", "wrong-host", "self-signed", "untrusted-root")
"""Leaves that no client may accept for the name that is asked for."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate with its key, and the PEM files they are in."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    certificate_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPki:
    """The root to trust, the leaf that proves every vendor's name, and by kind the leaves that prove nothing."""

    root_file: Path
    leaf: Pair
    wrong: dict[str, Pair]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A certificate to be made."""

    name: str
    names: tuple[str, ...] = NAMES
    valid: tuple[datetime, datetime]
    ca: bool = False


def make_pki(folder: Path) -> TestPki:
    """Make everything anew in `folder`."""
    now = datetime.now(UTC)
    valid = (now - _DAY, now + 30 * _DAY)
    past, future = (now - 30 * _DAY, now - _DAY), (now + 2 * _DAY, now + 30 * _DAY)
    root = _make(folder, _Wanted(name="root", names=("Test root",), valid=valid, ca=True), None)
    stranger = _make(folder, _Wanted(name="stranger", names=("Somebody else's root",), valid=valid, ca=True), None)
    wrong = {
        "expired": _make(folder, _Wanted(name="expired", valid=past), root),
        "not-yet-valid": _make(folder, _Wanted(name="not-yet-valid", valid=future), root),
        "wrong-host": _make(folder, _Wanted(name="wrong-host", names=("elsewhere.invalid",), valid=valid), root),
        "self-signed": _make(folder, _Wanted(name="self-signed", valid=valid), None),
        "untrusted-root": _make(folder, _Wanted(name="untrusted-root", valid=valid), stranger),
    }
    return TestPki(root_file=root.certificate_file, leaf=_make(folder, _Wanted(name="leaf", valid=valid), root), wrong=wrong)


def _make(folder: Path, wanted: _Wanted, issuer: Pair | None) -> Pair:
    name, names, valid, ca = wanted.name, wanted.names, wanted.valid, wanted.ca
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if ca:
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        alternatives: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
        alternatives.append(x509.IPAddress(ip_address("127.0.0.1")))
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    pair = Pair(certificate=certificate, key=key, certificate_file=folder / f"{name}.pem", key_file=folder / f"{name}.key.pem")
    pair.certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    pair.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair
