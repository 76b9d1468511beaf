"""Whose host is it? The most specific claim wins, and the order of the files never matters.

For the host itself: an exact name before a pattern before the longest suffix. A path in `also` wins over all three for the
requests it matches. `overlap.py` refuses every library in which these rules leave two apps.

Separate because it is asked for every connection through the gateway: a few dictionary look-ups per label, whatever the size of
the library. It must never see a path before it is decrypted, and never decide between apps that claim the same name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lockgate.apps.canonical import canonical_host, canonical_path, query_values
from lockgate.apps.pattern import LatePattern, fixed_domain
from lockgate.apps.schema import Hosts, OwnedPath
from lockgate.facts.traffic import Request


@dataclass(frozen=True, slots=True)
class PathOwner:
    """An app that owns some paths of a host. `decrypts` says whether that alone is a reason to decrypt the host."""

    app: str
    path: LatePattern
    query: tuple[tuple[str, str], ...]
    decrypts: bool

    def owns(self, request: Request, path: str) -> bool:
        """Whether `request`, whose canonical path is `path`, goes to the app."""
        if self.path.match(path) is None:
            return False
        return not self.query or set(self.query) <= query_values(request).items()


@dataclass(frozen=True, slots=True)
class HostOwners:
    """What is known about one host: the app that owns all of it, and the apps that own paths inside it."""

    whole: str | None
    by_path: tuple[PathOwner, ...]


@dataclass(slots=True)
class HostIndex:
    """Built once with `add`, then only read."""

    _exact: dict[str, str] = field(default_factory=dict[str, str])
    _suffix: dict[str, str] = field(default_factory=dict[str, str])
    _patterns: dict[str, list[tuple[LatePattern, str]]] = field(default_factory=dict[str, list[tuple[LatePattern, str]]])
    _paths_exact: dict[str, tuple[PathOwner, ...]] = field(default_factory=dict[str, tuple[PathOwner, ...]])
    _paths_below: dict[str, tuple[PathOwner, ...]] = field(default_factory=dict[str, tuple[PathOwner, ...]])

    def add(self, app: str, hosts: Hosts) -> None:
        """Enter an app with every host it owns, and those in which it owns paths."""
        self._exact.update(dict.fromkeys(hosts.exact, app))
        self._suffix.update(dict.fromkeys(hosts.suffix, app))
        for text in hosts.regex:
            self._patterns.setdefault(fixed_domain(text), []).append((LatePattern(text), app))
        for owned in hosts.also:
            index, name = (
                (self._paths_below, owned.host[2:]) if owned.host.startswith("*.") else (self._paths_exact, owned.host)
            )
            index[name] = (*index.get(name, ()), _path_owner(app, owned))

    def find(self, host: str) -> HostOwners | None:
        """Who owns `host`, or None when nobody owns any of it. Never raises."""
        name = canonical_host(host)
        whole = self._exact.get(name)
        by_path = self._paths_exact.get(name, ())
        suffix: str | None = None
        parent, at = name, -1
        while True:
            if whole is None and parent in self._patterns:
                whole = next((app for pattern, app in self._patterns[parent] if pattern.match(name)), None)
            if suffix is None:
                suffix = self._suffix.get(parent)
            at = name.find(".", at + 1)
            if at < 0:
                break
            parent = name[at + 1 :]
            if parent in self._paths_below:
                by_path += self._paths_below[parent]
        whole = whole or suffix
        return HostOwners(whole, by_path) if whole or by_path else None

    def owner(self, request: Request) -> str | None:
        """The app `request` goes to, None when it goes to no app. Never raises."""
        found = self.find(request.host)
        if found is None:
            return None
        if found.by_path:
            path = canonical_path(request.path)
            if path is not None:
                for owner in found.by_path:
                    if owner.owns(request, path):
                        return owner.app
        return found.whole


def _path_owner(app: str, owned: OwnedPath) -> PathOwner:
    return PathOwner(app, LatePattern(owned.path), tuple(owned.query.items()), owned.decrypt)


def claimed_names(hosts: Hosts) -> Iterator[str]:
    """Names at or below which is everything that an app claims, in whatever way."""
    yield from hosts.exact
    yield from hosts.suffix
    yield from map(fixed_domain, hosts.regex)
    yield from (owned.host.removeprefix("*.") for owned in hosts.also)


def is_claimed(host: str, names: frozenset[str]) -> bool:
    """Whether `host` is one of `names` or below one."""
    while host:
        if host in names:
            return True
        host = host.partition(".")[2]
    return False


def fits_host(host: str, restriction: tuple[str, ...]) -> bool:
    """Whether `host` is one of the names in `restriction` (`*.name` for every name below it)."""
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in restriction)
