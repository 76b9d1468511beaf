"""Changing the headers of a request as rules say, right before it leaves.

Separate because of what senders do with names: other spellings, copies, and `Connection`, which tells the next hop to drop a
header. What is set stands there once, whatever was there before.
"""

from mitmproxy import http

from lockgate.facts.header_change import HeaderEdits


def edit_headers(request: http.Request, edits: HeaderEdits) -> None:
    """Take out every copy of what is changed, then put in what is set."""
    touched = {name.encode() for name in edits.removed}
    kept = [(name, value) for name, value in request.headers.fields if _plain(name) not in touched]
    fields = [(name, _without(touched, value)) if _plain(name) == b"connection" else (name, value) for name, value in kept]
    added = [((name.lower() if request.is_http2 else name).encode(), value.encode()) for name, value in edits.added]
    request.headers.fields = (*((name, value) for name, value in fields if name.lower() != b"connection" or value), *added)


def _plain(name: bytes) -> bytes:
    """A name as servers that make variables of headers know it: letters small, `_` and `-` alike."""
    return name.strip().lower().replace(b"_", b"-")


def _without(touched: set[bytes], listed: bytes) -> bytes:
    """`Connection` without names that are not for the next hop to drop."""
    return b", ".join(word.strip() for word in listed.split(b",") if word.strip() and _plain(word) not in touched)
