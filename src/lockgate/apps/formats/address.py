"""Addresses of uploads as names: what two requests have in common that speak of the same file, without what opens it.

Separate because the address of an upload carries its key (a signature, a one-time id), and a name that is kept must not.
"""

from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

from lockgate.facts.traffic import Request

_UPLOAD_IDS = frozenset({"upload_id", "uploadid"})
_MAX_ADDRESS = 4096
_MAX_FIELDS = 64


def stable_address(url: str) -> str:
    """`scheme://host/path` of `url`, with a digest of the upload id in its query if there is one. Empty for what is no URL."""
    if not url.startswith(("https://", "http://")) or len(url) > _MAX_ADDRESS:
        return ""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    return _named(parts.scheme, host, parts.path or "/", parts.query)


def request_address(request: Request) -> str:
    """The same name for where `request` goes."""
    return _named(request.scheme, request.host, request.path, request.query)


def _named(scheme: str, host: str, path: str, query: str) -> str:
    try:
        fields = parse_qsl(query, max_num_fields=_MAX_FIELDS) if query else []
    except ValueError:
        fields = []
    upload = next((value for name, value in fields if name.lower() in _UPLOAD_IDS), "")
    digest = blake2b(upload.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest() if upload else ""
    return f"{scheme}://{host}{path}" + (f"#{digest}" if digest else "")
