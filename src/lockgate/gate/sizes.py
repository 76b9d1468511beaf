"""How large a request is: as its head says, else as much as has come.

Separate because a rule on size must not make a body be held whose size its head gives away. A body that was cut is at least
what came of it; how much more there would have been is never guessed.
"""

from lockgate.facts.traffic import Body, BodySize, Completeness, Request, SocketMessage

_UNFINISHED = frozenset({Completeness.TRUNCATED, Completeness.STREAMED})


def size_by_head(request: Request, *, has_body: bool) -> BodySize | None:
    """The size when the head is all there is yet; None when only the body tells."""
    if not has_body:
        return BodySize(bytes=0)
    return None if request.declared_bytes is None else BodySize(bytes=request.declared_bytes)


def size_of(body: Body) -> BodySize:
    """The size of a body whose head did not say."""
    sent = len(body.content) if body.sent is None else body.sent
    return BodySize(bytes=sent, at_least=body.completeness in _UNFINISHED)


def size_of_message(message: SocketMessage, completeness: Completeness) -> BodySize:
    """The size of a message of a WebSocket, which nothing announces."""
    return BodySize(bytes=len(message.content), at_least=completeness in _UNFINISHED)
