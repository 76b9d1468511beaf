"""The layer of one request: a refusal does not wait for the end of what it refuses, nor a decision for what never ends.

mitmproxy sends an answer of ours when the request is complete, and keeps all of a body until then. A call whose request goes
on until its answer comes (a stream in both directions, an upload without an end) would wait for ever, and an endless one be
kept for ever. Separate because it replaces two classes of mitmproxy, for which there are no hooks.

What is left of the body afterwards is read and thrown away, within bounds: closing a connection on which bytes wait makes the
kernel reset it, and a reset eats what the client has not read yet (RFC 9112 section 9.6).
"""

import time
from dataclasses import dataclass
from typing import ClassVar, override

import h2.errors
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers.http import DropStream, HttpStream, SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent, ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpResponseHeadersHook
from mitmproxy.proxy.layers.http._http2 import Http2Server

from lockgate.facts.traffic import Completeness
from lockgate.proxy.body_terms import BodyCut, BodyCutHook, held_on, is_answered_at_once, is_uninvited
from lockgate.proxy.held import HeldBytes
from lockgate.proxy.replaced import is_replaced
from lockgate.proxy.translate import declared_length

_LINGER_SECONDS = 30.0
_LINGER_BYTES = 32 << 20
"""How long, and for how many bytes more, a refused client may go on sending and still read its refusal."""
_MOST_QUEUED = 32 << 20
"""Bytes of a request that may wait while something is decided about it; then its client is disconnected.

While the server is only being connected to, which can take minutes, more may wait as long as there is room for it.
"""
_SHORT = 1 << 20
"""Bytes. A body that says it is no longer is awaited, and its connection goes on after it."""

_MOST_UNDER_WAY = 500
"""Requests of one HTTP/2 connection. A hundred may be open at once; one that was taken back is still decided about."""

type _Commands = layer.CommandGenerator[None]


@dataclass
class StopRequest(HttpEvent):
    """The response is complete, and nobody wants the rest of the request."""


class AnsweringStream(HttpStream):
    """mitmproxy's layer of a request, able to answer before the request has ended, and with an end to its patience."""

    held: ClassVar[HeldBytes]
    forgets: ClassVar[bool]

    def __init__(self, context: context.Context, stream_id: int) -> None:
        super().__init__(context, stream_id)
        self._alarm: commands.RequestWakeup | None = None
        self._began = self._moved = 0.0
        self._queued = 0
        self._kept = 0
        self._thrown_away = 0
        self._is_answered = False
        self._is_over = False

    @override
    def handle_event(self, event: events.Event) -> _Commands:
        if self._paused is not None and isinstance(event, RequestData):
            self._queued += len(event.data)
            if self._queued > _MOST_QUEUED and (
                isinstance(self._paused.command, commands.StartHook) or not self.held.has_room_for(0)
            ):
                yield commands.CloseConnection(self.context.client)
        yield from super().handle_event(event)
        self._count()

    @override
    def _handle_event(self, event: events.Event) -> _Commands:
        if isinstance(event, events.Wakeup):
            yield from self._woken(event)
        else:
            self._unqueue(event)
            yield from super()._handle_event(event)

    @override
    def passthrough(self, event: events.Event) -> _Commands:
        """An alarm of an earlier state is not for whoever speaks on this connection by now."""
        self._unqueue(event)
        if self._alarm is None or not isinstance(event, events.Wakeup) or event.command is not self._alarm:
            yield from super().passthrough(event)

    @override
    def handle_protocol_error(self, event: RequestProtocolError | ResponseProtocolError) -> _Commands:
        if isinstance(event, ResponseProtocolError) and self._is_over:
            return  # a server that left after its answer; on the client's connection, the next request may have begun
        if self._is_answered and isinstance(event, ResponseProtocolError):
            # The server has said all it had to say and wants no more of the request: no error of the answer.
            if self.client_state == self.state_stream_request_body:
                yield from self._come_to_an_end()
            return
        if self._is_answered and self.client_state == self.state_stream_request_body:
            yield SendHttp(event, self.context.server)  # the server still takes the request, which now breaks off
        yield from super().handle_protocol_error(event)
        self.request_body_buf.clear()
        if isinstance(event, RequestProtocolError):
            self._alarm = None  # nothing is decided any more about a request that broke off

    def _unqueue(self, event: events.Event) -> None:
        """What had waited for a decision has its turn; nothing overtakes it."""
        if self._queued and isinstance(event, RequestData):
            self._queued -= len(event.data)

    def _count(self) -> None:
        """Tell what of the body is in memory because of us."""
        kept = self._queued + len(self.request_body_buf)
        if self._is_whole and self._paused is not None:
            kept += len(self.flow.request.data.content or b"")
        if kept != self._kept:
            self._kept = kept
            self.held.keep(self.context.client.id, self, kept)

    @override
    def state_wait_for_request_headers(self, event: RequestHeaders) -> _Commands:
        yield from super().state_wait_for_request_headers(event)
        if self.client_state != self.state_consume_request_body or event.end_stream or self._end_waits:
            return  # a body that is there already is taken first, so that the connection can go on after the answer
        terms = held_on(self.flow)
        if is_answered_at_once(self.flow):
            yield from self._answer()
        elif terms is not None:
            self._began = self._moved = time.monotonic()
            yield from self._wake_me(min(terms.pause, terms.seconds))

    @override
    def state_consume_request_body(self, event: events.Event) -> _Commands:
        yield from super().state_consume_request_body(event)
        if isinstance(event, RequestEndOfMessage):
            if self.forgets and self.client_state == self.state_done:
                self.flow.request.data.content = None  # it has been sent on, or nobody asks for it any more
        elif isinstance(event, RequestData) and self.client_state == self.state_consume_request_body:
            self._moved = time.monotonic()
            self._count()
            terms = held_on(self.flow)
            if terms is not None and len(self.request_body_buf) > terms.longest:
                yield from self._cut(Completeness.TRUNCATED, bytes(self.request_body_buf))
            elif terms is not None and not self.held.has_room_for(0):
                # Decided without a look, so that it is over at once and costs no others theirs.
                yield from self._cut(Completeness.TRUNCATED, b"")

    def _cut(self, why: Completeness, begun: bytes) -> _Commands:
        """The rest of a held body is not waited for: what becomes of the request is decided now."""
        yield BodyCutHook(BodyCut(flow=self.flow, why=why, begun=begun, size=len(self.request_body_buf)))
        if (yield from self.check_killed(emit_error_hook=True)):
            return
        if self.flow.response is not None:
            yield from self._answer()
            return
        yield from self.start_request_stream()
        begun = bytes(self.request_body_buf)
        self.request_body_buf.clear()
        if self.client_state == self.state_stream_request_body:
            yield from self.state_stream_request_body(RequestData(self.stream_id, begun))

    @property
    def _end_waits(self) -> bool:
        """Whether the end of the body has come while its head was decided about."""
        return any(isinstance(event, RequestEndOfMessage) for event in self._paused_event_queue)

    @property
    def _is_whole(self) -> bool:
        return self.client_state == self.state_done

    @property
    def _is_http2(self) -> bool:
        return self.context.client.alpn == b"h2"

    @property
    def _ends_soon(self) -> bool:
        length = declared_length(self.flow.request)
        return length is not None and length <= _SHORT and not is_uninvited(self.flow)

    def _answer(self) -> _Commands:
        """Send the response that is on the flow, all of it, and let the request come to its end or to ours."""
        response = self.flow.response
        if response is None:
            raise TypeError("nothing to answer")
        self.client_state = self.state_throw_away
        self.request_body_buf.clear()
        if not self._ends_soon and not self._is_http2:
            said = response.headers.get("connection")
            response.headers["connection"] = f"{said}, close" if said else "close"
        response.timestamp_start = time.time()
        yield HttpResponseHeadersHook(self.flow)
        if (yield from self.check_killed(emit_error_hook=True)):
            return
        yield from self.send_response()
        if self.client_state == self.state_throw_away:  # else the client left meanwhile
            yield from self._end_response()
            yield from self._come_to_an_end()

    @override
    def state_wait_for_response_headers(self, event: ResponseHeaders) -> _Commands:
        yield from super().state_wait_for_response_headers(event)
        if self.server_state == self.state_stream_response_body and is_replaced(self.flow.response):
            # What was refused may have no end. The server is left first: after our answer the next request may begin.
            yield SendHttp(RequestProtocolError(self.stream_id, "refused", ErrorCode.CANCEL), self.context.server)
            yield from self.state_stream_response_body(ResponseEndOfMessage(self.stream_id))
            self.server_state = self.state_errored  # it hears what of the response was on its way already
            if self.client_state == self.state_stream_request_body:
                yield from self._come_to_an_end()

    @override
    def send_response(self, already_streamed: bool = False) -> _Commands:
        """A server may answer before the request has ended, and go on taking the rest of it (RFC 9113 section 8.1)."""
        if self.flow.response is not None and not already_streamed and self.flow.request.method.upper() == "HEAD":
            # Whichever answer of ours it is: what follows an answer to HEAD is the next answer (RFC 9110 section 9.3.2).
            self.flow.response.data.content = b""
        yield from super().send_response(already_streamed)
        if self.server_state == self.state_done and self.client_state == self.state_stream_request_body:
            yield from self._end_response()

    @override
    def flow_done(self) -> _Commands:
        self._is_over = True
        if self._is_answered:
            yield DropStream(self.stream_id)
        else:
            yield from super().flow_done()

    def _end_response(self) -> _Commands:
        """The client need not wait for the end of its request to know that this was all."""
        self._is_answered = True
        self.flow.live = False
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    def _come_to_an_end(self) -> _Commands:
        """Nobody wants the rest of the request: it is awaited if that is short, and otherwise stopped."""
        self.client_state = self.state_throw_away
        if self._is_http2 and not self._ends_soon:
            yield from self._stop()
        else:
            yield from self._wake_me(_LINGER_SECONDS)

    def state_throw_away(self, event: events.Event) -> _Commands:
        """The answer is out; nothing of what still comes is kept."""
        if isinstance(event, RequestData):
            self._thrown_away += len(event.data)
            if self._thrown_away > _LINGER_BYTES:
                yield from self._stop()
        elif isinstance(event, RequestEndOfMessage):
            self.client_state = self.state_done
            yield DropStream(self.stream_id)

    def _stop(self) -> _Commands:
        """No more of this request: over HTTP/2 it alone ends (RFC 9113 section 8.1), before that its connection."""
        self.client_state = self.state_errored
        if self._is_http2:
            yield SendHttp(StopRequest(self.stream_id), self.context.client)
        else:
            yield commands.CloseConnection(self.context.client)
        yield DropStream(self.stream_id)

    def _wake_me(self, seconds: float) -> _Commands:
        self._alarm = commands.RequestWakeup(seconds)
        yield self._alarm

    def _woken(self, event: events.Wakeup) -> _Commands:
        if event.command is not self._alarm:
            return
        if self.client_state == self.state_throw_away:
            yield from self._stop()
        elif self.client_state == self.state_consume_request_body and (terms := held_on(self.flow)) is not None:
            now = time.monotonic()
            left = min(self._moved + terms.pause, self._began + terms.seconds) - now
            if left > 0:
                yield from self._wake_me(left)
            else:
                yield from self._cut(Completeness.STREAMED, bytes(self.request_body_buf))


class StoppingHttp2Server(Http2Server):
    """mitmproxy's HTTP/2 towards clients, able to end a request that is answered, without an error."""

    def __init__(self, context: context.Context) -> None:
        super().__init__(context)
        self._answered: set[int] = set()
        self._has_stopped = False
        self._unwanted = 0

    @override
    def _handle_event(self, event: events.Event) -> _Commands:
        if isinstance(event, StopRequest):
            self._answered.add(event.stream_id)
        elif self._has_stopped and isinstance(event, events.DataReceived):
            yield from self._after_a_stop(event)
        else:
            yield from super()._handle_event(event)
        if self._answered:
            yield from self._stop_answered()
        is_over = self._handle_event == self.done
        if isinstance(event, events.DataReceived) and not is_over and self._under_way > _MOST_UNDER_WAY:
            yield from self.protocol_error("too many requests under way", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)

    @property
    def _under_way(self) -> int:
        """How many requests of this connection are not over for us, those included that its client took back."""
        return sum(len(each.streams) for each in self.context.layers if isinstance(each, http_layers.HttpLayer))

    def _after_a_stop(self, event: events.DataReceived) -> _Commands:
        """Whoever goes on with what was stopped, and asks for nothing else, is disconnected in the end."""
        self._unwanted += len(event.data)
        for command in super()._handle_event(event):
            if isinstance(command, ReceiveHttp):
                if isinstance(command.event, RequestData):
                    self._unwanted -= len(command.event.data)
                elif isinstance(command.event, RequestHeaders):
                    self._unwanted, self._has_stopped = 0, False
            yield command
        if self._unwanted > _LINGER_BYTES:
            yield from self.protocol_error("a stopped request goes on", h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)

    def _stop_answered(self) -> _Commands:
        """Each as soon as its answer is out: a reset also takes back what waits for the client's window."""
        for stream_id in tuple(self._answered):
            if self.is_closed(stream_id):
                self._answered.discard(stream_id)
            elif not self.h2_conn.stream_buffers.get(stream_id):
                self._answered.discard(stream_id)
                self.streams.pop(stream_id, None)
                self.h2_conn.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)
                self._has_stopped = True
        data = self.h2_conn.data_to_send()
        if data:
            yield commands.SendData(self.conn, data)


def install_early_answers(held: HeldBytes, *, forgets: bool) -> None:
    """From now on, a refusal is sent when it is decided, and what is kept of bodies is counted.

    `forgets` says that nobody wants a body that has been sent on.
    """
    AnsweringStream.held, AnsweringStream.forgets = held, forgets
    for name, ours in (("HttpStream", AnsweringStream), ("Http2Server", StoppingHttp2Server)):
        if not hasattr(http_layers, name):
            raise RuntimeError(f"mitmproxy has changed: it has no {name}")
        setattr(http_layers, name, ours)  # mitmproxy looks them up by these names
