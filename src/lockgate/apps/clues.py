"""Reading tenant and tier from the head of a request.

Separate because everything here is attacker-controlled: tokens are read without being verified (their word decides only which
of the vendor's own tiers applies, never who the person is), every size is bounded, and nothing here may raise.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import orjson

from lockgate.apps.canonical import canonical_host, canonical_path, query_values
from lockgate.apps.pattern import SafePattern, host_pattern, path_pattern
from lockgate.apps.schema import Clue
from lockgate.facts.traffic import Request

_LONGEST_VALUE = 200
_LONGEST_TOKEN = 16_384

type _Reader = Callable[[Request], str]


@dataclass(frozen=True, slots=True)
class CompiledClue:
    """A clue ready to be read. `value` gives an empty string when the request does not show it."""

    value: Callable[[Request], str]
    values: Mapping[str, str]
    tier: str

    def tier_of(self, request: Request) -> str:
        """The tier id this clue shows, or an empty string."""
        shown = self.value(request)
        return (self.values.get(shown, "") or self.tier) if shown else ""


def compile_clue(clue: Clue) -> CompiledClue:
    """Make `clue` ready. Raises ValueError with a lower-case clause when it is not exactly one clue or its pattern is bad."""
    given = [name for name in ("header", "query", "cookie", "claim", "path", "host") if getattr(clue, name)]
    if len(given) != 1:
        raise ValueError("a clue names exactly one of header, query, cookie, claim, path, host")
    return CompiledClue(value=_reader(clue), values=clue.values, tier=clue.tier)


def _reader(clue: Clue) -> _Reader:
    if clue.header:
        return lambda request: _bounded(request.headers.get(clue.header))
    if clue.query:
        return lambda request: _bounded(query_values(request).get(clue.query, ""))
    if clue.cookie:
        return lambda request: _bounded(_cookie(request, clue.cookie))
    if clue.claim:
        return lambda request: _bounded(_claim(request, clue.claim))
    if clue.path:
        path = path_pattern(clue.path)
        return lambda request: _bounded(_first_group(path, canonical_path(request.path) or ""))
    host = host_pattern(clue.host)
    return lambda request: _bounded(_first_group(host, canonical_host(request.host)))


def _bounded(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE and value.isprintable() else ""


def _first_group(pattern: SafePattern, text: str) -> str:
    match = pattern.match(text)
    if match is None:
        return ""
    return (match.group(1) or "") if pattern.groups else match.group(0)


def _cookie(request: Request, name: str) -> str:
    for header in request.headers.all("cookie"):
        for pair in header[:_LONGEST_TOKEN].split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value
    return ""


def _claim(request: Request, way: tuple[str, ...]) -> str:
    scheme, _, token = request.headers.get("authorization").partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(token) > _LONGEST_TOKEN or len(parts) != 3:
        return ""
    try:
        claims: object = orjson.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return ""
    for step in way:
        if not isinstance(claims, dict):
            return ""
        claims = cast("dict[str, object]", claims).get(step)
    return claims if isinstance(claims, str) else ""
