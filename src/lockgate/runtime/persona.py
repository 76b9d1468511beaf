"""Who a question is asked as: somebody at an address, a user, or anybody in some groups, in a country or with a device.

Separate because it is where a question may differ from the wire: nobody types a password to ask what would happen to a
person. Everything else about who somebody is comes from the code that identifies clients.
"""

import re
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Self

from lockgate.facts.device import Device
from lockgate.facts.problem import Problem, UsageError, nearest_name
from lockgate.facts.traffic import Client, IdentifiedBy
from lockgate.identity import NO_CLAIMS, DeviceClaims, LoginRequired, MalformedFieldError, device_said, read_device_header
from lockgate.runtime.boundary import client_address
from lockgate.runtime.identities import identifier_of
from lockgate.runtime.snapshot import Snapshot

_LISTED_USERS = 12
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """`address` is in the spelling the proxy uses; `groups` are in place of the known ones, empty to ask with those.

    So are `device` and `country`, None to ask with those that the proxy would know.
    """

    address: str
    user: str | None = None
    groups: tuple[str, ...] = ()
    device: Device | None = None
    country: str | None = None

    @classmethod
    def of(
        cls, *, address: str, user: str | None = None, groups: tuple[str, ...] = (), device: str | None = None,
        country: str | None = None,
    ) -> Self:  # fmt: skip
        """From what an operator wrote; a device as a trusted hop would. Raises UsageError for what is none."""
        try:
            plain = client_address(address)
        except ValueError:
            problem = f"the client address `{address}` is not an IP address"
            raise UsageError(Problem(problem=problem, help="for example 10.1.2.3 or 2001:db8::7")) from None
        if country is not None and not _COUNTRY.match(country):
            raise UsageError(Problem(problem=f"`{country}` is not a country code", help="two capital letters, for example DE"))
        told = _device(device) if device is not None else None
        return cls(address=plain, user=user or None, groups=groups, device=told, country=country)


def _device(written: str) -> Device:
    try:
        return device_said(read_device_header(written))
    except MalformedFieldError:
        problem = f"`{written}` does not say which device"
        example = 'for example --device \'id="laptop-17", enrolled, posture=("disk_encrypted" "managed")\''
        raise UsageError(Problem(problem=problem, help=example)) from None


def identified(snapshot: Snapshot, asked_as: Persona, claims: DeviceClaims = NO_CLAIMS) -> Client | LoginRequired:
    """Whom the proxy would take them for, their password being right, when they also make these claims.

    Raises UsageError for a user nobody knows, unless groups are given: then it is somebody who could be added.
    """
    identifier = identifier_of(snapshot)
    who = identifier.without_login(asked_as.address)
    groups = asked_as.groups
    if asked_as.user is None:
        if isinstance(who, LoginRequired) and groups:
            who = identifier.somebody(asked_as.address)
    elif any(user.name == asked_as.user for user in snapshot.users.users):
        who = identifier.logged_in(asked_as.address, asked_as.user)
    elif groups:
        somebody = identifier.somebody(asked_as.address)
        who = replace(somebody, user=asked_as.user, identified_by=IdentifiedBy.PROXY_LOGIN)
    elif isinstance(who, LoginRequired) or who.user != asked_as.user:
        raise _unknown(snapshot, asked_as.user)
    if isinstance(who, LoginRequired):
        return who
    who = identifier.with_device(who, claims)
    return replace(
        who, groups=groups or who.groups, device=asked_as.device or who.device, country=asked_as.country or who.country
    )


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
