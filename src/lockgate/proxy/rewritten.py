"""Another body in a request that was held, or in an answer that passes, with a head that fits it.

Separate because a head says many things of its body: left as they were, they would be wrong, and servers would believe them.
"""

from mitmproxy import http

_OF_THE_BODY = ("content-encoding", "content-md5", "digest", "content-digest", "repr-digest", "transfer-encoding", "trailer")
_WITHOUT_BODY = frozenset({204, 205, 304})


def put_content(request: http.Request, content: bytes) -> None:
    """From now on, `request` has this body, unencoded and of known length."""
    if request.stream:
        raise TypeError("a body that passes as it comes cannot be another")
    for name in _OF_THE_BODY:
        request.headers.pop(name, None)
    request.headers["content-length"] = str(len(content))
    request.data.content = content


def may_be_rewritten(flow: http.HTTPFlow) -> bool:
    """Whether the answer has a body that can become longer or shorter on its way: HTTP/1.0 cannot say so beforehand."""
    response = flow.response
    has_body = response is not None and response.status_code not in _WITHOUT_BODY and flow.request.method.upper() != "HEAD"
    return has_body and flow.request.http_version != "HTTP/1.0"


def expect_other_length(flow: http.HTTPFlow) -> None:
    """Before the head of an answer is sent on: its body will be another than it says."""
    if flow.response is None:
        return
    headers = flow.response.headers
    for name in (*_OF_THE_BODY, "content-length", "etag", "accept-ranges"):
        headers.pop(name, None)
    if not flow.request.is_http2:
        headers["transfer-encoding"] = "chunked"
