"""A person's device: which proxy it uses, which authority it trusts, who is signed in. Separate because every client is
set up from it.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device set up for a gateway. `login` is `name:password`."""

    address: str
    ca: Path
    login: str = ""

    @property
    def proxy(self) -> str:
        """The proxy as clients take it."""
        return f"http://{self.login}@{self.address}" if self.login else f"http://{self.address}"

    @property
    def tls(self) -> ssl.SSLContext:
        """TLS that trusts the gateway's authority and nothing else."""
        return ssl.create_default_context(cafile=str(self.ca))

    @property
    def tls_of_sockets(self) -> ssl.SSLContext:
        """The same for clients that read in one thread while they write in another, as `websockets.sync` does.

        With TLS 1.3 such a client was seen to wait for ever for the answer to its first request, without a gate on the way
        too. A ticket that arrives while it writes is suspected, which TLS 1.2 does not send then.
        """
        context = self.tls
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def environment(self) -> dict[str, str]:
        """The variables a person sets once, and that SDKs and tools heed."""
        return {
            "HTTPS_PROXY": self.proxy,
            "HTTP_PROXY": self.proxy,
            "https_proxy": self.proxy,
            "http_proxy": self.proxy,
            "NO_PROXY": "",
            "SSL_CERT_FILE": str(self.ca),
            "CURL_CA_BUNDLE": str(self.ca),
        }
