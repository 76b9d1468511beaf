"""Who a question is asked as: somebody at an address, a user, or anybody in some groups.

Separate because it is where a question may differ from the wire: nobody types a password to ask what would happen to a
person. Everything else about who somebody is comes from the code that identifies clients.
"""

from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Self

from lockgate.facts.problem import Problem, UsageError, nearest_name
from lockgate.facts.traffic import Client, IdentifiedBy
from lockgate.identity import Identifier, LoginRequired
from lockgate.runtime.boundary import client_address
from lockgate.runtime.snapshot import Snapshot

_LISTED_USERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """`address` is in the spelling the proxy uses; `groups` are in place of the known ones, empty to ask with those."""

    address: str
    user: str | None = None
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, *, address: str, user: str | None = None, groups: tuple[str, ...] = ()) -> Self:
        """From what an operator wrote. Raises UsageError when the address is none."""
        try:
            plain = client_address(address)
        except ValueError:
            problem = f"the client address `{address}` is not an IP address"
            raise UsageError(Problem(problem=problem, help="for example 10.1.2.3 or 2001:db8::7")) from None
        return cls(address=plain, user=user or None, groups=groups)


def identified(snapshot: Snapshot, asked_as: Persona) -> Client | LoginRequired:
    """Whom the proxy would take them for, their password being right.

    Raises UsageError for a user nobody knows, unless groups are given: then it is somebody who could be added.
    """
    identifier = Identifier(snapshot.users, login_required=snapshot.settings.clients.login)
    who = identifier.without_login(asked_as.address)
    groups = asked_as.groups
    if asked_as.user is None:
        if isinstance(who, LoginRequired) and groups:
            who = Client(address=asked_as.address)
    elif any(user.name == asked_as.user for user in snapshot.users.users):
        who = identifier.logged_in(asked_as.address, asked_as.user)
    elif groups:
        who = Client(address=asked_as.address, user=asked_as.user, identified_by=IdentifiedBy.PROXY_LOGIN)
    elif isinstance(who, LoginRequired) or who.user != asked_as.user:
        raise _unknown(snapshot, asked_as.user)
    return replace(who, groups=groups) if groups and isinstance(who, Client) else who


def _unknown(snapshot: Snapshot, name: str) -> UsageError:
    users, file = snapshot.users, snapshot.home.users_file
    networks = [entry.network for entry in users.addresses if entry.user == name]
    if networks:
        example = ip_network(networks[0]).network_address
        problem = f"`{name}` does not log in: {file} knows them by the network {networks[0]}"
        return UsageError(Problem(problem=problem, help=f"ask with an address of it: --address {example}"))
    known = sorted({*(user.name for user in users.users), *(entry.user for entry in users.addresses if entry.user)})
    few = f"users: {', '.join(known)}" if 0 < len(known) <= _LISTED_USERS else ""
    hint = nearest_name(name, known) or few or f"add the user (lockgate user add {name})"
    help_text = f"{hint}{'' if hint.endswith('?') else ','} or name groups to ask about somebody in them: --group"
    return UsageError(Problem(problem=f"there is no user `{name}` in {file}", help=help_text))
