"""mitmproxy's hooks. Each is a line or two: what a hook means is in `connections` and `requests`.

This class is the last net. mitmproxy logs an exception of a hook and goes on, so each hook that decides catches
everything here, leaves the armed refusal in place and marks the exchange as failed.
"""

import asyncio
from collections.abc import Awaitable

import structlog
from mitmproxy import connection, http, tls
from mitmproxy.proxy import layer, server_hooks

from lockgate.facts.decision import Reason
from lockgate.proxy.body_terms import BodyCut
from lockgate.proxy.connections import Connections
from lockgate.proxy.requests import Requests
from lockgate.proxy.socket_hooks import Heard, SocketEnd, SocketTerms, Trial

_log = structlog.get_logger(__name__)


class GatewayAddon:
    """The gate, as mitmproxy sees it."""

    name = "lockgate"

    def __init__(self, connections: Connections, requests: Requests) -> None:
        self._connections = connections
        self._requests = requests

    def client_connected(self, client: connection.Client) -> None:
        """Refuse clients from networks that are not allowed."""
        try:
            admitted = self._connections.admits(client)
        except Exception:  # noqa: BLE001 - the last net: whatever failed, the client is refused
            _log.exception("a client could not be judged and is refused")
            admitted = False
        if not admitted:
            client.error = Reason.CLIENT_NOT_ALLOWED.explanation

    def client_disconnected(self, client: connection.Client) -> None:
        """End what the client leaves behind."""
        self._requests.client_gone(client)
        self._connections.disconnected(client)

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        """Decide about a CONNECT."""
        await self._guard(self._connections.connect(flow), flow)

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Pass a tunnel undecrypted, when its first bytes settle that."""
        self._connections.choose_layer(nextlayer)

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """The same under plain mitmdump, where a ClientHello in pieces reaches mitmproxy's own layer first."""
        state = self._connections.of(data.context.client)
        if state.tunnel is None or state.name:
            return
        if self._connections.passes(state, data.client_hello.sni):
            data.ignore_connection = True
        elif state.is_refused:
            # Passed through without decryption, to a server that mitmproxy will not connect to.
            data.ignore_connection = True
            data.context.server.error = Reason.RULE.explanation

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """The client does not accept our certificate."""
        self._connections.client_refused_certificate(data.context.client, data.conn.error or "handshake failed")

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """The destination's certificate is not trusted, or it does not speak TLS as it should."""
        self._connections.upstream_failed(data.context.client, Reason.UPSTREAM_UNTRUSTED, data.conn.error or "handshake failed")

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The destination could not be reached."""
        self._connections.upstream_failed(data.client, Reason.UPSTREAM_FAILED, data.server.error or "not reachable")

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Arm, then decide as far as the head allows."""
        await self._guard(self._requests.head(flow), flow)

    async def body_cut(self, cut: BodyCut) -> None:
        """Decide about a held request whose body is too long or too slow."""
        await self._guard(self._requests.cut(cut), cut.flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        """Decide about a held request."""
        await self._guard(self._requests.body(flow), flow)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let the response stream, or replace it. It is not passed on when that cannot be decided."""
        try:
            self._requests.response_head(flow)
        except Exception as error:  # noqa: BLE001 - the last net: whatever failed, the response is refused
            _log.exception("the gate failed; the response is refused", error_type=type(error).__name__)
            self._requests.response_gate_failed(flow, error)

    def response(self, flow: http.HTTPFlow) -> None:
        """The exchange is complete."""
        self._requests.end(flow)

    def socket_opened(self, terms: SocketTerms) -> None:
        """A WebSocket is open. It ends at once unless the terms say otherwise."""
        self._requests.socket_opened(terms)

    async def socket_said(self, trial: Trial) -> None:
        """A message of the client waits to be judged. It does not leave when that cannot be decided."""
        try:
            async with asyncio.timeout(self._requests.decision_seconds):
                await self._requests.sockets.said(trial)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the last net: whatever failed, the message is refused
            _log.exception("the gate failed; the message is refused", error_type=type(error).__name__)
            self._requests.sockets.gate_failed(trial, error)

    def socket_heard(self, heard: Heard) -> None:
        """Messages of the server have passed."""
        self._requests.sockets.heard(heard)

    def socket_ended(self, end: SocketEnd) -> None:
        """A WebSocket is over."""
        self._requests.socket_ended(end)

    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange broke off."""
        self._requests.error(flow)

    async def _guard(self, decision: Awaitable[None], flow: http.HTTPFlow) -> None:
        """Await a decision for a while. Whatever goes wrong, the refusal stays on the flow and the record says so."""
        try:
            async with asyncio.timeout(self._requests.decision_seconds):
                await decision
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the last net: whatever failed, the refusal stays
            _log.exception("the gate failed; the request is refused", error_type=type(error).__name__)
            if flow.request.method == "CONNECT":
                self._connections.gate_failed(flow, error)
            else:
                self._requests.gate_failed(flow, error)
