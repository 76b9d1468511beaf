"""One spelling for hosts, paths and queries, so that another spelling of the same address is not another address.

Separate because whoever compares addresses has to compare the same form. Everything is bounded; nothing here may raise.
"""

import re
from urllib.parse import unquote, unquote_plus

from lockgate.facts.traffic import Request

LONGEST_HOST = 253
LONGEST_PATH = 2048
_LONGEST_QUERY = 16_384
# Letters, digits and - . _ ~ never need escaping (RFC 3986 section 2.3); `:` and `@` may stand in a path as they are.
_NEEDLESS_ESCAPE = re.compile(r"%(?:2[dDeE]|3[0-9aA]|4[0-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])")
_ODD_SEGMENT = re.compile(r"/(?:\.{0,2})/|/\.{1,2}\Z")


def canonical_host(host: str) -> str:
    """Lower case, without the root's dot; empty for what is too long to be a name."""
    return host.removesuffix(".").lower() if len(host) <= LONGEST_HOST + 1 else ""


def canonical_path(path: str) -> str | None:
    """`path` without needless escapes, empty segments and dot segments; None when it is too long to look at."""
    if len(path) > LONGEST_PATH:
        return None
    if "%" in path:
        path = _NEEDLESS_ESCAPE.sub(lambda match: unquote(match.group()), path)
    return _without_odd_segments(path) if _ODD_SEGMENT.search(path) else path


def query_values(request: Request) -> dict[str, str]:
    """The query's parameters, the first value of each; a very long query is read in part."""
    found: dict[str, str] = {}
    for pair in request.query[:_LONGEST_QUERY].split("&"):
        name, _, value = pair.partition("=")
        found.setdefault(unquote_plus(name), unquote_plus(value))
    return found


def _without_odd_segments(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    slash = "/" if segments[-1] in ("", ".", "..") and kept else ""
    return "/" + "/".join(kept) + slash
