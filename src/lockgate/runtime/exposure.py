"""Who can reach the gateway: where clients may come from, and what makes that nobody's or everybody's gateway.

Separate because `up`, `doctor`, a worker that takes over a change, and whoever explains a decision must agree. It must never
let a configuration pass that lets strangers send through this machine: that is an open proxy.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from lockgate.facts.problem import Path, Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.reading import read_document
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


def exposure_problems(home: Home, settings: Settings, users: UsersFile) -> Iterator[Problem]:
    """A gateway that others can reach must know who may use it: by a login, or by networks that are somebody's own."""
    if not _is_loopback(settings.listen):
        yield from _placed(home, (*_unusable(settings, users), *_open(settings, users)))


def refuse_opening(home: Home, settings: Settings, users: UsersFile, *, listens_on: str) -> None:
    """Raise UsageError when these settings would let strangers use a gateway that listens on `listens_on` already.

    That it becomes of no use to anybody is no reason: whoever takes out the last user must not be refused.
    """
    found = () if _is_loopback(listens_on) else (*_placed(home, _open(settings, users)),)
    if found:
        raise UsageError(*found)


type _Found = tuple[Path, str, str]
"""Where in the settings, what, and the next step."""


def _placed(home: Home, found: Iterable[_Found]) -> Iterator[Problem]:
    for path, problem, help_text in found:
        # Read only now: a gateway without problems, which is nearly all of them, does not need the places.
        yield Problem(place=read_document(home.settings_file).key_place(path), problem=problem, help=help_text)


def _unusable(settings: Settings, users: UsersFile) -> Iterator[_Found]:
    """What makes it nobody's."""
    listen, clients = settings.listen, settings.clients
    if parse_address(listen)[0] in _WILDCARDS and not settings.public_address:
        problem = f"`listen: {listen}` is no address that devices could be told"
        yield ("listen",), problem, "set public_address to the host:port under which devices reach this gateway"
    if clients.login and not _can_log_in(users):
        problem = "`clients.login` is set and there are no users who could log in"
        yield ("clients", "login"), problem, "add one: lockgate user add NAME"
    if not clients.login and not clients.allowed_networks:
        problem = f"`listen: {listen}` can be reached by others, and nothing says who may use the gateway"
        help_text = "set clients.allowed_networks to yours, or clients.login: true and add users, or listen on 127.0.0.1"
        yield ("listen",), problem, help_text


def _open(settings: Settings, users: UsersFile) -> Iterator[_Found]:
    """What makes it everybody's: strangers may come, and need not log in."""
    clients = settings.clients
    if not clients.login:
        for index, network in enumerate(clients.allowed_networks):
            if _is_anybodys(network):
                problem = f"`{network}` lets anybody who reaches this machine use the gateway, without a login"
                at = ("clients", "allowed_networks", index)
                yield at, problem, "list your own networks, or set clients.login: true and add users"
    elif any(_is_anybodys(str(network)) for network in admitted_networks(settings, users)):
        for entry in users.addresses:
            if _is_anybodys(entry.network):
                problem = f"the address table of users.yaml names everybody in `{entry.network}`, so nobody there has to log in"
                help_text = "name your own networks there, or list them in clients.allowed_networks"
                yield ("clients", "login"), problem, help_text


def _can_log_in(users: UsersFile) -> bool:
    return any(not user.disabled for user in users.users)


def _is_anybodys(network: str) -> bool:
    """Whether a network is too wide to be one organisation's own; private ranges may be as wide as they are."""
    parsed = ip_network(network, strict=False)
    return parsed.prefixlen < _WIDEST_OWN[parsed.version] and not parsed.is_private


def _is_loopback(address: str) -> bool:
    host, _ = parse_address(address)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
