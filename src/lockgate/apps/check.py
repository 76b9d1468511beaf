"""Is one app file sound by itself? Everything that types alone cannot say.

Separate from the library so that a file can be checked alone. It must report all problems of a file at once, each with its
place, and never look at another file: what several files make of each other is settled in `library.py`.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from lockgate.apps.clues import compile_clue
from lockgate.apps.description_check import check_description
from lockgate.apps.evidence import ALL_TIERS, UNDISCLOSED, Evidence, named_tiers
from lockgate.apps.pattern import fixed_domain, host_pattern, path_pattern
from lockgate.apps.rubric import Rubric
from lockgate.apps.schema import AppFile
from lockgate.apps.vocabulary import EvidenceState
from lockgate.facts.problem import Document, Path, Problem, nearest_name

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})+\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_LONGEST_QUOTE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSource:
    """One app file with where it came from.

    `overridden` names the fields a home file put in place of the shipped ones. `proven` says that it passed every check before,
    as it is now.
    """

    document: Document
    file: AppFile
    overridden: tuple[str, ...] = ()
    proven: bool = False


def check_app(source: AppSource, rubric: Rubric, formats: Collection[str]) -> tuple[Problem, ...]:
    """Every problem of one file."""
    found = (*_identity(source.file), *_hosts(source.file), *_operations(source.file, formats), *_clues(source.file))
    rest = (*_tiers(source.file), *_evidence(source.file, rubric), *_samples(source.file))
    return tuple(Problem(place=source.document.place(path), problem=problem, help=step) for path, problem, step in found + rest)


type _Finding = tuple[Path, str, str]


def _identity(file: AppFile) -> Iterator[_Finding]:
    if not _ID.match(file.id):
        yield ("id",), f"`{file.id}` is not an id", "use lower-case letters, digits and single hyphens"
    if file.country is not None and not _COUNTRY.match(file.country):
        yield (
            ("country",),
            f"`{file.country}` is not a country code",
            "write the ISO 3166-1 code of two capital letters, such as US",
        )


def _hosts(file: AppFile) -> Iterator[_Finding]:
    hosts = file.hosts
    if not (hosts.suffix or hosts.exact or hosts.regex or hosts.also):
        yield ("hosts",), "no host belongs to this app", "give suffix, exact, regex or also"
    for kind, names in (("suffix", hosts.suffix), ("exact", hosts.exact)):
        for index, name in enumerate(names):
            if not _HOST.match(name):
                yield (
                    ("hosts", kind, index),
                    f"`{name}` is not a host name",
                    "lower case, at least two labels, no port and no `*`",
                )
    for index, text in enumerate(hosts.regex):
        yield from _refused(("hosts", "regex", index), host_pattern, text)
    for index, owned in enumerate(hosts.also):
        if not _HOST.match(owned.host.removeprefix("*.")):
            yield (
                ("hosts", "also", index, "host"),
                f"`{owned.host}` is not a host name",
                "write `name` or `*.name` in lower case",
            )
        yield from _refused(("hosts", "also", index, "path"), path_pattern, owned.path)


def _operations(file: AppFile, formats: Collection[str]) -> Iterator[_Finding]:
    seen: set[str] = set()
    for index, signature in enumerate(file.operations):
        place = ("operations", index)
        if signature.id in seen:
            yield (*place, "id"), f"operation `{signature.id}` is given twice", "give each a name of its own"
        seen.add(signature.id)
        yield from _refused((*place, "path"), path_pattern, signature.path)
        if signature.format is not None and signature.format not in formats:
            known = f"known formats: {', '.join(sorted(formats))}"
            yield (*place, "format"), f"unknown format `{signature.format}`", nearest_name(signature.format, formats) or known
        yield from check_description(file, index)
        if signature.answers is not None and signature.format is None and signature.reads is None:
            yield (*place, "answers"), "nothing hears the answer", "give `format`, or `reads` with `answer`"
        for host in signature.hosts:
            if not _is_own(host, file):
                yield (*place, "host"), f"`{host}` is not a host of this app", "the operation could never be recognised"
        for method in signature.methods:
            if not method.isupper():
                yield (*place, "method"), f"`{method}` is not a method", "write it in capitals, such as POST"


def _is_own(host: str, file: AppFile) -> bool:
    """Whether requests to `host` (a name, or `*.name`) can go to this app at all."""
    hosts = file.hosts
    name = host.removeprefix("*.")
    if any(name == suffix or name.endswith(f".{suffix}") for suffix in hosts.suffix):
        return True
    named = (*hosts.suffix, *hosts.exact, *(owned.host for owned in hosts.also))
    if host.startswith("*."):
        below = (*named, *(f"x.{fixed_domain(text)}" for text in hosts.regex))
        return any(one.endswith(f".{name}") for one in below)
    return host in named or any(re.match(text, host) for text in hosts.regex if not _problem(host_pattern, text))


def _clues(file: AppFile) -> Iterator[_Finding]:
    tiers = {tier.id for tier in file.tiers}
    for kind, clues in (
        ("tenant", file.tenant), ("tier", file.tier), ("conversation", file.conversation), ("task", file.task),
    ):  # fmt: skip
        for index, clue in enumerate(clues):
            place = (kind, index)
            yield from _refused(place, compile_clue, clue)
            if kind != "tier" and (clue.values or clue.tier):
                yield place, f"a {kind} clue gives its value as it is", "`values` and `tier` belong under `tier:`"
            if kind != "tenant" and clue.response_header:
                yield place, f"a {kind} is read from requests", "`response_header` belongs under `tenant:`"
            if kind == "tier" and not (clue.values or clue.tier):
                yield place, "a tier clue leads to no tier", "give `values` (what is shown: tier id) or `tier`"
            for named in sorted({*clue.values.values(), clue.tier} - {""} - tiers):
                yield place, f"unknown tier `{named}`", nearest_name(named, tiers) or "list it under `tiers`"


def _tiers(file: AppFile) -> Iterator[_Finding]:
    seen: set[str] = set()
    for index, tier in enumerate(file.tiers):
        if not _ID.match(tier.id) or tier.id == ALL_TIERS:
            yield (
                ("tiers", index, "id"),
                f"`{tier.id}` is not a tier id",
                f"lower-case letters, digits and hyphens, and not `{ALL_TIERS}`",
            )
        if tier.id in seen:
            yield ("tiers", index, "id"), f"tier `{tier.id}` is given twice", "keep one of them"
        seen.add(tier.id)


def _evidence(file: AppFile, rubric: Rubric) -> Iterator[_Finding]:
    tiers = {tier.id for tier in file.tiers} | {ALL_TIERS}
    components = {component.id: component for component in rubric.components}
    seen: set[tuple[str, str]] = set()
    for key, answers in file.evidence.items():
        for tier in named_tiers(key):
            if tier not in tiers:
                yield ("evidence", key), f"unknown tier `{tier}`", nearest_name(tier, tiers) or "list it under `tiers`"
            for name in answers:
                if (tier, name) in seen:
                    yield ("evidence", key, name), f"`{name}` of tier `{tier}` is answered twice", "keep one of them"
                seen.add((tier, name))
        for name, evidence in answers.items():
            place = ("evidence", key, name)
            component = components.get(name)
            if component is None:
                yield (
                    place,
                    f"unknown component `{name}`",
                    nearest_name(name, components) or "see the rubric for its components",
                )
            elif component.answer(evidence.answer) is None:
                known = ", ".join(answer.id for answer in component.answers)
                yield place, f"`{evidence.answer}` is not an answer to `{name}`", f"possible answers: {known}"
            yield from ((place, problem, step) for problem, step in _answer(evidence))


def _answer(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if evidence.state is EvidenceState.CONFIRMED and not (evidence.source and evidence.kind):
        yield "a confirmed answer says where it was read", "give `source` and `kind`, or set the state to `unverified`"
    if (evidence.state is EvidenceState.UNKNOWN) != (evidence.answer == UNDISCLOSED):
        yield "`undisclosed` and the state `unknown` go together", "an answer is either known from somewhere or undisclosed"
    for quote in (evidence.quote, *(check.quote for check in evidence.checks.values())):
        if len(quote.split()) > _LONGEST_QUOTE:
            yield f"the quote has more than {_LONGEST_QUOTE} words", "keep the words that prove the answer"


def _samples(file: AppFile) -> Iterator[_Finding]:
    if not file.samples:
        yield ("samples",), "no sample shows that this file works", "add a request and what must be recognised in it"


def _refused[T](place: Path, compiler: Callable[[T], object], given: T) -> Iterator[_Finding]:
    problem = _problem(compiler, given)
    if problem:
        yield place, problem, ""


def _problem[T](compiler: Callable[[T], object], given: T) -> str:
    try:
        compiler(given)
    except ValueError as error:
        return str(error)
    return ""
