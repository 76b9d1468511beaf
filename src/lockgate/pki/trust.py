"""Which authorities the gateway believes when it verifies an upstream.

Separate from our own authority. The operating system's bundle is not used: it may hold roots that others have removed, and it
differs from host to host. We take Mozilla's list as packaged by certifi, leave out the distrusted, add what the operator
names.
"""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from lockgate.facts.problem import Problem, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Distrusted:
    """Roots that are left out: by a word in the organisation or common name of the subject, or by SHA-256 fingerprint."""

    why: str
    word: str = ""
    sha256: str = ""


DISTRUSTED: tuple[Distrusted, ...] = (
    Distrusted(word="emsign", why="the private key of an eMudhra intermediate is public"),
    Distrusted(word="emudhra", why="the private key of an eMudhra intermediate is public"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustBundle:
    """A combined PEM file: how many roots are in it, and the names of those that were left out."""

    path: Path
    roots: int
    left_out: tuple[str, ...]


def build_trust_bundle(
    state: Path, *, extra: Sequence[Path] = (), base: Path | None = None, distrusted: Sequence[Distrusted] = DISTRUSTED
) -> TrustBundle:
    """Write `state/upstream-trust.pem`. The operator's `extra` files are taken as they are: naming one is a decision.

    `base` defaults to certifi's bundle. Raises UsageError for each file that is missing, unreadable or without a certificate.
    """
    base = base or Path(certifi.where())
    problems: list[Problem] = []
    loaded: list[list[x509.Certificate]] = []
    for path in (base, *extra):
        try:
            loaded.append(_read(path))
        except UsageError as error:
            problems.extend(error.problems)
    if problems:
        raise UsageError(*problems)
    kept = [certificate for certificate in loaded[0] if not _is_distrusted(certificate, distrusted)]
    left_out = tuple(sorted(_shown(certificate) for certificate in loaded[0] if _is_distrusted(certificate, distrusted)))
    roots = {
        certificate.fingerprint(hashes.SHA256()): certificate
        for certificate in [*kept, *(c for more in loaded[1:] for c in more)]
    }
    path = state / "upstream-trust.pem"
    _replace(path, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in roots.values()))
    return TrustBundle(path=path, roots=len(roots), left_out=left_out)


def _read(path: Path) -> list[x509.Certificate]:
    help_text = "it must hold one or more PEM certificates"
    try:
        content = path.read_bytes()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UsageError(Problem(problem=f"cannot read the trusted authorities in {path}: {why}", help=help_text)) from None
    try:
        with warnings.catch_warnings():
            # Some old public roots have the serial number 0, which is against RFC 5280 and says nothing about their keys.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise UsageError(Problem(problem=f"there is no certificate in {path}", help=help_text)) from None


def _is_distrusted(certificate: x509.Certificate, distrusted: Sequence[Distrusted]) -> bool:
    digest = certificate.fingerprint(hashes.SHA256()).hex()
    name = _shown(certificate).lower()
    return any(
        (entry.word and entry.word.lower() in name) or (entry.sha256 and entry.sha256.replace(":", "").lower() == digest)
        for entry in distrusted
    )


def _shown(certificate: x509.Certificate) -> str:
    kinds = (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    return ", ".join(str(attribute.value) for kind in kinds for attribute in certificate.subject.get_attributes_for_oid(kind))


def _replace(path: Path, content: bytes) -> None:
    """Workers of an older start may be reading the file: it changes in one step."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(Problem(problem=f"cannot write {path}: {(error.strerror or str(error)).lower()}")) from None
