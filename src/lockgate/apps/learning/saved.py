"""A saved exchange, whatever file it came from."""

from dataclasses import dataclass, field

from lockgate.facts.traffic import Request, Response

NEVER_TAKEN = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-goog-api-key"})
"""Headers that say who somebody is: they stay in the file that was saved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedExchange:
    """A request with its body and, where it was saved, its response. Bodies have their content codings undone."""

    request: Request
    body: bytes = field(default=b"", repr=False)
    response: Response | None = None
    answer: bytes = field(default=b"", repr=False)
