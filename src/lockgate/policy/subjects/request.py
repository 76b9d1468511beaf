"""Selectors of the program that asks and of the head of its request.

Separate because what a client says of itself is a claim, whatever the app library makes of it.
"""

from lockgate.facts.client_software import ClientKind
from lockgate.facts.traffic import Phase
from lockgate.policy import reading, sizes
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, plain, words

_HEADERS = Phase.REQUEST_HEADERS
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})

REQUEST: tuple[Selector, ...] = (
    Selector(
        name="client.kind", type=ValueType.WORD, phase=_HEADERS, what="kind of client", known=words(frozenset(ClientKind)),
        always_there=True, read=plain(reading.from_software(lambda software: software.kind)),
        doc="what sort of program sent the request; a claim of the client, as are the next three",
    ),
    Selector(
        name="client.product", type=ValueType.WORD, phase=_HEADERS, what="client", known=lambda s: s.vocabulary.clients,
        read=plain(reading.from_software(lambda software: software.product or None)),
        doc="the program, by its id in `apps/clients.yaml`; absent when its headers fit none",
    ),
    Selector(
        name="client.version", type=ValueType.TEXT, phase=_HEADERS,
        read=plain(reading.from_software(lambda software: software.version or None)),
        doc="the version the program says it has; absent when it says none",
    ),
    Selector(
        name="client.via", type=ValueType.WORD, phase=_HEADERS, what="environment",
        known=lambda s: s.vocabulary.client_environments,
        read=plain(reading.from_software(lambda software: software.via or None)),
        doc="the editor or service the program says it runs inside of; absent when it says none",
    ),
    Selector(
        name="request.method", type=ValueType.WORD, phase=_HEADERS, what="method", known=words(_METHODS),
        read=plain(reading.from_request(lambda request: request.method)), doc="the HTTP method",
    ),
    Selector(
        name="request.scheme", type=ValueType.WORD, phase=_HEADERS, what="scheme", known=words(frozenset({"http", "https"})),
        read=plain(reading.from_request(lambda request: request.scheme)), doc="the scheme of the URL",
    ),
    Selector(
        name="request.path", type=ValueType.TEXT, phase=_HEADERS, read=plain(reading.from_request(reading.request_path)),
        doc="the path of the URL, percent-decoded, without the query",
    ),
    Selector(
        name="request.url", type=ValueType.TEXT, phase=_HEADERS, read=plain(reading.from_request(sizes.request_url)),
        doc="`scheme://host/path`, percent-decoded, without the query; with the port where it is not the usual one",
    ),
    Selector(
        name="request.body_bytes", type=ValueType.NUMBER, phase=Phase.REQUEST_BODY, read=plain(sizes.request_bytes),
        doc="how many bytes the body has as it is sent (compressed, if it is), from the head on where that says it; "
        "at least so many when a body was cut; of a message of a WebSocket, its bytes",
    ),
    Selector(
        name="request.media_type", type=ValueType.TEXT, phase=_HEADERS,
        read=plain(reading.from_request(lambda request: request.media_type or None)),
        doc="the media type the request declares for its body, without parameters",
    ),
    Selector(
        name="request.websocket", type=ValueType.YES_NO, phase=_HEADERS,
        read=plain(reading.from_request(lambda request: request.is_websocket_upgrade)),
        doc="whether the request asks to open a WebSocket, or is a message of one; messages are judged one by one",
    ),
)  # fmt: skip
