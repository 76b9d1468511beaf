"""The shape of `users.yaml`: people with passwords, networks that stand for people, and networks that have a name.

Separate so that the file is checked in one place, whoever reads it. YAML is read by `home`; this file sees a typed object.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network

from lockgate.facts.problem import Document, Path, Problem, UsageError
from lockgate.identity.passwords import is_password_hash

_CONFIG = {"extra": "forbid"}
_NETWORK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEntry:
    """A person who logs in to the proxy. `password` is an Argon2id hash, as `lockgate user add` writes it."""

    __pydantic_config__ = _CONFIG
    name: str
    password: str = field(repr=False)
    groups: tuple[str, ...] = ()
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressEntry:
    """A network whose traffic is attributed without login. `user` may be empty: then only the groups are known."""

    __pydantic_config__ = _CONFIG
    network: str
    user: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEntry:
    """A network of the organisation's own: its name for it, and the country it is in. A name may have several networks."""

    __pydantic_config__ = _CONFIG
    name: str
    network: str
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersFile:
    """Everything in `users.yaml`."""

    __pydantic_config__ = _CONFIG
    users: tuple[UserEntry, ...] = ()
    addresses: tuple[AddressEntry, ...] = ()
    networks: tuple[NetworkEntry, ...] = ()


def check_users(document: Document, users: UsersFile) -> None:
    """What types alone cannot say. Raises UsageError listing every problem with its place."""
    problems = [
        *_user_problems(document, users.users),
        *_network_problems(document, "addresses", ((entry.network, entry.network) for entry in users.addresses)),
        *_network_problems(
            document, "networks", ((entry.network, f"{entry.network} {entry.name}") for entry in users.networks)
        ),
        *_named_network_problems(document, users.networks),
    ]
    if problems:
        raise UsageError(*problems)


def _user_problems(document: Document, users: tuple[UserEntry, ...]) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, user in enumerate(users):
        at: Path = ("users", index)
        if not is_user_name(user.name):
            problems.append(
                Problem(
                    place=document.place((*at, "name")),
                    problem=f"`{user.name}` cannot be a user name",
                    help="no colon, no spaces around it, no control characters, at most 128 characters",
                )
            )
        if user.name in seen:
            problems.append(Problem(place=document.place((*at, "name")), problem=f"user `{user.name}` is listed twice"))
        seen.add(user.name)
        if not is_password_hash(user.password):
            # The value is not shown: it may be the password itself.
            problems.append(
                Problem(
                    place=document.place((*at, "password")),
                    problem=f"the password of `{user.name}` is not an Argon2id hash",
                    help="never write a password here; `lockgate user add` makes the entry",
                )
            )
    return problems


def _network_problems(document: Document, table: str, written: Iterable[tuple[str, str]]) -> list[Problem]:
    """Of a table's networks, each with what may stand there only once."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, (text, once) in enumerate(written):
        place = document.place((table, index, "network"))
        try:
            network = ip_network(text)
        except ValueError as error:
            problems.append(Problem(place=place, problem=f"`{text}` is not a network: {error}", help="for example 10.1.2.0/24"))
            continue
        key = once.replace(text, str(network), 1)
        if key in seen:
            problems.append(Problem(place=place, problem=f"network `{network}` is listed twice"))
        seen.add(key)
    return problems


def _named_network_problems(document: Document, entries: tuple[NetworkEntry, ...]) -> list[Problem]:
    problems: list[Problem] = []
    countries: dict[str, str] = {}
    for index, entry in enumerate(entries):
        at: Path = ("networks", index)
        if not _NETWORK_NAME.match(entry.name):
            problem = f"`{entry.name}` cannot be the name of a network"
            help_text = "letters, digits, `-`, `_` and `.`, at most 64, as policies will name it in `source.network`"
            problems.append(Problem(place=document.place((*at, "name")), problem=problem, help=help_text))
        if entry.country and not _COUNTRY.match(entry.country):
            problem, help_text = f"`{entry.country}` is not a country code", "two capital letters, for example DE"
            problems.append(Problem(place=document.place((*at, "country")), problem=problem, help=help_text))
        elif entry.country and countries.setdefault(entry.network, entry.country) != entry.country:
            problem = f"network `{entry.network}` is in {countries[entry.network]} by an entry above"
            problems.append(Problem(place=document.place((*at, "country")), problem=problem, help="say one country for it"))
    return problems


def is_user_name(name: str) -> bool:
    """Whether people can log in under this name (RFC 7617 allows no colon)."""
    return 0 < len(name) <= 128 and name == name.strip() and ":" not in name and name.isprintable()
