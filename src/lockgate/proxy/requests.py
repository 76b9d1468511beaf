"""The hooks of requests: arm, ask the gate, perform what it says, and make sure that every exchange ends in one record.

The order inside `head` is a law: the refusal is on the flow before anything that may fail runs, and only `Forward`
takes it off.
"""

import asyncio
from typing import assert_never

import structlog
from mitmproxy import connection, http

from lockgate.facts.decision import Capture, Reason
from lockgate.facts.traffic import Body, Completeness
from lockgate.gate.decode import decode_body
from lockgate.gate.effects import (
    Effect,
    Examine,
    Forward,
    Hold,
    Intercept,
    Note,
    PassMessage,
    PassResponse,
    Refuse,
    RefuseMessage,
    Sighted,
    Tunnel,
)
from lockgate.gate.events import RequestBodySeen, RequestHeadersSeen, ResponseHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.identity import DeviceClaims, LoginRequired
from lockgate.proxy.answers import answer_for, login_required
from lockgate.proxy.body_terms import BodyCut, HoldTerms, answer_at_once, hold
from lockgate.proxy.claims import take_claims
from lockgate.proxy.connections import Connections
from lockgate.proxy.header_edits import edit_headers
from lockgate.proxy.live import LiveExchange, now
from lockgate.proxy.portal_hooks import PortalHooks
from lockgate.proxy.replaced import finish_replaced, replace_response
from lockgate.proxy.rewritten import expect_other_length, may_be_rewritten, put_content
from lockgate.proxy.services import Services, to_response, undecided
from lockgate.proxy.socket_hooks import SocketEnd, SocketTerms
from lockgate.proxy.sockets import Sockets
from lockgate.proxy.translate import declared_length, expects_body, request_of, response_of
from lockgate.proxy.wellformed import is_wellformed

_log = structlog.get_logger(__name__)
_MIB = 1 << 20
_SWITCHING_PROTOCOLS = 101
_BAD_GATEWAY = 502
_DECIDE_SECONDS_BEYOND_EXAMINATION = 5.0
_LONGEST_ERROR = 200
_STREAM_RESET = "stream reset by client"
"""How mitmproxy begins what it says of an HTTP/2 client that lost interest in one request and stays for others."""


class Requests:
    """Exchanges under way, and what mitmproxy's hooks mean for them."""

    def __init__(self, services: Services, connections: Connections) -> None:
        self._services = services
        self._connections = connections
        self.sockets = Sockets(services)
        self._portal = PortalHooks(services, connections)
        self._live: dict[str, LiveExchange[Exchange]] = {}
        self.all_ended = asyncio.Event()
        self.all_ended.set()

    @property
    def under_way(self) -> int:
        """How many exchanges have not ended."""
        return len(self._live) + self.sockets.under_way

    async def head(self, flow: http.HTTPFlow) -> None:
        """A request's head is complete."""
        flow.response = undecided("")  # armed: whatever fails from here on, the client gets this and the destination nothing
        claims = take_claims(flow.request, self._services.gateway.snapshot.settings)
        await self._decide_head(flow, self._open(flow), claims)

    async def body(self, flow: http.HTTPFlow) -> None:
        """A request is complete. When its body was held, the decision is due; otherwise its bytes are known by now."""
        flow.request.trailers = None  # HTTP/2 has them, nobody reads them here, and what is not read does not leave
        live = self._live.get(flow.id)
        if live is None or live.request is None:
            await self._portal.finish(flow)
            return
        if not live.holding:
            if not live.refused and flow.request.raw_content:
                raise TypeError("a body that was neither held nor streamed")
            return
        raw = flow.request.raw_content or b""
        live.request_bytes = len(raw)
        body = decode_body(raw, flow.request.headers.get("content-encoding", ""), self._most_held)
        await self._perform(flow, live, live.exchange.handle(RequestBodySeen(body=body)))
        leaves = flow.request.raw_content
        if leaves and flow.request.is_http2 and "content-length" not in flow.request.headers:
            flow.request.headers["content-length"] = str(len(leaves))  # the length is known, and servers of HTTP/1 need one

    def response_head(self, flow: http.HTTPFlow) -> None:
        """A response's head is complete: the upstream's, or our own answer on its way out."""
        live, response = self._live.get(flow.id), flow.response
        if live is None or response is None:
            return
        live.status = response.status_code
        if live.refused:
            return
        live.upstream_contacted = True
        for effect in live.exchange.handle(ResponseHeadersSeen(response=response_of(flow))):
            self._answer_response(flow, live, effect)

    def end(self, flow: http.HTTPFlow) -> None:
        """A response is complete. A WebSocket goes on after it."""
        live, response = self._live.get(flow.id), flow.response
        if response is not None:
            finish_replaced(response)
        if live is None or response is None:
            return
        if live.refused:
            live.response_bytes = len(response.raw_content or b"")
        if response.status_code == _SWITCHING_PROTOCOLS:
            live.websocket = True
        else:
            self._close(flow.id)

    def socket_opened(self, terms: SocketTerms) -> None:
        """A WebSocket is open, if this exchange may have one."""
        live = self._live.get(terms.flow.id)
        if live is not None:
            self.sockets.opened(live, terms)

    def socket_ended(self, end: SocketEnd) -> None:
        """A WebSocket is over."""
        self.sockets.ended(end)
        self._close(end.flow.id)

    def error(self, flow: http.HTTPFlow) -> None:
        """An exchange broke off: the client left, the upstream failed, or the request was not valid HTTP."""
        live = self._live.get(flow.id)
        if live is None:
            return
        state = self._connections.of(flow.client_conn)
        text = _without_content(flow.error.msg) if flow.error else ""
        if state.failure is not None:
            live.failed(*state.failure)
        elif not flow.client_conn.connected or text.startswith(_STREAM_RESET):
            live.failed(Reason.CLIENT_LEFT, text)
        else:
            live.failed(Reason.UPSTREAM_FAILED, text)
        if flow.client_conn.connected and flow.response is None:
            live.status = _BAD_GATEWAY  # what mitmproxy answers in our place
        self._close(flow.id)

    def gate_failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        """Deciding failed. The refusal is on the flow, or is put back, and the record says why."""
        live = self._live.get(flow.id)
        flow.request.stream = False
        flow.response = undecided(live.exchange.id if live else "")
        answer_at_once(flow)
        if live is None or live.request is None:
            return
        seen = RequestHeadersSeen(at=now(), client=live.client, request=live.request, has_body=False)
        refusal = live.exchange.fail(Reason.GATE_FAILED, seen)
        live.failed(Reason.GATE_FAILED, type(error).__name__)
        live.refused, live.holding = True, False
        flow.response = to_response(answer_for(refusal, live.request, self._services.wording, live.exchange.id))

    def response_gate_failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        """Deciding about a response failed: nothing of it is passed on."""
        response, live = flow.response, self._live.get(flow.id)
        if response is None:
            return
        replace_response(response, undecided(live.exchange.id if live else ""))
        if live is not None:
            live.exchange.fail(Reason.GATE_FAILED)
            live.failed(Reason.GATE_FAILED, type(error).__name__)
            live.status = response.status_code

    def client_gone(self, client: connection.Client) -> None:
        """Whatever of this client has not ended by its hooks ends now."""
        self._services.held.forget(client.id)
        for flow_id in [flow_id for flow_id, live in self._live.items() if live.client_id == client.id]:
            live = self._live[flow_id]
            if not live.websocket and not live.refused:
                live.failed(Reason.CLIENT_LEFT, "the client's connection closed")
            self._close(flow_id)

    def close_all(self, reason: Reason, why: str) -> None:
        """The worker ends: every exchange under way still gets its record."""
        for flow_id, live in list(self._live.items()):
            self.sockets.close(flow_id, reason, why)
            live.failed(reason, why)
            if not live.forwarded and live.exchange.sheet is not None:
                live.exchange.fail(reason)
            self._close(flow_id)

    @property
    def _most_held(self) -> int:
        return self._services.gateway.snapshot.settings.examination.max_body_mib * _MIB

    @property
    def decision_seconds(self) -> float:
        """How long deciding may take before the fail-safe stands: the examination's deadline and a margin."""
        deadline = self._services.gateway.snapshot.settings.examination.deadline_ms / 1000
        return deadline + _DECIDE_SECONDS_BEYOND_EXAMINATION

    def _open(self, flow: http.HTTPFlow) -> LiveExchange[Exchange]:
        """From now on the request is an exchange under way, with what it said and a bound on what it may make us hold."""
        state = self._connections.of(flow.client_conn)
        live = LiveExchange(
            exchange=self._services.gateway.open_exchange(), client=state.who, client_id=flow.client_conn.id, flow=flow,
            tell=self._services.gateway.sighted,
        )  # fmt: skip
        self._live[flow.id] = live
        self.all_ended.clear()
        live.request = request_of(flow, (state.name or flow.request.host).lower().rstrip("."))
        state.failure = None
        self._connections.decrypted(flow.client_conn)
        return live

    async def _decide_head(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], claims: DeviceClaims) -> None:
        request = live.request
        if request is None:
            raise TypeError("an exchange under way has its request")
        if self._portal.is_for(flow):
            self._forget(flow.id)
            self._services.gateway.discard_exchange()
            await self._portal.serve(flow)
            return
        refused = await self._refused_outright(flow, live, claims)
        if flow.id not in self._live:
            return  # the client left meanwhile, and the record is written
        if refused is Reason.LOGIN_REQUIRED:
            flow.response = to_response(login_required(self._services.wording))
        flow.request.headers.pop("proxy-authorization", None)
        flow.request.headers.pop("proxy-connection", None)
        if not request.is_websocket_upgrade:
            # An upgrade to anything else would turn the connection into bytes nobody reads.
            flow.request.headers.pop("upgrade", None)
        # Compressed messages are inflated without a bound; uncompressed ones are only as long as what was sent.
        flow.request.headers.pop("sec-websocket-extensions", None)
        has_body = expects_body(flow.request)
        event = RequestHeadersSeen(at=now(), client=live.client, request=request, has_body=has_body, refused=refused)
        effects = live.exchange.handle(event)
        if refused is Reason.LOGIN_REQUIRED:
            live.refused = True
            answer_at_once(flow)
            return
        await self._perform(flow, live, effects)

    async def _refused_outright(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], claims: DeviceClaims) -> Reason | None:
        """Refusals that no policy can lift. Whoever asks through a tunnel is who opened it, whatever is claimed inside."""
        state = self._connections.of(flow.client_conn)
        services, request = self._services, flow.request
        if not state.host:
            login = request.headers.get("proxy-authorization")
            who = await services.gateway.identifier.identify(state.who.address, login, claims)
            if isinstance(who, LoginRequired):
                return Reason.LOGIN_REQUIRED
            live.client = who
            reason = await services.destinations.check(request.host, request.port)
            if reason is not None:
                return reason
        # An error at this point is mitmproxy's: the request is not valid HTTP, and it answers 400 itself.
        if flow.error is not None or live.request is None or not is_wellformed(flow, live.request.host):
            return Reason.MALFORMED_REQUEST
        return None

    async def _perform(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], effects: tuple[Effect, ...]) -> None:
        """Do what the gate says about a request."""
        for effect in effects:
            match effect:
                case Forward() if instead := self._services.gateway.admit(live.exchange):
                    await self._perform(flow, live, instead)
                case Forward():
                    self._forward(flow, live, effect)
                case Hold():
                    await self._hold(flow, live)
                case Examine():
                    examined = await self._services.gateway.examine(effect)
                    await self._perform(flow, live, live.exchange.handle(examined))
                case Refuse():
                    self._refuse(flow, live, effect)
                case Tunnel() | Intercept() | PassResponse() | Sighted() | PassMessage() | RefuseMessage() | Note():
                    raise TypeError(f"{type(effect).__name__} is not for a request")
                case _:
                    assert_never(effect)

    def _forward(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], forward: Forward) -> None:
        decision = live.exchange.decision
        if forward.listens or (decision is not None and decision.capture is Capture.FULL):
            # Such an answer is read as it passes; an encoding we would have to undo is not asked for.
            flow.request.headers["accept-encoding"] = "identity"
        if forward.content is not None:
            put_content(flow.request, forward.content)
        if forward.headers.removed:
            edit_headers(flow.request, forward.headers)
        if forward.streamed:
            self._stream(flow, live, tap=forward.tap)
        live.holding, live.forwarded = False, True
        flow.response = None  # disarmed, last

    def _stream(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], *, tap: bool = False) -> None:
        flow.request.stream = live.tap_request_chunk if tap else live.count_request_chunk

    async def _hold(self, flow: http.HTTPFlow, live: LiveExchange[Exchange]) -> None:
        """The body is read with the refusal still armed. One that says it is too long is not waited for."""
        live.holding = True
        settings = self._services.gateway.snapshot.settings.examination
        held = self._services.held
        held.allow(settings.max_held_mib * _MIB)
        hold(flow, HoldTerms(self._most_held, settings.body_pause_ms / 1000, settings.body_deadline_ms / 1000))
        length = declared_length(flow.request) or 0
        if length > self._most_held or not held.has_room_for(length):
            await self._do_without(flow, live, Body(content=b"", completeness=Completeness.TRUNCATED))

    async def cut(self, cut: BodyCut) -> None:
        """The rest of a held body is not waited for. What there is of it may show something, and proves no absence."""
        flow = cut.flow
        live = self._live.get(flow.id)
        self._portal.cut(cut)
        if live is not None and live.holding:
            live.request_bytes = cut.size
            begun = b"" if flow.request.headers.get("content-encoding") else cut.begun[: self._most_held]
            await self._do_without(flow, live, Body(content=begun, completeness=cut.why, sent=cut.size))

    async def _do_without(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], body: Body) -> None:
        """Decide about a request by no more than the beginning of its body, and let the rest pass if that may."""
        live.holding = False
        await self._perform(flow, live, live.exchange.handle(RequestBodySeen(body=body)))
        if flow.response is None:
            live.request_bytes = 0  # counted as they pass
            self._stream(flow, live)

    def _refuse(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], refuse: Refuse) -> None:
        if live.request is None:
            raise TypeError("an exchange under way has its request")
        live.refused, live.holding = True, False
        flow.response = to_response(answer_for(refuse, live.request, self._services.wording, live.exchange.id))
        answer_at_once(flow)

    def _answer_response(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], effect: Effect) -> None:
        """Do what the gate says about a response."""
        match effect:
            case PassResponse(tap=tap, frames=frames):
                if flow.response is not None:
                    if frames is not None and may_be_rewritten(flow):
                        live.frames = frames
                        expect_other_length(flow)
                    flow.response.stream = live.tap_chunk if tap else live.pass_chunk
            case Refuse():
                self._replace_response(flow, live, effect)
            case _:
                raise TypeError(f"{type(effect).__name__} is not for a response")

    def _replace_response(self, flow: http.HTTPFlow, live: LiveExchange[Exchange], refuse: Refuse) -> None:
        """Our answer instead of the upstream's, whose body is read to its end and thrown away."""
        if live.request is None or flow.response is None:
            raise TypeError("a response that is refused has its request")
        replace_response(flow.response, to_response(answer_for(refuse, live.request, self._services.wording, live.exchange.id)))
        live.status = flow.response.status_code

    def _close(self, flow_id: str) -> None:
        self.sockets.close(flow_id, Reason.CLIENT_LEFT, "the WebSocket broke off")
        live = self._forget(flow_id)
        if live is not None:
            if live.exchange.sheet is None and live.request is not None:
                # It ended before its head was judged: nothing was let through, and the record still says who and where.
                seen = RequestHeadersSeen(at=now(), client=live.client, request=live.request, has_body=False)
                live.exchange.fail(live.failure or Reason.CLIENT_LEFT, seen)
            self._services.gateway.note(live.close())

    def _forget(self, flow_id: str) -> LiveExchange[Exchange] | None:
        live = self._live.pop(flow_id, None)
        if not self._live:
            self.all_ended.set()
        return live


def _without_content(error: str) -> str:
    """An error of mitmproxy without the bytes it quotes: they are the client's or the upstream's, of any length."""
    return error.replace('"', "'").partition("'")[0].removesuffix("b").rstrip(" :[")[:_LONGEST_ERROR]
