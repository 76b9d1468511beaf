"""Taking what is said of a device off a request, whoever says it: it is for the gateway alone and never goes upstream.

Separate because it has to happen before anything else reads the request, and whether it counts is decided elsewhere: only on a
CONNECT or a plain request, never inside a tunnel, where whoever is at its other end writes the headers.
"""

from mitmproxy import http

from lockgate.home.settings import Settings
from lockgate.identity import NO_CLAIMS, DeviceClaims
from lockgate.runtime.whereabouts import claim_names, claims_in


def take_claims(request: http.Request, settings: Settings) -> DeviceClaims:
    """The claims about a device, which are not among the request's headers afterwards."""
    headers = request.headers
    names = claim_names(settings)
    found = [(name, value) for name in names if name in headers for value in headers.get_all(name)]
    for name in names:
        headers.pop(name, None)
    return claims_in(settings, tuple(found)) if found else NO_CLAIMS
