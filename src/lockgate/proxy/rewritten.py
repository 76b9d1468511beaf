"""Another body in a request that was held, with a head that fits it.

Separate because a head says many things of its body: left as they were, they would be wrong, and servers would believe them.
"""

from mitmproxy import http

_OF_THE_BODY = ("content-encoding", "content-md5", "digest", "content-digest", "repr-digest", "transfer-encoding", "trailer")


def put_content(request: http.Request, content: bytes) -> None:
    """From now on, `request` has this body, unencoded and of known length."""
    if request.stream:
        raise TypeError("a body that passes as it comes cannot be another")
    for name in _OF_THE_BODY:
        request.headers.pop(name, None)
    request.headers["content-length"] = str(len(content))
    request.data.content = content
