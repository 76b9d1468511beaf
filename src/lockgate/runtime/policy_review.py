"""Looking at a policy file as whoever writes it wants it looked at: problems and notes at once, also of style.

Separate from building a snapshot, which wants a policy or the reasons why there is none.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lockgate.apps.library import AppLibrary
from lockgate.facts.problem import Document, Place, Problem, UsageError
from lockgate.gate.context import DecryptScope
from lockgate.home.policy_files import cases_file, with_lists
from lockgate.home.reading import read_document, shown
from lockgate.home.settings import Settings
from lockgate.policy import Ruleset, compile_policy
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.long_captures import long_captures
from lockgate.runtime.redirect_loops import redirect_loops
from lockgate.runtime.undecrypted import undecrypted


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What was found. `ruleset` is absent when there are problems."""

    ruleset: Ruleset | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


class Reviewer:
    """Looks at policies of one home."""

    def __init__(self, names: KnownNames, settings: Settings) -> None:
        self._library = names.library
        self._settings = settings
        self._decrypts = decrypts(settings, names.library)
        self._names = replace(names.vocabulary(), decrypts=self._decrypts)

    def review(self, file: Path) -> Review:
        """The policy in `file`."""
        try:
            document = with_lists(read_document(file, placed=True), file)
            ruleset = compile_policy(document, self._names, style=True)
        except UsageError as error:
            return Review(ruleset=None, problems=error.problems, notes=error.notes)
        loops = redirect_loops(ruleset, self._library, document)
        notes = (*without_cases(file), *ruleset.notes, *self._of_settings(ruleset, document))
        return Review(ruleset=None if loops else ruleset, problems=loops, notes=notes)

    def _of_settings(self, ruleset: Ruleset, document: Document) -> tuple[Problem, ...]:
        """What the policy asks for that the settings do not give."""
        return (
            *undecrypted(ruleset, document, self._decrypts),
            *long_captures(ruleset, document, self._settings.records.retention_days),
        )


def without_cases(file: Path) -> tuple[Problem, ...]:
    """A note when nothing says what is expected of a policy."""
    cases = cases_file(file)
    if cases.exists():
        return ()
    place = Place(file=shown(file), line=1, column=1)
    help_text = f"write them in {shown(cases)}; policies/README.md has the format"
    return (Problem(place=place, problem="no cases say what is expected of this policy", help=help_text, code="no-cases"),)


def decrypts(settings: Settings, library: AppLibrary) -> Callable[[str], bool]:
    """Whether connections to a host are decrypted, as `GateContext.decrypts`; of `*.name`, whether any below it may be."""
    scope = DecryptScope(settings.decrypt.value)
    if scope is DecryptScope.ALL:
        return lambda _host: True
    listed = tuple(f".{suffix}" for suffix in settings.decrypt_hosts)
    known = listed if scope is DecryptScope.LISTED else (*library.host_suffixes(), *listed)
    return _among(known)


def _among(names: Iterable[str]) -> Callable[[str], bool]:
    """Whether a host, or one below `*.name`, may be one of `names`; below these too where they begin with `.` or `*.`."""
    fixed = {name: name.removeprefix("*").removeprefix(".") for name in names}
    trees = {host for name, host in fixed.items() if name.startswith((".", "*"))}
    hosts = set(fixed.values()) - trees
    # Asked for every host of thousands of rules: nothing may be looked for among all names.
    above = {parent for host in fixed.values() for parent in tuple(_upwards(host))[1:]}

    def may_be(host: str) -> bool:
        wanted = host.removeprefix("*.")
        return any(parent in trees for parent in _upwards(wanted)) or wanted in (above if wanted != host else hosts)

    return may_be


def _upwards(host: str) -> Iterator[str]:
    """The host and the domains it is in."""
    while host:
        yield host
        _, _, host = host.partition(".")
