"""The hooks of connections: who may connect, what a CONNECT leads to, what became of its TLS.

Separate from the hooks of requests because a tunnel that stays encrypted is an exchange of its own, while one that is
decrypted only carries exchanges.
"""

from dataclasses import dataclass

import structlog
from mitmproxy import connection, http
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import layer
from mitmproxy.proxy.layers.tls import parse_client_hello

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.portal import PORTAL_HOST
from lockgate.facts.traffic import Client
from lockgate.gate.effects import Intercept, Refuse, Tunnel
from lockgate.gate.events import Connecting
from lockgate.gate.exchange import Exchange
from lockgate.identity import LoginRequired
from lockgate.proxy.answers import connect_refusal, login_required
from lockgate.proxy.claims import take_claims
from lockgate.proxy.live import LiveExchange, now
from lockgate.proxy.services import Services, to_response, undecided
from lockgate.proxy.tunnel import ClosedTunnel, CountedTunnel
from lockgate.runtime.boundary import client_address, is_admitted, plain_host
from lockgate.runtime.exposure import admitted_networks

_log = structlog.get_logger(__name__)
_LONGEST_HELLO = 64 << 10
"""Bytes. A hello is read anew with every piece of it, so one that never ends would keep the worker busy."""


@dataclass(slots=True, kw_only=True)
class ConnectedClient:
    """A client connection.

    `host` and `port` are what it asked to CONNECT to (empty for plain proxy requests), `name` is the server it turned
    out to mean. `tunnel` is the exchange of the tunnel itself, until it is known to be decrypted. `login_missing` is why nobody
    knows who wants to see our own pages.
    """

    who: Client
    host: str = ""
    port: int = 0
    name: str = ""
    tunnel: LiveExchange[Exchange] | None = None
    relay: CountedTunnel | None = None
    failure: tuple[Reason, str] | None = None
    login_missing: LoginRequired | None = None

    @property
    def is_refused(self) -> bool:
        """Whether its tunnel was refused: it asked for one, and its exchange is over."""
        return bool(self.host) and self.tunnel is None

    def refuse_connect(self) -> None:
        """Its CONNECT was refused, so the connection goes on as a plain proxy connection: whoever asks next is asked anew."""
        self.host, self.port, self.name = "", 0, ""


class Connections:
    """The state of every client connection, and the decisions about tunnels."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clients: dict[str, ConnectedClient] = {}
        self.refused = 0

    @property
    def under_way(self) -> int:
        """How many tunnels may still become a record."""
        return sum(state.tunnel is not None for state in self._clients.values())

    def of(self, client: connection.Client) -> ConnectedClient:
        """The state of a client connection."""
        state = self._clients.get(client.id)
        if state is None:
            state = self._clients[client.id] = ConnectedClient(who=self._services.gateway.identifier.somebody(_address(client)))
        return state

    def admits(self, client: connection.Client) -> bool:
        """Whether a client at this address may use the gateway at all. Loopback always may. Counts and logs who may not."""
        address = _address(client)
        snapshot = self._services.gateway.snapshot
        if is_admitted(address, admitted_networks(snapshot.settings, snapshot.users)):
            return True
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:  # the 1st, 2nd, 4th, 8th ...: a scan must not flood the log
            _log.warning("a client that may not use the gateway was refused", address=address, refused=self.refused)
        return False

    async def connect(self, flow: http.HTTPFlow) -> None:
        """A CONNECT: settle what can be settled before anybody is contacted."""
        services, gateway = self._services, self._services.gateway
        state = self.of(flow.client_conn)
        state.host, state.port = plain_host(flow.request.host), flow.request.port
        if state.host == PORTAL_HOST:
            # Our own pages over TLS, which is how a device checks that it trusts the CA. Nobody is contacted.
            state.name = PORTAL_HOST
            who = await gateway.identifier.identify(state.who.address, flow.request.headers.get("proxy-authorization"))
            if isinstance(who, LoginRequired):
                state.login_missing = who  # most of our pages are for everybody; those that are not will say so
            else:
                state.who = who
            return
        exchange = gateway.open_exchange()
        live = state.tunnel = LiveExchange(exchange=exchange, client=state.who)
        # Armed first: should anything below fail, this is what the client gets.
        flow.response = undecided(exchange.id)
        live.status = flow.response.status_code
        claims, login = take_claims(flow.request, gateway.snapshot.settings), flow.request.headers.get("proxy-authorization")
        who = await gateway.identifier.identify(state.who.address, login, claims)
        refused: Reason | None = None
        if isinstance(who, LoginRequired):
            refused = Reason.LOGIN_REQUIRED
        else:
            live.client = state.who = who
            refused = await services.destinations.check(state.host, state.port)
        match self._connecting(state, None, refused):
            case Refuse() as refuse:
                answer = login_required(services.wording) if refused is Reason.LOGIN_REQUIRED else None
                flow.response = to_response(answer or connect_refusal(refuse, services.wording, exchange.id))
                live.status = flow.response.status_code
                self._finish(state)
                state.refuse_connect()
            case Tunnel() | Intercept():
                # Whether it passes is settled with the name in the ClientHello, before TLS is answered.
                flow.response = None

    def choose_layer(self, nextlayer: layer.NextLayer) -> bool:
        """Settle an open tunnel by its first bytes.

        True when that is done or needs more bytes; False leaves it to mitmproxy.
        """
        state = self._clients.get(nextlayer.context.client.id)
        if state is None or state.tunnel is None or state.name:
            return False
        data = nextlayer.data_client()
        complete, sni = _server_name(data)
        if not complete and len(data) > _LONGEST_HELLO:
            nextlayer.layer = ClosedTunnel(nextlayer.context)
            return True
        if not complete:
            return True
        if self.passes(state, sni):
            nextlayer.layer = state.relay = CountedTunnel(nextlayer.context)
            return True
        if state.is_refused:
            nextlayer.layer = ClosedTunnel(nextlayer.context)
            return True
        return False

    def passes(self, state: ConnectedClient, sni: str | None) -> bool:
        """Whether the tunnel passes undecrypted. When it is refused at this late point, its exchange is over afterwards."""
        live = state.tunnel
        if live is None:
            return False
        decided = live.exchange.decision
        if decided is None or decided.verdict is not Verdict.TUNNEL:
            # The connection goes to the host of the CONNECT: another name in the hello cannot take it out of the gate's sight.
            state.name = state.host
            return False
        state.name = (sni or state.host).lower().rstrip(".")
        effect = Tunnel() if state.name == state.host else self._connecting(state, state.name, None)
        match effect:
            case Refuse():
                live.status = 0
                self._finish(state)
                return False
            case Tunnel():
                live.status, live.upstream_contacted = 200, True
                return True
            case Intercept():
                return False

    def decrypted(self, client: connection.Client) -> None:
        """A request arrived through the tunnel: the tunnel was no exchange after all, its requests are."""
        state = self._clients.get(client.id)
        if state is not None:
            self._discard(state)

    def client_refused_certificate(self, client: connection.Client, error: str) -> None:
        """The client broke off our TLS handshake: it pins its own certificate or does not trust the gateway's CA."""
        state = self._clients.get(client.id)
        if state is not None and state.tunnel is not None:
            state.tunnel.status = 0
            state.tunnel.failed(Reason.CLIENT_DISTRUSTS_CA, error)
            self._finish(state)

    def upstream_failed(self, client: connection.Client, reason: Reason, error: str) -> None:
        """Connecting to or shaking hands with the destination failed; the exchange that waits for it will ask why."""
        state = self._clients.get(client.id)  # it may have left before its upstream was given up
        if state is not None:
            state.failure = (reason, error)

    def gate_failed(self, flow: http.HTTPFlow, error: Exception) -> None:
        """Deciding about a CONNECT failed. It is refused, and the record says why."""
        state = self.of(flow.client_conn)
        if flow.response is None:
            flow.response = undecided("")
        if state.tunnel is not None:
            seen = Connecting(at=now(), client=state.who, host=state.host, port=state.port)
            state.tunnel.exchange.fail(Reason.GATE_FAILED, seen)
            state.tunnel.failed(Reason.GATE_FAILED, type(error).__name__)
            self._finish(state)
        state.refuse_connect()

    def disconnected(self, client: connection.Client) -> None:
        """The client is gone, and with it its tunnel."""
        self._end(client.id)

    def close_all(self, reason: Reason, why: str) -> None:
        """The worker ends: every tunnel still gets its record."""
        for client_id, state in list(self._clients.items()):
            state.failure = state.failure or (reason, why)
            self._end(client_id)

    def _end(self, client_id: str) -> None:
        state = self._clients.pop(client_id, None)
        if state is None or state.tunnel is None:
            return
        live = state.tunnel
        if live.exchange.sheet is None:
            # It ended before it was decided: nothing was let through, and the record still says who and where.
            reason, why = state.failure or (Reason.CLIENT_LEFT, "the client's connection closed")
            live.exchange.fail(reason, Connecting(at=now(), client=live.client, host=state.host, port=state.port))
            live.failed(reason, why)
        elif state.relay is None:
            # Opened ahead of need and never used, as browsers do: nothing was exchanged.
            self._discard(state)
            return
        else:
            live.request_bytes, live.response_bytes = state.relay.sent_up, state.relay.sent_down
            if state.failure is not None:
                live.failed(*state.failure)
        self._finish(state)

    def _connecting(self, state: ConnectedClient, sni: str | None, refused: Reason | None) -> Tunnel | Intercept | Refuse:
        live = state.tunnel
        if live is None:
            raise TypeError("no tunnel to decide about")
        event = Connecting(at=now(), client=state.who, host=state.host, port=state.port, sni=sni, refused=refused)
        (effect,) = live.exchange.handle(event)
        if not isinstance(effect, Tunnel | Intercept | Refuse):
            raise TypeError(f"unexpected effect {type(effect).__name__}")
        return effect

    def _discard(self, state: ConnectedClient) -> None:
        """The tunnel is no exchange of its own."""
        if state.tunnel is not None:
            state.tunnel = None
            self._services.gateway.discard_exchange()

    def _finish(self, state: ConnectedClient) -> None:
        live, state.tunnel = state.tunnel, None
        if live is not None:
            self._services.gateway.note(live.close())


def _address(client: connection.Client) -> str:
    return client_address(client.peername[0])


def _server_name(data: bytes) -> tuple[bool, str | None]:
    """Whether the first bytes say enough, and the TLS server name in them if there is one."""
    if not starts_like_tls_record(data):
        return bool(data), None
    try:
        hello = parse_client_hello(data)
    except ValueError:
        return True, None
    return hello is not None, hello.sni if hello else None
