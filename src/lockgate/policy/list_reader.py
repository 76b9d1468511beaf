"""From `lists` of a policy file to named lists, entry by entry, whether they stand there or in a file beside it.

Separate because a file of entries has a format of its own: one on each line, `#` begins a comment. It must never open one:
their texts come with the document.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lockgate.facts.problem import Path, Place
from lockgate.policy.fields import Fields, is_mapping
from lockgate.policy.named_list import ListKind, Lists, NamedList
from lockgate.policy.operand import HostsWithin, InNetworks, OneOf
from lockgate.policy.report import Report
from lockgate.policy.word_operands import below, host_name, host_of, network_from, network_of
from lockgate.policy.written import Written, word_of

_KEYS = ("kind", "file", "entries")
_WHAT = {ListKind.HOSTS: "host", ListKind.NETWORKS: "network", ListKind.WORDS: "word"}


@dataclass(frozen=True, slots=True)
class _Entries:
    """The entries of a list: their values, and `written` for where one stands, which few are ever asked for."""

    values: list[object]
    written: Callable[[int], Written]

    def read[T](self, plain: Callable[[object], T | None], reported: Callable[[Written], T | None]) -> Iterator[T]:
        """Each entry as `plain` reads it; `reported` says what is wrong with one that it cannot read."""
        for index, value in enumerate(self.values):
            found = plain(value)
            if found is not None:
                yield found
            else:
                reported(self.written(index))

    def place_of(self, word: str) -> Place | None:
        """Where a word stands."""
        return self.written(self.values.index(word)).stands_at if word in self.values else None


def _no_entry(index: int) -> Written:
    raise IndexError(index)


_NONE = _Entries([], _no_entry)


def read_lists(policy: Fields) -> Lists:
    """Every list of a policy. One that is wrong is reported once, not again by each rule that names it."""
    return Lists({name: _list(policy.report, name, value) for name, value in policy.mapping("lists").items()})


def _list(report: Report, name: str, value: object) -> NamedList:
    path: Path = ("lists", name)
    if not is_mapping(value):
        return _of_kind(ListKind.HOSTS, _inline(report, value, path, ListKind.HOSTS))
    fields = Fields(report, value, path, _KEYS, what="a list")
    kind = ListKind(fields.choice("kind", "kind of list", frozenset(ListKind), ListKind.HOSTS))
    if ("file" in fields) == ("entries" in fields):
        report.wrong(
            path, "a list has `entries`, or a `file` with them", f"write `{name}: {{kind: {kind}, file: lists/{name}.txt}}`"
        )
        return _of_kind(kind, _NONE)
    if "file" in fields:
        return _of_kind(kind, _in_file(report, fields, kind))
    return _of_kind(kind, _inline(report, fields.value("entries"), (*path, "entries"), kind))


def _inline(report: Report, value: object, path: Path, kind: ListKind) -> _Entries:
    entries = Written(value=value, path=path, report=report, what=_WHAT[kind], known=None).entries
    return _Entries([entry.value for entry in entries], entries.__getitem__)


def _in_file(report: Report, fields: Fields, kind: ListKind) -> _Entries:
    """The entries of a list's file, each with its line."""
    named, path = fields.text("file"), fields.at("file")
    attached = report.document.attached.get(named)
    if attached is None or attached.problem:
        why = (
            attached.problem if attached is not None else f"the list file `{named}` does not lie below the folder of its policy"
        )
        report.wrong(path, why, "the path goes from the folder of the policy file: lists/name.txt")
        return _NONE
    lines = [(number, line, text) for number, line in enumerate(attached.text.splitlines(), 1) if (text := _entry(line))]
    if not lines:
        problem = f"the list file `{attached.file}` has no entries, so nothing could ever be on it"
        report.wrong(path, problem, "write one on each line", code="empty-list")

    def written(index: int) -> Written:
        number, line, text = lines[index]
        place = Place(file=attached.file, line=number, column=line.index(text) + 1)
        return Written(value=text, path=path, report=report, what=_WHAT[kind], known=None, place=place)

    return _Entries([text for _, _, text in lines], written)


def _entry(line: str) -> str:
    """What a line says; nothing when it is a comment."""
    text = line.strip()
    if "#" not in text:
        return text
    return "" if text.startswith("#") else text.partition(" #")[0].partition("\t#")[0].strip()


def _of_kind(kind: ListKind, entries: _Entries) -> NamedList:
    match kind:
        case ListKind.HOSTS:
            has: HostsWithin | InNetworks | OneOf = below(entries.read(host_of, host_name))
        case ListKind.NETWORKS:
            has = InNetworks(tuple(dict.fromkeys(entries.read(network_from, network_of))))
        case ListKind.WORDS:
            has = OneOf(frozenset(entries.read(_word, word_of)))
    return NamedList(kind=kind, has=has, place_of=entries.place_of)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
