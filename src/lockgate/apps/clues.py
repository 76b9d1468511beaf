"""Reading tenant, tier and conversation from the head of a request, and what a response's head adds.

Separate because everything here is attacker-controlled: tokens are read without being verified (their word decides only which
of the vendor's own tiers applies, never who the person is), every size is bounded, and nothing here may raise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lockgate.apps.canonical import canonical_host, canonical_path, query_values
from lockgate.apps.credentials import prefix_of
from lockgate.apps.formats.json_view import dig, string
from lockgate.apps.pattern import SafePattern, host_pattern, path_pattern
from lockgate.apps.schema import Clue
from lockgate.apps.tokens import claims_of
from lockgate.facts.traffic import Headers, Request

_LONGEST_VALUE = 200
_LONGEST_COOKIES = 16_384
_PLACES = ("header", "query", "cookie", "claim", "path", "host", "key_prefix", "response_header")

type _Reader = Callable[[Request], str]


@dataclass(frozen=True, slots=True)
class CompiledClue:
    """A clue ready to be read. `value` gives an empty string when the request does not show it.

    `answered` is the header of a response that shows it, for a clue that no request has.
    """

    value: Callable[[Request], str]
    values: Mapping[str, str]
    tier: str
    answered: str = ""

    def tier_of(self, request: Request) -> str:
        """The tier id this clue shows, or an empty string."""
        shown = self.value(request)
        return (self.values.get(shown, "") or self.tier) if shown else ""

    def answer(self, headers: Headers) -> str:
        """What the headers of a response show, or an empty string."""
        return _bounded(headers.get(self.answered)) if self.answered else ""


def compile_clue(clue: Clue) -> CompiledClue:
    """Make `clue` ready. Raises ValueError with a lower-case clause when it is not exactly one clue or its pattern is bad."""
    given = [name for name in _PLACES if getattr(clue, name)]
    if len(given) != 1:
        raise ValueError(f"a clue names exactly one of {', '.join(_PLACES)}")
    return CompiledClue(value=_reader(clue), values=clue.values, tier=clue.tier, answered=clue.response_header)


def _reader(clue: Clue) -> _Reader:
    if clue.response_header:
        return lambda _request: ""
    if clue.key_prefix:
        return lambda request: prefix_of(request, clue.key_prefix)
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
        for pair in header[:_LONGEST_COOKIES].split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                return value
    return ""


def _claim(request: Request, way: tuple[str, ...]) -> str:
    scheme, _, token = request.headers.get("authorization").partition(" ")
    return string(dig(claims_of(token.strip()), *way)) if scheme.lower() == "bearer" else ""
