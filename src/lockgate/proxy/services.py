"""What the hooks share: the gateway, the destinations, the portal, and how refusals are worded.

Separate so that hooks get these from their constructor and not from a global.
"""

from dataclasses import dataclass, field

from mitmproxy import http

from lockgate.apps.library import AppLibrary
from lockgate.facts.app import ReviewStatus
from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Answer
from lockgate.home.settings import Decrypt
from lockgate.pki.ca import CertificateAuthority
from lockgate.pki.enrolment import CertificateFormat, export_certificate
from lockgate.proxy.answers import Wording
from lockgate.proxy.destinations import Destinations
from lockgate.proxy.held import HeldBytes
from lockgate.proxy.pac import PacMode, pac_file
from lockgate.proxy.portal import PortalFacts
from lockgate.runtime.boundary import proxy_address
from lockgate.runtime.gateway import Gateway
from lockgate.runtime.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a hook needs. `own_names` and the port `listens_on` are how this proxy itself is addressed."""

    gateway: Gateway
    destinations: Destinations
    authority: CertificateAuthority
    own_names: frozenset[str]
    listens_on: int
    redirect_key: bytes
    held: HeldBytes
    _portal: list[tuple[Snapshot, PortalFacts]] = field(
        default_factory=list[tuple[Snapshot, PortalFacts]], init=False, repr=False
    )

    def portal(self) -> PortalFacts:
        """What the portal serves under the live configuration; made once for each, since anybody may ask for it."""
        snapshot = self.gateway.snapshot
        if not self._portal or self._portal[0][0] is not snapshot:
            self._portal[:] = [(snapshot, portal_facts(snapshot, self.authority))]
        return self._portal[0][1]

    @property
    def wording(self) -> Wording:
        """How refusals are worded under the live configuration."""
        snapshot = self.gateway.snapshot
        return Wording(
            gateway_name=snapshot.settings.name,
            contact=snapshot.ruleset.contact or snapshot.settings.contact,
            alternative=_named(snapshot.gate.library, snapshot.ruleset.approved_alternative),
            redirect_key=self.redirect_key,
        )


def _named(library: AppLibrary, alternative: str) -> str:
    """An alternative that is an app's id, by the app's name."""
    app = library.get(alternative)
    return app.name if app else alternative


def portal_facts(snapshot: Snapshot, authority: CertificateAuthority) -> PortalFacts:
    """What the portal tells and serves."""
    settings = snapshot.settings
    host, port = proxy_address(settings)
    certificate = authority.certificate
    return PortalFacts(
        gateway_name=settings.name,
        contact=snapshot.ruleset.contact or settings.contact,
        approved_apps=tuple(
            sorted((app.name, app.homepage) for app in snapshot.gate.library.apps if app.status is ReviewStatus.APPROVED)
        ),
        alternative=_named(snapshot.gate.library, snapshot.ruleset.approved_alternative),
        proxy_host=host,
        proxy_port=port,
        fingerprint=authority.fingerprint,
        ca_pem=export_certificate(certificate, CertificateFormat.PEM),
        ca_der=export_certificate(certificate, CertificateFormat.DER),
        ca_p12=export_certificate(certificate, CertificateFormat.P12),
        ca_mobileconfig=export_certificate(certificate, CertificateFormat.MOBILECONFIG),
        pac=pac_file(
            proxy=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            app_hosts=(*snapshot.gate.library.host_suffixes(), *(f".{host}" for host in settings.decrypt_hosts)),
            mode=PacMode.ALL if settings.decrypt is Decrypt.ALL else PacMode.LIBRARY,
        ),
    )


def to_response(answer: Answer) -> http.Response:
    """An answer of ours as mitmproxy's response."""
    fields = [(name.encode("latin-1"), value.encode("utf-8")) for name, value in answer.headers.pairs]
    return http.Response.make(answer.status, answer.content, http.Headers(fields))


_UNDECIDED = b"The gateway could not decide about this request.\n"
_UNDECIDED_FIELDS = (
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(_UNDECIDED)).encode()),
    (b"cache-control", b"no-store"),
    (b"x-lockgate-reason", Reason.GATE_FAILED.value.encode()),
)


def undecided(reference: str) -> http.Response:
    """What stands while nothing is decided. Asks nobody and costs next to nothing: it is put on every request first."""
    fields = (*_UNDECIDED_FIELDS, (b"x-lockgate-reference", reference.encode())) if reference else _UNDECIDED_FIELDS
    return http.Response(b"HTTP/1.1", 502, b"Bad Gateway", fields, _UNDECIDED, None, 0.0, 0.0)
