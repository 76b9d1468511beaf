"""Short ways to write down clients, requests, bodies and a library in tests."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lockgate.facts.app import AppMatch
from lockgate.facts.client_software import UNKNOWN_SOFTWARE, ClientSoftware
from lockgate.facts.decision import Reason
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.facts.traffic import Body, Client, Completeness, Headers, IdentifiedBy, Request, SocketMessage
from lockgate.gate.events import Connecting, Examined, MessageSeen, RequestBodySeen, RequestHeadersSeen

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FakeLibrary:
    """An app library of one function, which knows no app and no program unless told."""

    def __init__(
        self,
        match: Callable[[Request], AppMatch | None] = lambda _request: None,
        software: ClientSoftware = UNKNOWN_SOFTWARE,
    ) -> None:
        self.match = match
        self._software = software

    def software(self, request: Request) -> ClientSoftware:  # noqa: ARG002 - any request is the same to it
        """The same program, whatever the request."""
        return self._software


def client(user: str | None = None, *groups: str, address: str = "198.51.100.7") -> Client:
    """A client, anonymous unless named."""
    identified = IdentifiedBy.PROXY_LOGIN if user else IdentifiedBy.ANONYMOUS
    return Client(address=address, user=user, groups=groups, identified_by=identified)


def request(method: str, url: str, **headers: str) -> Request:
    """A request head; header names are written with underscores."""
    parts = urlsplit(url)
    return Request(
        method=method,
        scheme=parts.scheme,
        host=parts.hostname or "",
        port=parts.port or (443 if parts.scheme == "https" else 80),
        path=parts.path or "/",
        query=parts.query,
        headers=Headers(tuple((name.replace("_", "-"), value) for name, value in headers.items())),
    )


def chat(prompt: str, *earlier: str, model: str = "gpt-5") -> bytes:
    """A Chat Completions body: `earlier` alternates user and assistant, `prompt` is the last user message."""
    messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate((*earlier, prompt))]
    return json.dumps({"model": model, "messages": messages}).encode()


def connecting(host: str, port: int = 443, sni: str | None = None, who: Client | None = None) -> Connecting:
    """A client asks for a tunnel."""
    return Connecting(at=NOON, client=who or client(), host=host, port=port, sni=sni)


def head(
    method: str, url: str, *, has_body: bool = True, who: Client | None = None, refused: Reason | None = None, **headers: str
) -> RequestHeadersSeen:
    """A request's head arrives."""
    return RequestHeadersSeen(
        at=NOON, client=who or client(), request=request(method, url, **headers), has_body=has_body, refused=refused
    )


def body(content: bytes, completeness: Completeness = Completeness.COMPLETE) -> RequestBodySeen:
    """A request's body arrives."""
    return RequestBodySeen(body=Body(content=content, completeness=completeness))


def said(content: bytes | str, completeness: Completeness = Completeness.COMPLETE) -> MessageSeen:
    """A client says something on a WebSocket; text unless it is bytes."""
    message = SocketMessage(
        content=content.encode() if isinstance(content, str) else content, is_text=isinstance(content, str)
    )  # fmt: skip
    return MessageSeen(at=NOON, message=message, completeness=completeness)


def examined(*profiles: str, found: tuple[str, ...] = (), state: ExaminationState = ExaminationState.COMPLETE) -> Examined:
    """An examination for `profiles` comes back, with one finding for each profile in `found`."""
    findings = tuple(
        Finding(
            detector=f"test-{profile}",
            profiles=(profile,),
            detection_confidence=DetectionConfidence.HIGH,
            span=Span(turn=0, part=0, start=0, end=4),
            mask="[masked]",
        )
        for profile in found
    )
    return Examined(examination=Examination(state=state, profiles=frozenset(profiles), findings=findings))
