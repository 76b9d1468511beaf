"""Whether detector and profile files are sound, before anything is compiled.

Separate from the schema, which knows shapes only, and from the proof, which runs. Every problem is told with its place. It
must never stop at the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from lockgate.dlp.detector import entries
from lockgate.dlp.pattern_shape import shape_problem
from lockgate.dlp.schema import DetectorFile, Engine, ProfileFile
from lockgate.dlp.secrets_engine import PACKAGE, engine_installed, rule_names
from lockgate.dlp.validators import VALIDATOR_NAMES
from lockgate.dlp.veto import VETOES
from lockgate.facts.problem import Document, Path, Problem, nearest_name

_ID_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_ENTITY_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_CONTEXT_REACH_LIMIT = 200
_ENTITIES_LIMIT = 10
_WITHIN_LIMIT = 10_000


def detector_problems(detectors: Sequence[tuple[Document, DetectorFile]]) -> Iterator[Problem]:
    """Everything wrong with the detector files, one by one and among each other."""
    seen: dict[str, Document] = {}
    for document, file in detectors:
        yield from _id_problems(document, file.id, seen)
        yield from _entity_problems(document, file)
        yield from _engine_problems(document, file)
        yield from _rule_problems(document, file)
        yield from _pattern_problems(document, file)
        yield from _name_problems(document, ("validators",), file.validators, VALIDATOR_NAMES, "validator")
        yield from _name_problems(document, ("veto",), file.veto, VETOES, "veto")
        yield from _context_problems(document, file)
        if not file.examples.match or not file.examples.ignore:
            yield Problem(
                place=document.place(("examples",)),
                problem="a detector needs at least one example to match and one to ignore",
                help="write both under `examples:`; the near miss is what keeps alarms low",
            )


def profile_problems(
    profiles: Sequence[tuple[Document, ProfileFile]], detectors: Mapping[str, DetectorFile]
) -> Iterator[Problem]:
    """Everything wrong with the profile files."""
    families = {file.family for file in detectors.values()}
    seen: dict[str, Document] = {}
    for document, file in profiles:
        yield from _id_problems(document, file.id, seen)
        if not file.detectors:
            yield Problem(place=document.place(("detectors",)), problem="the profile has no detectors")
        yield from _together_problems(document, file)
        for index, member in enumerate(file.detectors):
            path: Path = ("detectors", index)
            if bool(member.detector) == bool(member.family):
                yield Problem(place=document.place(path), problem="name either a `detector` or a `family`")
            elif member.detector and member.detector not in detectors:
                yield _unknown(document, (*path, "detector"), "detector", member.detector, detectors)
            elif member.family and member.family not in families:
                yield _unknown(document, (*path, "family"), "family", member.family, families)


def _together_problems(document: Document, file: ProfileFile) -> Iterator[Problem]:
    if file.together is None:
        return
    for name, value, least, most in (
        ("entities", file.together.entities, 2, _ENTITIES_LIMIT), ("within", file.together.within, 1, _WITHIN_LIMIT),
    ):  # fmt: skip
        if not least <= value <= most:
            yield Problem(place=document.place(("together", name)), problem=f"{value} is outside {least} to {most}")


def _id_problems(document: Document, name: str, seen: dict[str, Document]) -> Iterator[Problem]:
    if not name or not set(name) <= _ID_LETTERS:
        yield Problem(place=document.place(("id",)), problem=f"`{name}` is not an id", help="use a-z, 0-9 and `-`")
    elif name in seen:
        yield Problem(place=document.place(("id",)), problem=f"id `{name}` is already used by {seen[name].file}")
    seen.setdefault(name, document)


def _entity_problems(document: Document, file: DetectorFile) -> Iterator[Problem]:
    named: list[tuple[Path, str]] = [(("entity",), file.entity)]
    named += [(("rules", index, "entity"), entry.entity) for index, entry in enumerate(file.rules)]
    for path, entity in named:
        if not set(entity) <= _ENTITY_LETTERS:
            problem = f"`{entity}` is not a kind of value"
            yield Problem(place=document.place(path), problem=problem, help="use A-Z and `_`, as in EMAIL")


def _engine_problems(document: Document, file: DetectorFile) -> Iterator[Problem]:
    given = {Engine.PATTERN: bool(file.patterns), Engine.KEYWORDS: bool(file.keywords), Engine.SECRETS_ENGINE: bool(file.rules)}
    needed = {Engine.PATTERN: "patterns", Engine.KEYWORDS: "keywords", Engine.SECRETS_ENGINE: "rules"}  # names need no more
    for engine, present in given.items():
        if engine is file.engine and not present:
            yield Problem(place=document.place(()), problem=f"a detector of engine `{engine}` needs `{needed[engine]}`")
        if engine is not file.engine and present:
            yield Problem(
                place=document.place((needed[engine],)), problem=f"`{needed[engine]}` means nothing to engine `{file.engine}`"
            )


def _rule_problems(document: Document, file: DetectorFile) -> Iterator[Problem]:
    if file.engine is not Engine.SECRETS_ENGINE:
        return
    if not engine_installed():
        yield Problem(
            place=document.place(("engine",)),
            problem="the secrets engine is not installed",
            help=f"install the package `{PACKAGE}`, which the gateway depends on",
        )
        return
    known = rule_names()
    for index, entry in enumerate(file.rules):
        for position, glob in enumerate(entry.rules):
            if not any(fnmatchcase(rule, glob) for rule in known):
                yield Problem(
                    place=document.place(("rules", index, "rules", position)),
                    problem=f"no rule of the secrets engine is called `{glob}`",
                    help=nearest_name(glob, known) or "the engine may have renamed it",
                )


def _pattern_problems(document: Document, file: DetectorFile) -> Iterator[Problem]:
    for index, entry in enumerate(entries(file)):
        path: Path = ("patterns", index, "regex") if file.engine is Engine.PATTERN else ("keywords", index)
        problem = shape_problem(entry.regex)
        if problem:
            yield Problem(
                place=document.place(path),
                problem=f"pattern `{entry.name}` {problem}",
                help="bound every repetition, separate them, and use `edges` instead of look-around",
            )
        if entry.needs_context and not file.context.words:
            yield Problem(
                place=document.place(path), problem=f"pattern `{entry.name}` needs context, and there are no context words"
            )


def _context_problems(document: Document, file: DetectorFile) -> Iterator[Problem]:
    for name, reach in (("before", file.context.before), ("after", file.context.after)):
        if not 0 <= reach <= _CONTEXT_REACH_LIMIT:
            yield Problem(
                place=document.place(("context", name)),
                problem=f"a reach of {reach} is outside 0 to {_CONTEXT_REACH_LIMIT} characters",
            )
    for name, words in (("words", file.context.words), ("against", file.context.against)):
        for index, word in enumerate(words):
            if not any(map(str.isalnum, word)):
                yield Problem(place=document.place(("context", name, index)), problem=f"`{word}` is not a word")


def _name_problems(
    document: Document, path: Path, names: Sequence[str], known: Mapping[str, object] | frozenset[str], kind: str
) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in known:
            yield _unknown(document, (*path, index), kind, name, known)


def _unknown(
    document: Document, path: Path, kind: str, name: str, known: Mapping[str, object] | frozenset[str] | set[str]
) -> Problem:
    return Problem(
        place=document.place(path),
        problem=f"unknown {kind} `{name}`",
        help=nearest_name(name, known) or "see the reference page",
    )
