"""mitmproxy's flows as the gate's nouns. Reads flows, never changes them."""

from mitmproxy import http
from mitmproxy.net.http.http1.read import expected_http_body_size

from lockgate.facts.traffic import Headers, Request, Response


def headers_of(message: http.Message) -> Headers:
    """Header fields with lower-case names."""
    return Headers(
        tuple(
            (name.decode("latin-1").lower(), value.decode("utf-8", "surrogateescape")) for name, value in message.headers.fields
        )
    )


def request_of(flow: http.HTTPFlow, host: str) -> Request:
    """The head of a flow's request; `host` is the name the client means (the TLS server name, or the URL's host)."""
    request = flow.request
    path, _, query = request.path.partition("?")
    return Request(
        method=request.method.upper(),
        scheme=request.scheme or "http",
        host=host,
        port=request.port,
        path=path or "/",
        query=query,
        headers=headers_of(request),
    )


def response_of(flow: http.HTTPFlow) -> Response:
    """The head of a flow's response."""
    response = flow.response
    if response is None:
        raise ValueError("the flow has no response")
    return Response(status=response.status_code, headers=headers_of(response))


def expects_body(request: http.Request) -> bool:
    """Whether bytes may follow the head of a request. An HTTP/2 request without a length may be followed by data."""
    if request.is_http2 and "content-length" not in request.headers:
        return True
    try:
        return expected_http_body_size(request) != 0
    except ValueError:
        return True


def declared_length(request: http.Request) -> int | None:
    """The Content-Length of a request, None when absent or not a number."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isdecimal() else None
