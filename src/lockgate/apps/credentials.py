"""What kind of credential a request carries, and nothing else of it.

Separate because it is the one place that looks at keys and tokens. They are attacker-controlled and secret at once: what comes
out of here is a kind or a prefix from a list, never a piece of the credential. Nothing here may raise.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs

from lockgate.apps.clients_file import CredentialMark
from lockgate.apps.tokens import claims_of
from lockgate.facts.app import CredentialKind
from lockgate.facts.traffic import Request

_KEY_HEADERS = ("x-api-key", "api-key", "x-goog-api-key", "xi-api-key", "ocp-apim-subscription-key", "x-auth-key")
_KEY_QUERIES = ("key", "api_key", "api-key", "apikey")
_TOKEN_QUERIES = ("access_token", "token")
_LONGEST_QUERY = 16_384
_OWN_QUERIES = frozenset({"key", "apikey", "accesstoken", "token", "sig", "xamzsignature", "xamzsecuritytoken"})
_LIKE_TOKEN = re.compile(r"(?:[A-Za-z0-9._~/=-]|%2[BFbf]|%3[Dd]){1,8192}")


class CredentialKinds:
    """Tells the kind of credential by its prefix, its issuer, or the place where it stands."""

    def __init__(self, marks: Sequence[CredentialMark]) -> None:
        prefixes = sorted((mark for mark in marks if mark.prefix), key=lambda mark: -len(mark.prefix))
        self._prefixes = tuple((mark.prefix, mark.kind) for mark in prefixes)
        self._issuers = {mark.issuer: mark.kind for mark in marks if mark.issuer}

    def kind(self, request: Request) -> CredentialKind:
        """The kind of the strongest credential of a request."""
        scheme, _, token = request.headers.get("authorization").strip().partition(" ")
        if scheme:
            return self._authorization(scheme.lower(), token.strip() or scheme)
        for name in _KEY_HEADERS:
            if request.headers.get(name):
                return self._named(request.headers.get(name)) or CredentialKind.API_KEY
        asked = _query(request)
        if any(name in asked for name in _KEY_QUERIES):
            return CredentialKind.API_KEY
        if "x-amz-signature" in asked or "sig" in asked:
            return CredentialKind.SIGNATURE
        if any(name in asked for name in _TOKEN_QUERIES):
            return CredentialKind.TOKEN
        return CredentialKind.SESSION_COOKIE if request.headers.get("cookie") else CredentialKind.NONE

    def _authorization(self, scheme: str, token: str) -> CredentialKind:
        if scheme.startswith("aws4-") or scheme == "sharedkey":
            return CredentialKind.SIGNATURE
        named = self._named(token)
        if named is not None:
            return named
        claims = claims_of(token)
        if claims is not None:
            issuer = claims.get("iss")
            known = self._issuers.get(issuer) if isinstance(issuer, str) else None
            return known or CredentialKind.TOKEN
        return CredentialKind.TOKEN if scheme == "bearer" else CredentialKind.API_KEY

    def _named(self, credential: str) -> CredentialKind | None:
        return next((kind for prefix, kind in self._prefixes if credential.startswith(prefix)), None)


def prefix_of(request: Request, prefixes: Sequence[str]) -> str:
    """The longest of `prefixes` that one of the request's credentials begins with, or an empty string."""
    given = tuple(_credentials(request))
    found = (prefix for prefix in prefixes if any(credential.startswith(prefix) for credential in given))
    return max(found, key=len, default="")


def without_credentials(query: str) -> str:
    """`query` without the members by which a client shows an app who it is, where it could as well have sent a header.

    Browsers cannot set headers on a WebSocket, so tokens stand there. What does not look like one stays.
    """
    pairs = (pair.partition("=") for pair in query.split("&"))
    return "&".join(name + equals + value for name, equals, value in pairs if not _is_own(name, value))


def _is_own(name: str, value: str) -> bool:
    return name.lower().replace("-", "").replace("_", "") in _OWN_QUERIES and _LIKE_TOKEN.fullmatch(value) is not None


def _credentials(request: Request) -> Iterator[str]:
    scheme, _, token = request.headers.get("authorization").strip().partition(" ")
    yield token.strip() or scheme
    for name in _KEY_HEADERS:
        yield request.headers.get(name)
    asked = _query(request)
    for name in _KEY_QUERIES:
        yield asked.get(name, [""])[0]


def _query(request: Request) -> dict[str, list[str]]:
    query = request.query[:_LONGEST_QUERY]
    try:
        return {name.lower(): values for name, values in parse_qs(query, max_num_fields=256).items()} if query else {}
    except ValueError:
        return {}
