"""Do files contradict one another? The same id twice, the same host claimed by two apps.

Separate because it is about several files, where `check.py` is about one. It must never choose between two claims: the operator
does.
"""

from collections.abc import Iterator, Sequence

from lockgate.apps.check import AppSource
from lockgate.apps.pattern import fixed_prefix
from lockgate.apps.schema import OwnedPath
from lockgate.facts.problem import Path, Problem


def overlaps(sources: Sequence[AppSource]) -> list[Problem]:
    """Every contradiction, told at the later of the two places."""
    return [*_same_id(sources), *_same_host(sources), *_same_path(sources)]


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


def _same_path(sources: Sequence[AppSource]) -> Iterator[Problem]:
    seen: dict[str, list[tuple[AppSource, OwnedPath]]] = {}
    for source in sources:
        for index, owned in enumerate(source.file.hosts.also):
            for other, theirs in seen.setdefault(owned.host, []):
                if other is not source and _may_meet(owned, theirs):
                    problem = (
                        f"`{owned.path}` and `{theirs.path}` of app `{other.file.id}` may both match a path of `{owned.host}`"
                    )
                    place = source.document.place(("hosts", "also", index, "path"))
                    yield Problem(place=place, problem=problem, help="begin both patterns with different fixed text")
            seen[owned.host].append((source, owned))


def _may_meet(one: OwnedPath, other: OwnedPath) -> bool:
    """Whether both could own the same request: not when their fixed beginnings differ, or the values of a parameter."""
    if any(other.query.get(name, value) != value for name, value in one.query.items()):
        return False
    first, second = fixed_prefix(one.path), fixed_prefix(other.path)
    return first.startswith(second) or second.startswith(first)
