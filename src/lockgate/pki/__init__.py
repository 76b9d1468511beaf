"""The gateway's certificate authority, and which authorities it trusts itself.

Separate because keys are the most dangerous files a gateway has: every file here is created private, never overwritten by
accident, and checked before it is used. It must never hand a private key to anything but the proxy.
"""

from lockgate.pki.ca import (
    CaPaths,
    CertificateAuthority,
    ca_paths,
    create_ca,
    load_ca,
    load_ca_certificate,
)
from lockgate.pki.enrolment import CertificateFormat, export_certificate
from lockgate.pki.trust import DISTRUSTED, Distrusted, TrustBundle, build_trust_bundle

__all__ = [
    "DISTRUSTED",
    "CaPaths",
    "CertificateAuthority",
    "CertificateFormat",
    "Distrusted",
    "TrustBundle",
    "build_trust_bundle",
    "ca_paths",
    "create_ca",
    "export_certificate",
    "load_ca",
    "load_ca_certificate",
]
