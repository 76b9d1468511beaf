"""Our own mitmproxy master: the addons we chose and nothing else.

Separate because this list is a security decision. mitmproxy's default chain can map local files, replay, rewrite bodies
and reload scripts while traffic runs; none of that is here. `mitmproxy.ctx` is read in `server.py` only.
"""

from functools import partial

from mitmproxy import master, options
from mitmproxy.addons import disable_h2c, next_layer
from mitmproxy.proxy import layer, layers
from mitmproxy.proxy.layers.http import HTTPMode

from lockgate.facts.problem import Problem, UsageError
from lockgate.proxy.assembly import Assembly
from lockgate.proxy.connections import Connections
from lockgate.proxy.error_pages import install_error_pages
from lockgate.proxy.http1 import install_http1_bounds
from lockgate.proxy.messages import install_unchecked_messages
from lockgate.proxy.server import SharedPortServer
from lockgate.proxy.socket_layer import install_judged_sockets
from lockgate.proxy.stream_layer import install_early_answers
from lockgate.proxy.tls import TlsFromOwnCa
from lockgate.proxy.tunnel import CountedTunnel

FORBIDDEN_OPTIONS = ("emudhra", "emudhra_old")
"""Options of mitmproxy 12.3.0 and 12.3.1 that sign with a compromised public CA's key."""


class GateFirst(next_layer.NextLayer):
    """mitmproxy's protocol detection, asked only where the gate leaves the choice open."""

    name = "nextlayer"

    def __init__(self, connections: Connections, server: SharedPortServer) -> None:
        self._connections = connections
        self._server = server

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """The gate settles tunnels that pass undecrypted; the rest is ordinary detection."""
        if not self._connections.choose_layer(nextlayer):
            super().next_layer(nextlayer)
        if isinstance(nextlayer.layer, CountedTunnel):
            nextlayer.layer.on_relaying = partial(self._server.pass_straight, nextlayer.context.client.id, nextlayer.layer)
        if isinstance(nextlayer.layer, layers.DNSLayer):
            # mitmproxy takes whatever is said to port 53 for DNS, and no hook of ours would judge or record it.
            nextlayer.layer = layers.HttpLayer(nextlayer.context, HTTPMode.transparent)


def refuse_unsafe_options(opts: options.Options) -> None:
    """Raise UsageError when mitmproxy is set up in a way that lets traffic past the gate or breaks trust."""
    present = opts.keys()
    problems = [
        Problem(
            problem=f"this mitmproxy has the option `{name}`, which uses a compromised CA key",
            help="install mitmproxy 12.2.x, as pinned in the lock file",
        )
        for name in FORBIDDEN_OPTIONS
        if name in present
    ]
    for name, why in (
        ("stream_large_bodies", "sends request bodies on before they are judged"),
        ("ssl_insecure", "accepts any upstream certificate"),
        ("ignore_hosts", "passes hosts without a record; use the policy's do_not_inspect"),
        ("allow_hosts", "passes hosts without a record; use the `decrypt` setting"),
    ):
        if name in present and getattr(opts, name):
            problems.append(Problem(problem=f"mitmproxy's option `{name}` is set, which {why}", help="unset it"))
    if problems:
        raise UsageError(*problems)


class GatewayMaster(master.Master):
    """mitmproxy with exactly the addons a gateway needs."""

    def __init__(self, parts: Assembly) -> None:
        super().__init__(options.Options())
        install_error_pages()
        install_http1_bounds()
        install_early_answers(parts.held, forgets=True)
        install_judged_sockets()
        install_unchecked_messages()
        self.server = SharedPortServer(*parts.address)
        self.addons.add(
            self.server,
            disable_h2c.DisableH2C(),
            parts.addon,
            GateFirst(parts.connections, self.server),
            TlsFromOwnCa(parts.authority.certificate, parts.authority.key),
        )
        if self.addons.get("lockgate") is not parts.addon:
            raise RuntimeError("the gate is not in the chain")
        self.options.update(
            connection_strategy="lazy",
            upstream_cert=False,
            rawtcp=False,
            ssl_verify_upstream_trusted_ca=parts.trust_bundle,
        )
        refuse_unsafe_options(self.options)
