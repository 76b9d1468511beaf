"""Who sent this, from where and with which device: the one question the proxy asks of this package.

Separate so that the order of evidence stands in one place: a login says more than an address, and a wrong login is never
excused by a known address. Where somebody is and with which device never says who they are.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from time import monotonic

from lockgate.facts.traffic import Client, IdentifiedBy
from lockgate.identity.addresses import AddressTable, OwnNetworks
from lockgate.identity.countries import Countries
from lockgate.identity.devices import NO_CLAIMS, DeviceClaims, Devices
from lockgate.identity.logins import LoginLimits, LoginOutcome, Logins
from lockgate.identity.users_file import UsersFile

CHALLENGE = 'Basic realm="Lockgate", charset="UTF-8"'
_LONGEST_CREDENTIALS = 1024


class LoginProblem(StrEnum):
    """Why a login is asked for."""

    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG = "wrong"
    TOO_MANY_ATTEMPTS = "too_many_attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequired:
    """The answer is 407 with `challenge` as `Proxy-Authenticate`."""

    problem: LoginProblem
    challenge: str = CHALLENGE


class Identifier:
    """Identifies clients under one configuration. `login_required` is for clients the address table does not name.

    Without users in the file nobody can log in, so credentials that happen to be sent are ignored.
    """

    def __init__(  # noqa: PLR0913 - each is one kind of evidence, or how it is weighed
        self,
        users: UsersFile,
        *,
        login_required: bool = False,
        limits: LoginLimits | None = None,
        clock: Callable[[], float] = monotonic,
        countries: Countries | None = None,
        devices: Devices | None = None,
    ) -> None:
        self._logins = Logins(users.users, limits=limits, clock=clock)
        self._addresses = AddressTable(users.addresses)
        self._login_required = login_required
        self._networks = OwnNetworks(users.networks)
        self._countries = countries
        self._devices = devices or Devices()

    async def identify(
        self, address: str, proxy_authorization: str | None, claims: DeviceClaims = NO_CLAIMS
    ) -> Client | LoginRequired:
        """The client at `address` that sent this `Proxy-Authorization` (None or empty when it sent none) and these claims."""
        if proxy_authorization and not self._logins.is_empty:
            who = await self._by_login(address, proxy_authorization)
        else:
            who = self.without_login(address)
        return self.with_device(who, claims) if isinstance(who, Client) else who

    def somebody(self, address: str) -> Client:
        """A client at `address` of whom nothing else is known: where they are."""
        networks, country = self._networks.find(address)
        if country is None and self._countries is not None:
            country = self._countries.country(address)
        return Client(address=address, country=country, networks=networks)

    def with_device(self, client: Client, claims: DeviceClaims) -> Client:
        """The client, with the device that is claimed at its address."""
        return replace(client, device=self._devices.device(client.address, claims)) if claims.are_made else client

    def without_login(self, address: str) -> Client | LoginRequired:
        """The client at `address` that sends no login."""
        entry = self._addresses.find(address)
        if entry is not None:
            somebody, by = self.somebody(address), IdentifiedBy.ADDRESS_TABLE
            return replace(somebody, user=entry.user or None, groups=entry.groups, identified_by=by)
        if self._login_required:
            return LoginRequired(problem=LoginProblem.MISSING)
        return self.somebody(address)

    def logged_in(self, address: str, name: str) -> Client | LoginRequired:
        """The client at `address` that gave the right password of `name`, if that is a user who may log in."""
        user = self._logins.user(name)
        if user is None or user.disabled:
            return LoginRequired(problem=LoginProblem.WRONG)
        return replace(self.somebody(address), user=name, groups=user.groups, identified_by=IdentifiedBy.PROXY_LOGIN)

    async def _by_login(self, address: str, proxy_authorization: str) -> Client | LoginRequired:
        credentials = _basic_credentials(proxy_authorization)
        if credentials is None:
            return LoginRequired(problem=LoginProblem.MALFORMED)
        name, password = credentials
        match await self._logins.check(address, name, password):
            case LoginOutcome.ACCEPTED:
                return self.logged_in(address, name)
            case LoginOutcome.WRONG:
                return LoginRequired(problem=LoginProblem.WRONG)
            case LoginOutcome.TOO_MANY_ATTEMPTS:
                return LoginRequired(problem=LoginProblem.TOO_MANY_ATTEMPTS)


def _basic_credentials(header: str) -> tuple[str, str] | None:
    """Name and password of a Basic header (RFC 7617), or None."""
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(token) > _LONGEST_CREDENTIALS:
        return None
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    name, colon, password = text.partition(":")
    return (name, password) if colon and name else None
