"""What the hooks share: the gateway, the destinations, the portal, and how refusals are worded.

Separate so that hooks get these from their constructor and not from a global.
"""

from dataclasses import dataclass

from mitmproxy import http

from lockgate.facts.traffic import Answer
from lockgate.proxy.answers import Wording
from lockgate.proxy.destinations import Destinations
from lockgate.proxy.portal import PortalFacts
from lockgate.runtime.gateway import Gateway

PORTAL_HOST = "lockgate.internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a hook needs. `own_names` and the port `listens_on` are how this proxy itself is addressed."""

    gateway: Gateway
    destinations: Destinations
    portal: PortalFacts
    own_names: frozenset[str]
    listens_on: int
    redirect_key: bytes

    @property
    def wording(self) -> Wording:
        """How refusals are worded under the live configuration."""
        snapshot = self.gateway.snapshot
        return Wording(
            gateway_name=snapshot.settings.name,
            contact=snapshot.ruleset.contact or snapshot.settings.contact,
            alternative=snapshot.ruleset.approved_alternative,
            redirect_key=self.redirect_key,
        )


def to_response(answer: Answer) -> http.Response:
    """An answer of ours as mitmproxy's response."""
    fields = [(name.encode("latin-1"), value.encode("utf-8")) for name, value in answer.headers.pairs]
    return http.Response.make(answer.status, answer.content, http.Headers(fields))
