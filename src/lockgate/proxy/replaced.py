"""An answer of ours in place of a response of the upstream's, whose body may still be on its way.

Separate because mitmproxy knows no such thing: under it, what still comes of the response must not be passed on, and our
layer of a request, which does not wait for the end of it, has to be told.
"""

from mitmproxy import http


def replace_response(response: http.Response, answer: http.Response) -> None:
    """Make `response` say what `answer` says, whatever of it is still to come."""
    response.status_code, response.reason = answer.status_code, answer.reason
    response.headers = answer.headers
    response.stream = _Instead(answer.raw_content or b"")


def finish_replaced(response: http.Response) -> None:
    """The upstream's response is over. When it had no body, ours was not sent yet; its trailers are nobody's."""
    if isinstance(response.stream, _Instead):
        response.trailers = None
        response.data.content = response.stream(b"")


def is_replaced(response: http.Response | None) -> bool:
    """Whether what the upstream says is not passed on."""
    return response is not None and isinstance(response.stream, _Instead)


class _Instead:
    """A response stream that swallows the upstream's bytes and gives ours at the end, once."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self, chunk: bytes) -> bytes:
        if chunk:
            return b""
        content, self._content = self._content, b""
        return content
