"""Which apps of the library a command is about.

Separate from showing them because a name that fits nothing has to be answered with one that does, whatever the command.
"""

from dataclasses import dataclass

from lockgate.apps.library import AppLibrary
from lockgate.cli.app_text import is_readable
from lockgate.facts.app import App, ReviewStatus
from lockgate.facts.problem import Problem, UsageError, nearest_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; all of it must hold."""

    category: str | None = None
    status: str | None = None
    vendor: str | None = None
    search: str | None = None
    readable: bool = False


def choose(library: AppLibrary, wanted: Wanted) -> list[App]:
    """The apps that are wanted, by id. Raises UsageError for a category, status or vendor that there is none of."""
    names = library.names()
    category = _one_of("category", wanted.category, names.categories)
    status = _one_of("status", wanted.status, {status.value for status in ReviewStatus})
    vendor = _one_of("vendor", wanted.vendor, names.vendors)
    at_host = _at_host(library, wanted.search or "")
    return [
        app
        for app in library.apps
        if category in (None, app.category) and status in (None, app.status.value) and vendor in (None, app.vendor)
        if not wanted.readable or is_readable(library, app)
        if not wanted.search or app.id in at_host or _mentions(library, app, wanted.search)
    ]


def nothing_chosen(library: AppLibrary, wanted: Wanted) -> str:
    """What to say when no app is wanted: what the library has instead."""
    near = nearest_name(wanted.search.lower(), library.names().apps) if wanted.search else ""
    return f"no app of {len(library.apps)} fits" + (f"; {near}" if near else "")


def named_app(library: AppLibrary, name: str) -> App:
    """The app with this id, or else the one this host belongs to. Raises UsageError when there is none."""
    app = library.get(name)
    if app is not None:
        return app
    found = library.host(name)
    if found is not None and found.app is not None:
        return found.app
    if found is not None:
        ids = ", ".join(f"`{app.id}`" for app in found.by_path)
        raise UsageError(Problem(problem=f"only paths of `{name}` belong to an app", help=f"show {ids}"))
    by_name = {app.name.lower(): app.id for app in library.apps}
    near = by_name.get(name.lower()) or ""
    help_text = f"its id is `{near}`" if near else nearest_name(name, library.names().apps)
    raise UsageError(Problem(problem=f"unknown app `{name}`", help=help_text or "all apps: lockgate apps list"))


def _one_of(what: str, name: str | None, known: frozenset[str] | set[str]) -> str | None:
    """`name` as it is written in the library."""
    if name is None:
        return None
    by_lower = {each.lower(): each for each in known}
    found = by_lower.get(name.lower())
    if found is None:
        near = nearest_name(name.lower(), by_lower)
        few = f"known: {', '.join(sorted(known))}" if len(known) <= _FEW else f"there are {len(known)}; try --search"
        raise UsageError(Problem(problem=f"unknown {what} `{name}`", help=near or few))
    return found


_FEW = 30


def _at_host(library: AppLibrary, text: str) -> set[str]:
    found = library.host(text) if "." in text and " " not in text else None
    return set() if found is None else {app.id for app in (found.app, *found.by_path) if app is not None}


def _mentions(library: AppLibrary, app: App, text: str) -> bool:
    source = library.source(app.id)
    words = [app.id, app.name, app.vendor]
    if source is not None:
        hosts = source.file.hosts
        words += [source.file.notes, *hosts.suffix, *hosts.exact, *hosts.regex, *(owned.host for owned in hosts.also)]
    said = "\n".join(words).lower()
    return all(word in said for word in text.lower().split())
