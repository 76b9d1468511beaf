"""Verifying the certificate of a device, as a hop in front passes it on (RFC 9440), against the operator's own authority.

Separate because it is cryptography and nothing else: bytes and a time in, a device's name out. A certificate counts only with a
chain to an authority of `certs/devices.pem`, within its time, and made for clients. There is no look at revocation.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from lockgate.identity.device_header import is_device_id

_REMEMBERED = 4096


class UntrustedCertificateError(ValueError):
    """The certificate does not prove anything. Says nothing of it, which may be anybody's."""


@dataclass(frozen=True, slots=True)
class _Verified:
    name: str
    since: datetime
    until: datetime


class DeviceCertificates:
    """The authorities of `certs/devices.pem`, and what was verified against them lately. Use from one event loop."""

    def __init__(self, authorities: tuple[x509.Certificate, ...]) -> None:
        self._store = Store(list(authorities))
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    def name_of(self, certificate: bytes, chain: tuple[bytes, ...], now: datetime) -> str:
        """The name of the device whose certificate this is, in DER, with what else it came with. `now` has a time zone.

        Raises UntrustedCertificateError.
        """
        digest = sha256(b"".join(sha256(part).digest() for part in (certificate, *chain))).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._verified[digest] = self._verify(certificate, chain, now)
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        self._verified.move_to_end(digest)
        if not known.since <= now <= known.until:
            raise UntrustedCertificateError
        return known.name

    def _verify(self, certificate: bytes, chain: tuple[bytes, ...], now: datetime) -> _Verified:
        try:
            leaf = x509.load_der_x509_certificate(certificate)
            others = [x509.load_der_x509_certificate(part) for part in chain]
            policy = PolicyBuilder().store(self._store).time(now).extension_policies(ca_policy=_CA, ee_policy=_DEVICE)
            verified = policy.build_client_verifier().verify(leaf, others)
            purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            if ExtendedKeyUsageOID.CLIENT_AUTH not in purposes:
                raise UntrustedCertificateError
            name = _name(leaf)
        except (VerificationError, x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, TypeError):
            raise UntrustedCertificateError from None
        since = max(part.not_valid_before_utc for part in verified.chain)
        return _Verified(name=name, since=since, until=min(part.not_valid_after_utc for part in verified.chain))


def _name(leaf: x509.Certificate) -> str:
    """The subject's common name; without one, its first name of a host, address of an e-mail or URI."""
    common = [str(attribute.value) for attribute in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    names = common or _alternative_names(leaf)
    if not names or len(common) > 1 or not is_device_id(names[0]):
        raise UntrustedCertificateError
    return names[0]


def _alternative_names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    kinds = (x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier)
    return [str(name.value) for name in names if isinstance(name, kinds)]


_CA = ExtensionPolicy.webpki_defaults_ca()
# As the web's, but a device needs no alternative name: most device authorities write its name into the subject only.
_DEVICE = ExtensionPolicy.webpki_defaults_ee().may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
