"""mitmproxy's TLS addon with our own CA and upstream trust.

Separate because mitmproxy would create a CA of its own where it finds none. Leaf certificates reuse the CA's key pair
in mitmproxy, so an EC P-256 CA makes each of them about seven times cheaper; the certificate cache is far larger than
mitmproxy's hundred names.
"""

from cryptography import x509
from mitmproxy import certs
from mitmproxy.addons import tlsconfig

from lockgate.pki.ca import CaKey

_CERTIFICATES_CACHED = 10_000


class OwnCertStore(certs.CertStore):
    """A certificate cache that holds the certificates of a busy day."""

    STORE_CAP = _CERTIFICATES_CACHED


class TlsFromOwnCa(tlsconfig.TlsConfig):
    """Issues from the CA it is given; reads no CA from disk and creates none."""

    def __init__(self, certificate: x509.Certificate, key: CaKey) -> None:
        self.certstore = OwnCertStore(
            default_privatekey=key,  # type: ignore[arg-type]  # typed for RSA, used with either
            default_ca=certs.Cert(certificate),
            default_chain_file=None,
            default_crl=b"",
            dhparams=None,  # type: ignore[arg-type]  # no DHE suites are offered: every client of the last decade speaks ECDHE
        )

    request = None  # type: ignore[assignment]  # mitmproxy answers a magic CRL path on any host here; our leaves name no CRL

    def running(self) -> None:
        """Nothing to load."""

    def configure(self, updated: set[str]) -> None:
        """Options never replace the CA."""
