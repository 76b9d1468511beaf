"""Running the samples of app files against a built library.

Separate from the checks of a single file because a sample goes through the whole library, just as a live request does: it also
fails when another app takes its host. It must never send anything.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

import orjson

from lockgate.apps.canonical import canonical_host
from lockgate.apps.formats.base import WireFormat
from lockgate.apps.schema import UNDECIDED, Sample
from lockgate.facts.app import AppMatch
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Headers, Request

_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def failures(
    app: str, sample: Sample, match: Callable[[Request], AppMatch | None], formats: Mapping[str, WireFormat | None]
) -> Iterator[str]:
    """What the library says differently from the sample, one lower-case clause each."""
    try:
        request = sample_request(sample)
    except ValueError as error:
        yield str(error)
        return
    found = match(request)
    if found is None:
        yield f"`{sample.request}` belongs to no app"
        return
    operation = found.operation.value if found.operation is not None else UNDECIDED
    tier = found.tier.id if found.tier is not None and found.tier_known else None
    for name, expected, actual in (
        ("app", app, found.app.id),
        ("operation", str(sample.operation), operation),
        ("format", sample.format, found.format),
        ("tenant", sample.tenant, found.tenant),
        ("tier", sample.tier, tier),
    ):
        if expected != actual:
            yield f"the {name} of `{sample.request}` is `{actual or 'none'}`, not `{expected or 'none'}`"
    if sample.prompt is not None:
        yield from _misread(sample, request, formats.get(found.format or ""))


def sample_request(sample: Sample) -> Request:
    """The request a sample describes. Raises ValueError when it describes none."""
    method, _, url = sample.request.partition(" ")
    parts = urlsplit(url.strip())
    if not method.isupper() or parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"`{sample.request}` is not a method in capitals and a URL")
    headers = [(name.lower(), value) for name, value in sample.headers.items()]
    if sample.claims:
        headers.append(("authorization", f"Bearer {_unsigned_token(sample.claims)}"))
    if parts.scheme in ("ws", "wss"):
        headers += [("connection", "Upgrade"), ("upgrade", "websocket")]
    return Request(
        method=method,
        scheme={"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme),
        host=canonical_host(parts.hostname),
        port=parts.port or _PORTS[parts.scheme],
        path=parts.path or "/",
        query=parts.query,
        headers=Headers(tuple(headers)),
    )


def _misread(sample: Sample, request: Request, wire_format: WireFormat | None) -> Iterator[str]:
    if sample.body is None:
        yield f"`{sample.request}` expects a prompt but has no body to read it from"
    elif wire_format is not None:
        content = sample.body.encode() if isinstance(sample.body, str) else orjson.dumps(sample.body)
        read = wire_format.read_request(request, Body(content=content))
        prompt = read.prompt if isinstance(read, Conversation) else None
        typed = prompt.typed_text if prompt else None
        if typed != sample.prompt:
            yield f"the prompt of `{sample.request}` is read as `{typed or 'none'}`, not `{sample.prompt}`"


def _unsigned_token(claims: dict[str, object]) -> str:
    def encoded(data: dict[str, object]) -> str:
        return urlsafe_b64encode(orjson.dumps(data)).rstrip(b"=").decode()

    return f"{encoded({'alg': 'none'})}.{encoded(claims)}.sample"
