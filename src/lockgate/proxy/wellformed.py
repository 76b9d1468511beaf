"""Whether a request is what it says it is: one method, one path, one host, one version, the same for whoever reads it next.

Separate because mitmproxy takes a request from HTTP/2 or from a careless client as it comes, and writes it on as HTTP/1,
where a blank or a line end in the wrong place begins something else. What is found here is refused, whatever a policy says.
"""

import re

from mitmproxy import http

from lockgate.runtime.boundary import named_host

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PATH = re.compile(rb"(?:/|\*$)[^\x00-\x20\x7f]*")
_FORBIDDEN_IN_VALUES = re.compile(rb"[\x00\r\n]")
_VERSIONS = (b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0")


def is_wellformed(flow: http.HTTPFlow, host: str) -> bool:
    """Whether the request can be read in one way only, and names `host` and no other wherever it names one.

    The name that was judged and certified must be the name the upstream serves (domain fronting): in every Host field, and
    in the authority of an absolute target, which counts for more (RFC 9112 section 3.2.2).
    """
    request = flow.request
    data = request.data
    if data.http_version not in _VERSIONS or request.is_http2 is not (flow.client_conn.alpn == b"h2"):
        return False
    if _TOKEN.fullmatch(data.method) is None or _PATH.fullmatch(data.path) is None:
        return False
    if any(_FORBIDDEN_IN_VALUES.search(value) for _, value in request.headers.fields):
        return False
    named = [*request.headers.get_all("host"), request.authority]
    return all(named_host(written) == host for written in named if written)
