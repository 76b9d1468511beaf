"""Putting a worker's proxy together from a home: one function used by the worker process and by `addons/gateway.py`.

Separate so that both run the same chain.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lockgate.facts.record import Record
from lockgate.home.settings import parse_address
from lockgate.pki.ca import CertificateAuthority, load_ca
from lockgate.pki.trust import build_trust_bundle
from lockgate.proxy.addon import GatewayAddon
from lockgate.proxy.connections import Connections
from lockgate.proxy.destinations import Destinations
from lockgate.proxy.held import HeldBytes
from lockgate.proxy.requests import Requests
from lockgate.proxy.services import Services
from lockgate.runtime.boundary import own_names, rules_of
from lockgate.runtime.gateway import Gateway
from lockgate.runtime.prepare import redirect_key, sealer_for
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.runtime.telling import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A worker's parts."""

    gateway: Gateway
    requests: Requests
    connections: Connections
    destinations: Destinations
    addon: GatewayAddon
    authority: CertificateAuthority
    trust_bundle: str
    address: tuple[str, int]
    held: HeldBytes


def assemble(builder: SnapshotBuilder, keep: Callable[[Record], None], worker: int, telling: Telling) -> Assembly:
    """Everything but mitmproxy itself. Needs a running event loop. Raises UsageError for what the operator has to mend."""
    gateway = Gateway(builder, keep, sealer_for(builder.home), worker, telling=telling)
    snapshot = gateway.snapshot
    settings, home = snapshot.settings, snapshot.home
    authority = load_ca(home.certs, now=datetime.now(UTC))
    address = parse_address(settings.listen)
    destinations = Destinations(rules_of(settings))
    gateway.on_change(lambda live: destinations.use(rules_of(live.settings)))
    held = HeldBytes()
    services = Services(
        gateway=gateway,
        destinations=destinations,
        authority=authority,
        own_names=own_names(settings),
        listens_on=address[1],
        redirect_key=redirect_key(home),
        held=held,
    )
    connections = Connections(services)
    requests = Requests(services, connections)
    return Assembly(
        gateway=gateway,
        requests=requests,
        connections=connections,
        destinations=destinations,
        addon=GatewayAddon(connections, requests),
        authority=authority,
        trust_bundle=str(build_trust_bundle(home.state, extra=[home.resolve(name) for name in settings.upstream.trust]).path),
        address=address,
        held=held,
    )
