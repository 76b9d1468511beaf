"""The authority's certificate in the forms that devices take.

Separate from `ca` because nothing here ever sees a key: what this file makes is given to everybody.
"""

import plistlib
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, uuid5

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from lockgate.pki.ca import fingerprint


class CertificateFormat(StrEnum):
    """What a certificate can be exported as."""

    PEM = "pem"
    DER = "der"
    P12 = "p12"
    MOBILECONFIG = "mobileconfig"

    @property
    def file_name(self) -> str:
        """The name devices expect: Windows and Android open `.cer`, Apple `.mobileconfig`, everything else takes PEM."""
        suffix = {"pem": "pem", "der": "cer", "p12": "p12", "mobileconfig": "mobileconfig"}[self.value]
        return f"lockgate-ca.{suffix}"

    @property
    def media_type(self) -> str:
        """What a web server has to call it for a device to offer installation."""
        return {
            "pem": "application/x-pem-file",
            "der": "application/x-x509-ca-cert",
            "p12": "application/x-pkcs12",
            "mobileconfig": "application/x-apple-aspen-config",
        }[self.value]


def export_certificate(certificate: x509.Certificate, form: CertificateFormat, *, password: str = "") -> bytes:
    """The certificate (never a key) in `form`. `password` is for PKCS#12 only; some Windows versions want one."""
    match form:
        case CertificateFormat.PEM:
            return certificate.public_bytes(Encoding.PEM)
        case CertificateFormat.DER:
            return certificate.public_bytes(Encoding.DER)
        case CertificateFormat.P12:
            protection = BestAvailableEncryption(password.encode()) if password else NoEncryption()
            return pkcs12.serialize_key_and_certificates(
                common_name(certificate).encode(), None, None, [certificate], protection
            )
        case CertificateFormat.MOBILECONFIG:
            return _mobileconfig(certificate)
    assert_never(form)


def common_name(certificate: x509.Certificate) -> str:
    """What devices list the authority as."""
    return "".join(str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _mobileconfig(certificate: x509.Certificate) -> bytes:
    """An Apple configuration profile with one root certificate payload.

    Its identifiers follow from the certificate, so that installing a newer export replaces the profile instead of adding one.
    On iOS the person must still switch on full trust under Settings, General, About, Certificate Trust Settings; a device
    that is managed trusts it at once.
    """
    name = common_name(certificate)
    identity = uuid5(NAMESPACE_OID, fingerprint(certificate))
    return plistlib.dumps({
        "PayloadContent": [
            {
                "PayloadCertificateFileName": CertificateFormat.DER.file_name,
                "PayloadContent": certificate.public_bytes(Encoding.DER),
                "PayloadDescription": "Lets this device use AI services through the organisation's gateway.",
                "PayloadDisplayName": name,
                "PayloadIdentifier": f"lockgate.ca.root.{identity}",
                "PayloadType": "com.apple.security.root",
                "PayloadUUID": str(uuid5(identity, "root")).upper(),
                "PayloadVersion": 1,
            }
        ],
        "PayloadDescription": f"Trust in {name}. SHA-256 {fingerprint(certificate)}",
        "PayloadDisplayName": name,
        "PayloadIdentifier": f"lockgate.ca.{identity}",
        "PayloadRemovalDisallowed": False,
        "PayloadType": "Configuration",
        "PayloadUUID": str(identity).upper(),
        "PayloadVersion": 1,
    })  # fmt: skip
