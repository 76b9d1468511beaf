"""A WebSocket between client and server, of whose client's messages none goes on before it is judged.

Separate because mitmproxy's own layer passes a message on unless somebody drops it, stops the server's messages while it asks,
keeps all of them, and puts them together in memory without a bound. Here a message on trial leaves when the answer says so and
never otherwise; the server's messages pass meanwhile. What travels beside the messages (the payload of pings, the reason of a
close frame) does not leave, for nobody judges it. Compression is not negotiated, so that a message is as long as its bytes.
"""

from collections import deque
from dataclasses import dataclass, field

from mitmproxy import connection, http
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import websocket
from mitmproxy.proxy.utils import expect
from wsproto import events as ws
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.frame_protocol import CloseReason

from lockgate.facts.traffic import SocketMessage
from lockgate.proxy.socket_hooks import (
    Heard,
    SocketEnd,
    SocketEndedHook,
    SocketHeardHook,
    SocketOpenedHook,
    SocketSaidHook,
    SocketTerms,
    Trial,
)

_LONGEST_HEARD = 4 << 20
"""Bytes. A longer message of the server passes all the same, but is not given to whoever listens to answers."""
_MOST_FRAMES = 10_000
"""Frames of one message of the client: empty ones cost memory and add nothing to its length."""
_NOT_SENT = frozenset({CloseReason.NO_STATUS_RCVD, CloseReason.ABNORMAL_CLOSURE, CloseReason.TLS_HANDSHAKE_FAILED})
"""Close codes that say that there was no close frame (RFC 6455 section 7.4.1)."""
_LINGER_SECONDS = 5.0
_LINGER_BYTES = 1 << 20
"""How long, and for how many bytes more, a client that was told to close is waited for: it might not read it otherwise."""

type _Piece = ws.TextMessage | ws.BytesMessage


_TOO_LONG = "more bytes than may wait"
_TOO_MANY = "more messages than may wait"


class _Side(Connection):
    """One end of the WebSocket. `asked` is the payload of its last ping, which its pong has to repeat."""

    def __init__(self, kind: ConnectionType, conn: connection.Connection) -> None:
        super().__init__(kind)
        self.conn = conn
        self.asked = b""

    @property
    def takes_messages(self) -> bool:
        return self.state is ConnectionState.OPEN

    def say(self, event: ws.Event) -> commands.SendData:
        return commands.SendData(self.conn, self.send(event))


@dataclass(slots=True)
class _Passing:
    """A message of the server on its way: what of its present frame waits, and all of it for whoever listens."""

    is_text: bool
    frame: list[str | bytes] = field(default_factory=list[str | bytes])
    waiting: int = 0
    heard: list[bytes] | None = field(default_factory=list[bytes])
    size: int = 0


class JudgedSocket(layer.Layer):
    """mitmproxy's WebSocket layer, with a judge."""

    def __init__(self, context: Context, flow: http.HTTPFlow) -> None:
        super().__init__(context)
        self.flow = flow
        self._client = _Side(ConnectionType.SERVER, context.client)
        self._server = _Side(ConnectionType.CLIENT, context.server)
        self._terms = SocketTerms(flow=flow)
        self._coming: Trial | None = None
        self._trial: Trial | None = None
        self._waiting: deque[Trial] = deque()
        self._held = 0
        self._passing: _Passing | None = None
        self._leaving: int | None = None
        self._lingered = 0

    @expect(events.Start)
    def start(self, _: events.Event) -> layer.CommandGenerator[None]:
        """Ask for the terms, then relay."""
        yield SocketOpenedHook(self._terms)
        self._handle_event = self.relay  # type: ignore[method-assign]  # how layers change their state
        if not self._terms.open:
            yield from self._end(CloseReason.POLICY_VIOLATION, "", SocketEnd(flow=self.flow, by_client=False))

    _handle_event = start  # type: ignore[assignment]  # as every layer of mitmproxy says where it begins

    @expect(events.DataReceived, events.ConnectionClosed, events.HookCompleted)
    def relay(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Take bytes of either side, or the outcome of a trial."""
        if isinstance(event, events.HookCompleted):
            yield from self._judged()
            return
        if not isinstance(event, events.ConnectionEvent):
            return
        side = self._client if event.connection is self.context.client else self._server
        side.receive_data(event.data if isinstance(event, events.DataReceived) else None)
        heard = Heard(self.flow)
        for said in side.events():
            match said:
                case ws.Ping():
                    yield from self._ping(side, bytes(said.payload))
                case ws.Pong():
                    yield from self._pong(side)
                case ws.CloseConnection():
                    yield from self._tell(heard)
                    yield from self._closed_by(side, said)
                    return
                case ws.TextMessage() | ws.BytesMessage() if side is self._client:
                    yield from self._said(said)
                case ws.TextMessage() | ws.BytesMessage():
                    yield from self._heard(said, heard)
                case _:
                    pass
            if self._handle_event != self.relay:
                return
        yield from self._tell(heard)

    def _tell(self, heard: Heard) -> layer.CommandGenerator[None]:
        if heard.messages:
            yield SocketHeardHook(heard)

    def _ping(self, side: _Side, payload: bytes) -> layer.CommandGenerator[None]:
        other = self._server if side is self._client else self._client
        side.asked = payload
        if other.takes_messages:
            yield other.say(ws.Ping(payload=b"" if side is self._client else payload))

    def _pong(self, side: _Side) -> layer.CommandGenerator[None]:
        other = self._server if side is self._client else self._client
        if other.takes_messages:
            yield other.say(ws.Pong(payload=other.asked))

    def _said(self, said: _Piece) -> layer.CommandGenerator[None]:
        """A piece of a message of the client."""
        trial = self._coming
        if trial is None:
            trial = self._coming = Trial(flow=self.flow, is_text=isinstance(said.data, str))
        piece = said.data if isinstance(said.data, str) else bytes(said.data)
        if trial.passes is True and trial.is_too_long:
            yield from self._send(piece, finished=said.message_finished)
        elif trial.passes is None:
            size = len(piece.encode()) if isinstance(piece, str) else len(piece)
            trial.frames[-1].append(piece)
            trial.size += size
            self._held += size
            if said.frame_finished and not said.message_finished:
                trial.frames.append([])
        if said.message_finished:
            trial.is_complete = True
            self._coming = None
        if not trial.is_too_long and (trial.is_complete or trial.size > self._terms.longest):
            trial.is_too_long = trial.size > self._terms.longest
            self._waiting.append(trial)
            yield from self._next()
        if self._handle_event != self.relay:
            return
        if self._held > 2 * self._terms.longest:
            yield from self._end(
                CloseReason.MESSAGE_TOO_BIG,
                "The message is too long.",
                SocketEnd(flow=self.flow, by_client=True, why=_TOO_LONG),
            )
        elif len(self._waiting) > self._terms.most_waiting or len(trial.frames) > _MOST_FRAMES:
            yield from self._end(
                CloseReason.POLICY_VIOLATION,
                "Too many messages at once.",
                SocketEnd(flow=self.flow, by_client=True, why=_TOO_MANY),
            )

    def _next(self) -> layer.CommandGenerator[None]:
        if self._trial is None and self._waiting:
            self._trial = self._waiting.popleft()
            hook = SocketSaidHook(self._trial)
            hook.blocking = self  # its end is told to this layer, which goes on until then
            yield hook
        elif self._trial is None and self._leaving is not None:
            yield from self._end(self._leaving, "", SocketEnd(flow=self.flow, by_client=True))

    def _judged(self) -> layer.CommandGenerator[None]:
        trial, self._trial = self._trial, None
        if trial is None:
            return
        self._held -= trial.size
        trial.passes = trial.passes is True
        for reply in trial.replies:
            if self._client.takes_messages:
                content = reply.content.decode("utf-8", "replace") if reply.is_text else reply.content
                yield self._client.say(_message(content, finished=True))
        if trial.close is not None:
            yield from self._end(CloseReason.POLICY_VIOLATION, trial.close, SocketEnd(flow=self.flow, by_client=False))
            return
        if trial.passes:
            yield from self._pass(trial)
        trial.frames.clear()
        yield from self._next()

    def _pass(self, trial: Trial) -> layer.CommandGenerator[None]:
        """The frames it came in, since some servers take no others."""
        last = len(trial.frames) - 1
        for index, frame in enumerate(trial.frames):
            if index < last or trial.is_complete:
                yield from self._send(_joined(frame, is_text=trial.is_text), finished=index == last)
            elif frame:
                yield from self._send(_joined(frame, is_text=trial.is_text), finished=False)

    def _send(self, data: str | bytes, *, finished: bool) -> layer.CommandGenerator[None]:
        if self._server.takes_messages:
            yield self._server.say(_message(data, finished=finished))

    def _heard(self, said: _Piece, heard: Heard) -> layer.CommandGenerator[None]:
        """A piece of a message of the server: frames stay whole while they are short enough to wait for."""
        passing = self._passing
        if passing is None:
            passing = self._passing = _Passing(isinstance(said.data, str))
        piece = said.data if isinstance(said.data, str) else bytes(said.data)
        content = piece.encode() if isinstance(piece, str) else piece
        passing.frame.append(piece)
        passing.waiting += len(content)
        passing.size += len(content)
        if passing.size > _LONGEST_HEARD:
            passing.heard = None
        if passing.heard is not None:
            passing.heard.append(content)
        if said.frame_finished or passing.waiting > _LONGEST_HEARD:
            if self._client.takes_messages:
                frame = _joined(passing.frame, is_text=passing.is_text)
                yield self._client.say(_message(frame, finished=said.message_finished))
            passing.frame, passing.waiting = [], 0
        if said.message_finished:
            self._passing = None
            content = b"".join(passing.heard) if passing.heard is not None else b""
            heard.messages.append(SocketMessage(content=content, is_text=passing.is_text))
            heard.size += passing.size

    def _closed_by(self, side: _Side, said: ws.CloseConnection) -> layer.CommandGenerator[None]:
        """A side ends it. A client that takes its leave in order has its messages judged before that."""
        in_order = side.state is ConnectionState.REMOTE_CLOSING
        if side is self._client and in_order and (self._trial is not None or self._waiting):
            self._leaving = said.code
            return
        code = said.code
        if code in _NOT_SENT:
            code = CloseReason.GOING_AWAY if side is self._client else CloseReason.INTERNAL_ERROR
        by_client = side is self._client
        yield from self._end(code, "" if by_client else said.reason or "", SocketEnd(flow=self.flow, by_client=by_client))

    def _end(self, code: int, reason: str, end: SocketEnd) -> layer.CommandGenerator[None]:
        """Tell both sides, close the server's connection, and the client's when it has heard it."""
        yield SocketEndedHook(end)
        lingers = self._client.takes_messages
        for side in (self._server, self._client):
            if side.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
                told = reason if side is self._client else ""
                yield side.say(ws.CloseConnection(code=code, reason=told or None))
        yield commands.CloseConnection(self._server.conn)
        self._waiting.clear()
        self._coming = self._passing = None
        self.flow.live = False
        self._handle_event = self.linger  # type: ignore[method-assign]  # how layers change their state
        if lingers:
            wakeup = commands.RequestWakeup(_LINGER_SECONDS)
            wakeup.blocking = self
            yield wakeup
        else:
            yield from self._leave()

    @expect(events.DataReceived, events.ConnectionClosed, events.HookCompleted, events.Wakeup)
    def linger(self, event: events.Event) -> layer.CommandGenerator[None]:
        """It is over; the client has to read that before its connection ends."""
        if isinstance(event, events.Wakeup):
            yield from self._leave()
        elif isinstance(event, events.ConnectionEvent) and event.connection is self.context.client:
            gone = not isinstance(event, events.DataReceived) or self._has_read_it(event.data)
            if gone:
                yield from self._leave()

    def _has_read_it(self, data: bytes) -> bool:
        self._lingered += len(data)
        if self._lingered > _LINGER_BYTES or self._client.state is not ConnectionState.LOCAL_CLOSING:
            return True
        self._client.receive_data(data)
        return any(isinstance(said, ws.CloseConnection) for said in self._client.events())

    def _leave(self) -> layer.CommandGenerator[None]:
        self._handle_event = self.done  # type: ignore[method-assign]  # how layers change their state
        yield commands.CloseConnection(self._client.conn)

    @expect(events.DataReceived, events.ConnectionClosed, events.HookCompleted, events.Wakeup)
    def done(self, _: events.Event) -> layer.CommandGenerator[None]:
        """Nothing matters any more."""
        yield from ()


def install_judged_sockets() -> None:
    """From now on, WebSockets are judged."""
    websocket.WebsocketLayer = JudgedSocket  # type: ignore[misc, assignment]  # mitmproxy looks it up by this name


def _joined(pieces: list[str | bytes], *, is_text: bool) -> str | bytes:
    if is_text:
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def _message(data: str | bytes | bytearray, *, finished: bool) -> _Piece:
    if isinstance(data, str):
        return ws.TextMessage(data=data, message_finished=finished)
    return ws.BytesMessage(data=bytes(data), message_finished=finished)
