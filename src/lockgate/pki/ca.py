"""The certificate authority that devices are asked to trust.

Separate from enrolment and from the proxy, which makes the leaf certificates. Laws: a key exists once, is private from its
first byte on and is never overwritten; an authority that is expired, weak, readable by others or that does not match its key
is refused at start, with every problem named.
"""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from lockgate.facts.problem import Problem, UsageError
from lockgate.pki.private_file import PRIVATE, PUBLIC, read_private_file, write_new_file

type CaKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

DEFAULT_YEARS = 5
LONGEST_YEARS = 10
_ORGANISATION = "Lockgate"
_CLOCK_SKEW = timedelta(days=1)  # a device whose clock is behind must not call the new CA "not yet valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaPaths:
    """The two files of an authority, in the home's `certs/`."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """A checked authority, as the proxy needs it."""

    certificate: x509.Certificate
    key: CaKey = field(repr=False)
    paths: CaPaths
    fingerprint: str


def ca_paths(certs: Path) -> CaPaths:
    """Where an authority lives."""
    return CaPaths(certificate=certs / "lockgate-ca.pem", key=certs / "lockgate-ca.key.pem")


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate as people compare it: upper-case hex pairs with colons, as browsers and phones show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def create_ca(
    certs: Path, *, now: datetime, years: int = DEFAULT_YEARS, organisation: str = _ORGANISATION, replace: bool = False
) -> CertificateAuthority:
    """Make a new authority (EC P-256) in `certs`. Raises UsageError when one exists and `replace` is not set.

    Replacing keeps the old pair under names ending in the time: devices go on trusting it until they are enrolled anew.
    """
    if not 1 <= years <= LONGEST_YEARS:
        raise UsageError(
            Problem(problem=f"an authority cannot be valid for {years} years", help=f"choose 1 to {LONGEST_YEARS}")
        )
    paths = ca_paths(certs)
    _make_folder(certs)
    if replace:
        _set_aside(paths, now)
    elif (half := _half_missing(paths)) is not None:
        raise UsageError(half)
    elif paths.key.exists() or paths.certificate.exists():
        raise UsageError(
            Problem(
                problem=f"there is an authority in {certs} already",
                help="`lockgate ca create --force` replaces it; every device must then be enrolled anew",
            )
        )
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(key, now, years, organisation)
    write_new_file(paths.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=PRIVATE)
    write_new_file(paths.certificate, certificate.public_bytes(Encoding.PEM), mode=PUBLIC)
    return CertificateAuthority(certificate=certificate, key=key, paths=paths, fingerprint=fingerprint(certificate))


def load_ca(certs: Path, *, now: datetime) -> CertificateAuthority:
    """The authority in `certs`, fit for use at `now`. Raises UsageError with everything that is wrong with it."""
    paths = ca_paths(certs)
    half = _half_missing(paths)
    if half is not None:
        raise UsageError(half)
    certificate = load_ca_certificate(certs)
    key = _read_key(paths.key)
    problems = [*_certificate_problems(certificate, paths, now), *_key_problems(certificate, key, paths)]
    if problems:
        raise UsageError(*problems)
    return CertificateAuthority(certificate=certificate, key=key, paths=paths, fingerprint=fingerprint(certificate))


def load_ca_certificate(certs: Path) -> x509.Certificate:
    """The authority's certificate alone, unchecked: what enrolment hands out. Never reads the key."""
    paths = ca_paths(certs)
    path = paths.certificate
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        nothing = Problem(problem=f"there is no authority in {certs}", help="run `lockgate ca create`")
        raise UsageError(_half_missing(paths) or nothing) from None
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read {path}: {(error.strerror or str(error)).lower()}")) from None
    except ValueError:
        raise UsageError(Problem(problem=f"{path} is not a PEM certificate")) from None


def _half_missing(paths: CaPaths) -> Problem | None:
    """What to do when one file of the pair is there without the other. Neither can be made from the other."""
    anew = "or run `lockgate ca create --force`, which keeps this one under another name, and enrol every device anew"
    if paths.key.exists() and not paths.certificate.exists():
        return Problem(
            problem=f"{paths.certificate} is missing, while its key {paths.key.name} is there",
            help=f"put the certificate back, from a backup or from any enrolled device; {anew}",
        )
    if paths.certificate.exists() and not paths.key.exists():
        return Problem(
            problem=f"{paths.key} is missing, while its certificate {paths.certificate.name} is there",
            help=f"put the key back from a backup; {anew}",
        )
    return None


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime, years: int, organisation: str) -> x509.Certificate:
    name = x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, f"Lockgate CA {secrets.token_hex(4)}"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
    ])  # fmt: skip
    public = key.public_key()
    usage = x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _CLOCK_SKEW)
        .not_valid_after(now.astimezone(UTC) + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _make_folder(certs: Path) -> None:
    try:
        certs.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot make {certs}: {(error.strerror or str(error)).lower()}")) from None


def _set_aside(paths: CaPaths, now: datetime) -> None:
    """Rename both files; a name ends in `.pem` still, so that it stays out of version control."""
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    for path in (paths.key, paths.certificate):
        kept = path.with_name(f"{path.name.removesuffix('.pem')}.until-{stamp}.pem")
        try:
            if kept.exists():
                raise UsageError(Problem(problem=f"{kept} exists already", help="wait a second and try again"))
            if path.exists():
                path.rename(kept)
        except OSError as error:
            raise UsageError(Problem(problem=f"cannot set {path} aside: {(error.strerror or str(error)).lower()}")) from None


def _read_key(path: Path) -> CaKey:
    try:
        key = load_pem_private_key(read_private_file(path), password=None)
    except (ValueError, TypeError):
        raise UsageError(Problem(problem=f"{path} is not an unencrypted PEM private key")) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise UsageError(
            Problem(problem=f"{path} holds a kind of key that cannot sign certificates for browsers", help="use EC P-256")
        )
    return key


def _certificate_problems(certificate: x509.Certificate, paths: CaPaths, now: datetime) -> list[Problem]:
    found: list[Problem] = []
    shown = paths.certificate
    if now < certificate.not_valid_before_utc:
        found.append(
            Problem(problem=f"{shown} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}", help="check the clock")
        )
    if now >= certificate.not_valid_after_utc:
        found.append(
            Problem(
                problem=f"{shown} expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
                help="if this machine's clock is right, run `lockgate ca create --force` and enrol the devices anew",
            )
        )
    if not _is_authority(certificate):
        found.append(
            Problem(
                problem=f"{shown} is not an authority's certificate", help="it needs BasicConstraints CA:TRUE and keyCertSign"
            )
        )
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        found.append(Problem(problem=f"{shown} is signed with a hash that clients refuse", help="use SHA-256"))
    return found


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.ca and usage.key_cert_sign


def _key_problems(certificate: x509.Certificate, key: CaKey, paths: CaPaths) -> list[Problem]:
    def encoded(public: object) -> bytes:
        if isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
            return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b""

    if encoded(certificate.public_key()) != encoded(key.public_key()):
        return [
            Problem(problem=f"{paths.key} is not the key of {paths.certificate}", help="restore the pair that belongs together")
        ]
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < 2048:
        return [
            Problem(
                problem=f"{paths.key} is an RSA key of {key.key_size} bits",
                help="clients want 2048 or more; EC P-256 is faster",
            )
        ]
    return []
