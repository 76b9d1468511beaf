"""The shape of `users.yaml`: people with passwords, and networks that stand for people.

Separate so that the file is checked in one place, whoever reads it. YAML is read by `home`; this file sees a typed object.
"""

from dataclasses import dataclass, field
from ipaddress import ip_network

from lockgate.facts.problem import Document, Path, Problem, UsageError
from lockgate.identity.passwords import is_password_hash

_CONFIG = {"extra": "forbid"}


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
class UsersFile:
    """Everything in `users.yaml`."""

    __pydantic_config__ = _CONFIG
    users: tuple[UserEntry, ...] = ()
    addresses: tuple[AddressEntry, ...] = ()


def check_users(document: Document, users: UsersFile) -> None:
    """What types alone cannot say. Raises UsageError listing every problem with its place."""
    problems = [*_user_problems(document, users.users), *_address_problems(document, users.addresses)]
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


def _address_problems(document: Document, addresses: tuple[AddressEntry, ...]) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[object] = set()
    for index, entry in enumerate(addresses):
        place = document.place(("addresses", index, "network"))
        try:
            network = ip_network(entry.network)
        except ValueError as error:
            problems.append(
                Problem(place=place, problem=f"`{entry.network}` is not a network: {error}", help="for example 10.1.2.0/24")
            )
            continue
        if network in seen:
            problems.append(Problem(place=place, problem=f"network `{network}` is listed twice"))
        seen.add(network)
    return problems


def is_user_name(name: str) -> bool:
    """Whether people can log in under this name (RFC 7617 allows no colon)."""
    return 0 < len(name) <= 128 and name == name.strip() and ":" not in name and name.isprintable()
