"""Do files contradict one another? The same id twice, the same host claimed by two apps.

Separate because it is about several files, where `check.py` is about one. It must never choose between two claims: the operator
does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

from lockgate.apps.check import AppSource
from lockgate.apps.pattern import fixed_domain
from lockgate.apps.pattern_meet import common_host, common_path
from lockgate.apps.schema import OwnedPath
from lockgate.facts.problem import Path, Problem


def overlaps(sources: Sequence[AppSource]) -> list[Problem]:
    """Every contradiction, told at the later of the two places."""
    return [*_same_id(sources), *_same_host(sources), *_same_pattern(sources), *_same_path(sources)]


def _same_id(sources: Sequence[AppSource]) -> Iterator[Problem]:
    seen: dict[str, AppSource] = {}
    for source in sources:
        first = seen.setdefault(source.file.id, source)
        if first is not source:
            problem = f"app `{source.file.id}` already exists in {first.document.file}"
            yield Problem(
                place=source.document.place(("id",)), problem=problem, help="give it another id, or merge the two files"
            )


def _same_host(sources: Sequence[AppSource]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], AppSource] = {}
    for source in sources:
        hosts = source.file.hosts
        for kind, names in (("suffix", hosts.suffix), ("exact", hosts.exact), ("regex", hosts.regex)):
            for index, name in enumerate(names):
                first = seen.setdefault((kind, name), source)
                if first is not source:
                    path: Path = ("hosts", kind, index)
                    problem = f"`{name}` already belongs to app `{first.file.id}`"
                    help_text = "one of the two may own only paths of it: list them under `also`"
                    yield Problem(place=source.document.place(path), problem=problem, help=help_text)


def _same_pattern(sources: Sequence[AppSource]) -> Iterator[Problem]:
    """Host patterns of two apps that one name can match: neither is more specific than the other."""
    by_domain: dict[str, list[tuple[AppSource, int, str]]] = {}
    for source in sources:
        for index, text in enumerate(source.file.hosts.regex):
            by_domain.setdefault(fixed_domain(text), []).append((source, index, text))
    for (first, _, theirs), (source, index, text) in _neighbours(by_domain, _above):
        # The same text twice was told already.
        example = None if first is source or text == theirs else common_host(text, theirs)
        if example is not None:
            yield Problem(
                place=source.document.place(("hosts", "regex", index)),
                problem=f"`{text}` and `{theirs}` of app `{first.file.id}` may both match {_shown(example, 'a host')}",
                help="narrow one of them, or list the names that belong to one app under `exact`",
            )


def _same_path(sources: Sequence[AppSource]) -> Iterator[Problem]:
    """Paths of one host that two apps own and one request can have."""
    by_host: dict[str, list[tuple[AppSource, int, OwnedPath]]] = {}
    for source in sources:
        for index, owned in enumerate(source.file.hosts.also):
            by_host.setdefault(owned.host, []).append((source, index, owned))
    for (first, _, theirs), (source, index, owned) in _neighbours(by_host, _wider):
        example = None if first is source else _common_request(owned, theirs)
        if example is not None:
            both = f"`{owned.path}` and `{theirs.path}` of app `{first.file.id}`"
            yield Problem(
                place=source.document.place(("hosts", "also", index, "path")),
                problem=f"{both} may both match {_shown(example, 'a path')} of `{owned.host}`",
                help="begin both patterns with different fixed text",
            )


def _neighbours[T](by_name: Mapping[str, Sequence[T]], above: Callable[[str], Iterable[str]]) -> Iterator[tuple[T, T]]:
    """Every two entries of one name, or of a name and one above it."""
    for name, here in by_name.items():
        yield from combinations(here, 2)
        for one_above in above(name):
            yield from product(by_name.get(one_above, ()), here)


def _above(name: str) -> Iterator[str]:
    """What is left of a name after each dot."""
    while "." in name:
        name = name.partition(".")[2]
        yield name


def _wider(host: str) -> Iterator[str]:
    """The other entries of `also` that take in `host`, which is a name or `*.name`."""
    return (f"*.{name}" for name in _above(host.removeprefix("*.")))


def _common_request(one: OwnedPath, other: OwnedPath) -> str | None:
    """A path of a request that both could own, None when there is none."""
    if any(other.query.get(name, value) != value for name, value in one.query.items()):
        return None
    return common_path(one.path, other.path)


def _shown(example: str, otherwise: str) -> str:
    return f"`{example}`" if example else otherwise
