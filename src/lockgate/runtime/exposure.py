"""Who can reach the gateway: where clients may come from, and what makes that nobody's or everybody's gateway.

Separate because `up`, `doctor`, a worker that takes over a change, and whoever explains a decision must agree. It must never
let a configuration pass that lets strangers send through this machine: that is an open proxy.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from lockgate.facts.problem import Path, Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.load import read_document
from lockgate.home.settings import Settings, parse_address
from lockgate.identity import UsersFile
from lockgate.runtime.boundary import Network, networks

_EVERYWHERE = networks(("0.0.0.0/0", "::/0"))
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - looking for it, not binding to it
_WIDEST_OWN = {4: 8, 6: 16}
"""Prefix lengths per IP version. No organisation was ever given a wider network."""


def admitted_networks(settings: Settings, users: UsersFile) -> tuple[Network, ...]:
    """Where clients may come from, besides loopback: the listed networks, or anywhere when all there is to reach is a login."""
    clients = settings.clients
    if clients.login and _can_log_in(users) and not clients.allowed_networks:
        return _EVERYWHERE
    return networks(clients.allowed_networks)


def refuse_exposure(home: Home, settings: Settings, users: UsersFile, *, listens_on: str = "") -> None:
    """Raise UsageError with everything `exposure_problems` finds."""
    problems = (*exposure_problems(home, settings, users, listens_on=listens_on),)
    if problems:
        raise UsageError(*problems)


def exposure_problems(home: Home, settings: Settings, users: UsersFile, *, listens_on: str = "") -> Iterator[Problem]:
    """A gateway that others can reach must know who may use it: by a login, or by networks that are somebody's own.

    `listens_on` is where it listens already, when the settings may have changed since.
    """
    listen = listens_on or settings.listen
    host, _ = parse_address(listen)
    if _is_loopback(host):
        return
    found = [*_address(settings, host, listen)]
    found += [*_login(settings, users)] if settings.clients.login else [*_networks(settings, listen)]
    for path, problem, help_text in found:
        # Read only now: a gateway without problems, which is nearly all of them, does not need the places.
        yield Problem(place=read_document(home.settings_file).key_place(path), problem=problem, help=help_text)


type _Found = tuple[Path, str, str]
"""Where in the settings, what, and the next step."""


def _address(settings: Settings, host: str, listen: str) -> Iterator[_Found]:
    if host in _WILDCARDS and not settings.public_address:
        problem = f"`listen: {listen}` is no address that devices could be told"
        yield ("listen",), problem, "set public_address to the host:port under which devices reach this gateway"


def _networks(settings: Settings, listen: str) -> Iterator[_Found]:
    """Without a login, the networks alone say who may use it."""
    allowed = settings.clients.allowed_networks
    if not allowed:
        problem = f"`listen: {listen}` can be reached by others, and nothing says who may use the gateway"
        help_text = "set clients.allowed_networks to yours, or clients.login: true and add users, or listen on 127.0.0.1"
        yield ("listen",), problem, help_text
    for index, network in enumerate(allowed):
        if _is_anybodys(network):
            problem = f"`{network}` lets anybody who reaches this machine use the gateway, without a login"
            yield ("clients", "allowed_networks", index), problem, "list your own networks, or set clients.login: true"


def _login(settings: Settings, users: UsersFile) -> Iterator[_Found]:
    """With a login, networks need not say more; but somebody must be able to log in, and strangers must have to."""
    at = ("clients", "login")
    if not _can_log_in(users):
        yield at, "`clients.login` is set and there are no users who could log in", "add one: lockgate user add NAME"
    if any(_is_anybodys(str(network)) for network in admitted_networks(settings, users)):
        for entry in users.addresses:
            if _is_anybodys(entry.network):
                problem = f"the address table of users.yaml names everybody in `{entry.network}`, so nobody there has to log in"
                yield at, problem, "name your own networks there, or list them in clients.allowed_networks"


def _can_log_in(users: UsersFile) -> bool:
    return any(not user.disabled for user in users.users)


def _is_anybodys(network: str) -> bool:
    """Whether a network is too wide to be one organisation's own; private ranges may be as wide as they are."""
    parsed = ip_network(network, strict=False)
    return parsed.prefixlen < _WIDEST_OWN[parsed.version] and not parsed.is_private


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
