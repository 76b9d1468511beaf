"""Names of people, told by lists of given and family names and by how they stand in a text.

Separate because a name is nothing a pattern could describe: what counts is which words stand together, how they are written,
and what stands before them. Words with a capital (or of a script that has none) are looked up in sets, so that it stays far
below what a language model takes. It must never call a single ordinary word a name because somebody is called so.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from lockgate.facts.finding import DetectionConfidence

_LETTER = r"[^\W\d_]"
_CAPITAL = re.compile(rf"(?<![\w@./\\-])[^\W\d_a-z](?:{_LETTER}|['\u2019-](?={_LETTER}))*")
_ASCII_CAPITAL = re.compile(r"(?<![\w@./\\-])[A-Z](?:[A-Za-z]+|['-](?=[A-Za-z]))*")
_SMALL = re.compile(r"(?<![\w@./\\-])[a-z][a-z'\u2019-]*[a-z](?![\w@-])")
_GAP = re.compile(
    r"(?P<dot>\.)? (?:(?:de|da|do|dos|das|di|du|del|della|der|den|van|von|zu|zur|la|le|el|al|bin|ibn|ben|ten|ter|y|e) ){0,3}"
)
_LONGEST_BEFORE = 12
_MOST_WORDS = 5
_SHORTEST_ALONE = 4
_LONGEST_ACRONYM = 5
_TITLES = frozenset({
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "madam", "herr", "frau", "monsieur", "madame", "mme",
    "mlle", "señor", "señora", "señorita", "sr", "sra", "signor", "signora", "dott", "dra", "senhor", "senhora", "pan",
    "pani",
})  # fmt: skip
_NO_PERSON = frozenset({
    "street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "drive", "court", "square", "inc", "ltd",
    "llc", "gmbh", "corp", "corporation", "company", "co", "group", "bank", "university", "college", "school", "institute",
    "hospital", "airport", "hotel", "museum", "church", "park", "bridge", "river", "lake", "mountain", "island", "islands",
    "county", "city", "state", "beach", "valley", "theorem", "algorithm", "award", "prize", "day", "foundation", "center",
    "centre", "stadium", "tower", "technologies", "systems", "software", "solutions", "partners", "associates", "airlines",
    "motors", "records", "industries", "holdings", "dataset", "model", "server", "press", "times", "post", "news",
    "language", "api", "bros", "sons", "brothers", "effect", "syndrome", "disease", "law",
})  # fmt: skip
_SPOKEN_TO = frozenset({
    "dear", "hi", "hello", "hey", "thanks", "this is", "i am", "i'm", "its", "it's", "contact", "customer", "client",
    "patient", "pt", "employee", "candidate", "tenant", "sender", "from", "to", "with", "cc", "tell", "ask", "met", "meet",
    "call", "email", "wife", "husband", "son", "daughter", "brother", "sister", "boss", "colleague", "friend", "manager",
    "neighbour", "neighbor", "mother", "father", "doctor",
})  # fmt: skip
_NAMED = frozenset({
    "name", "name is", "name's", "name was", "surname", "surname is", "fullname", "firstname", "lastname", "username",
    "named", "namens", "nombre", "sincerely", "regards", "attn",
})  # fmt: skip
_NAME_WRITTEN_SMALL = re.compile(
    r"name(?: is|['\u2019]s|:) (?P<first>[a-z]{2,20})(?: (?P<last>[a-z'\u2019-]{2,24}))?(?![\w@-])"
)
_BETWEEN = " ,:=|>\"'*-\t"
_MOST_BETWEEN = 4
_WIDEST_GAP = 24
_STREET = frozenset({
    "rua", "via", "rue", "avenida", "av", "calle", "cité", "cite", "ul", "ulica", "strada", "plaza", "plazuela", "praça",
    "avenue", "boulevard", "chemin", "impasse", "corso", "viale", "piazza", "largo", "travessa", "place", "quai", "allée",
    "camino", "paseo", "avinguda", "carrer", "fpo", "apo", "uss", "usns", "address", "route", "lot", "cour",
})  # fmt: skip
"""Before a name, they make it one of a street, a place or a ship."""
_NEVER_ALONE = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "english", "french", "german",
    "spanish", "italian", "chinese", "japanese", "american", "british", "indian", "canadian", "christian", "god", "jesus",
    "christ", "claude", "gemini", "alexa", "siri", "jenkins", "jupyter", "docker", "kafka", "hadoop", "oracle", "ubuntu",
    "tesla", "ford",
})  # fmt: skip
_JOINED = re.compile(r"(?!(?:Mc|Mac|De|Di|La|Le|Van|Fitz|O'|D')[A-Z])[A-Z]?[a-z]+[A-Z]|[A-Z]{2,}[a-z]")
_CALLED = re.compile(
    r"(?:姓名|名字|我叫|我是|氏名|名前|お名前|이름|성명)\s{0,2}[:\uff1aは은는]?\s{0,2}(?P<after>[\u3400-\u9fff\uac00-\ud7a3]{2,4})"
    r"|(?P<before>[\u3400-\u9fff]{2,4}|[\uac00-\ud7a3]{2,4})(?=\s?(?:先生|女士|小姐|さん|様|씨))"
)
_LOCAL_PART = re.compile(r"[A-Za-z0-9._%+-]{5,60}\Z")
_LONGEST_LOCAL_PART = 60
_REMEMBERED = 20_000


class _Kind(Enum):
    """What a word is worth: a name that is no word besides, a name that is one, a word that is neither, an ordinary word."""

    GIVEN = "a given name"
    FAMILY = "a family name"
    ORDINARY_GIVEN = "a given name that is a word, too"
    ORDINARY_FAMILY = "a family name that is a word, too"
    INITIAL = "an initial"
    UNKNOWN = "a word in no list"
    ORDINARY = "an ordinary word"


_LISTED = frozenset({_Kind.GIVEN, _Kind.FAMILY, _Kind.ORDINARY_GIVEN, _Kind.ORDINARY_FAMILY})
_LOW, _MEDIUM, _HIGH = DetectionConfidence.LOW, DetectionConfidence.MEDIUM, DetectionConfidence.HIGH
_PAIRS = {
    (_Kind.GIVEN, _Kind.FAMILY): _HIGH,
    (_Kind.GIVEN, _Kind.GIVEN): _MEDIUM,
    (_Kind.GIVEN, _Kind.UNKNOWN): _MEDIUM,
    (_Kind.GIVEN, _Kind.ORDINARY_FAMILY): _MEDIUM,
    (_Kind.GIVEN, _Kind.ORDINARY_GIVEN): _MEDIUM,
    (_Kind.ORDINARY_GIVEN, _Kind.FAMILY): _MEDIUM,
    (_Kind.ORDINARY_GIVEN, _Kind.UNKNOWN): _LOW,
    (_Kind.ORDINARY_GIVEN, _Kind.ORDINARY_FAMILY): _LOW,
    (_Kind.FAMILY, _Kind.GIVEN): _MEDIUM,
    (_Kind.FAMILY, _Kind.FAMILY): _LOW,
    (_Kind.UNKNOWN, _Kind.FAMILY): _MEDIUM,
    (_Kind.UNKNOWN, _Kind.GIVEN): _LOW,
}
"""Of a first and a last word that stand together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLists:
    """Texts with one name on each line; `#` begins a comment.

    `ordinary` are words and places: a name that is one proves little by itself. They stay texts until somebody looks for
    names: as sets they take ten times the memory, and only the processes that examine need them.
    """

    given: str = field(default="", repr=False)
    family: str = field(default="", repr=False)
    ordinary: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameFind:
    """A name; offsets are code points. `basis` says what made it one."""

    start: int
    end: int
    basis: str
    detection_confidence: DetectionConfidence


@dataclass(frozen=True, slots=True)
class _Sort:
    """What is known of a written word, wherever it stands."""

    folded: str
    kind: _Kind
    is_title: bool
    may_be_named: bool


class _Word(NamedTuple):
    start: int
    end: int
    sort: _Sort


class NameEngine:
    """Finds names by the lists. One object serves one thread."""

    __slots__ = ("_family", "_given", "_ordinary", "_sorts", "_sure_family", "_sure_given")

    def __init__(self, lists: NameLists) -> None:
        self._given, self._family, self._ordinary = map(_names, (lists.given, lists.family, lists.ordinary))
        self._sure_given = frozenset(name for name in self._given - self._ordinary if len(name) >= _SHORTEST_ALONE)
        self._sure_family = self._family - self._ordinary
        self._sorts: dict[str, _Sort] = {}

    def find(self, text: str) -> Iterator[NameFind]:
        """The names in `text`, in no order; some may overlap."""
        local_parts = _local_parts(text)
        known: set[str] = set()
        alone: list[_Word] = []
        for run in self._runs(text):
            for find in _in_run(text, run, local_parts, alone):
                if find.detection_confidence > _LOW:
                    known.update(text[find.start : find.end].casefold().split())
                yield find
        for word in alone:
            if word.sort.kind in _LISTED and word.sort.folded.removesuffix("'s") in known:
                yield NameFind(
                    start=word.start, end=word.end, basis="part of a name found before", detection_confidence=_MEDIUM
                )
        yield from self._written_small(text)
        if not text.isascii():
            yield from _called(text)

    def _runs(self, text: str) -> Iterator[list[_Word]]:
        """Words with a capital, or of a script without, that stand beside each other; without those that have no name."""
        run: list[_Word] = []
        named = False
        last_end = -1
        sorts = self._sorts
        for found in (_ASCII_CAPITAL if text.isascii() else _CAPITAL).finditer(text):
            written = found[0]
            sort = sorts.get(written) or self._sort(written)
            start, end = found.span()
            if run and not (start - last_end <= _WIDEST_GAP and len(run) < 2 * _MOST_WORDS and _goes_on(text, run[-1], start)):
                if named:
                    yield run
                run, named = [], False
            run.append(_Word(start, end, sort))
            last_end = end
            named = named or sort.may_be_named
        if named:
            yield run

    def _sort(self, written: str) -> _Sort:
        folded = written.casefold().replace("\u2019", "'")
        kind, is_title = self._kind(written, folded), folded in _TITLES
        sort = _Sort(folded, kind, is_title, is_title or kind not in (_Kind.ORDINARY, _Kind.INITIAL))
        if len(self._sorts) >= _REMEMBERED:
            self._sorts.clear()
        self._sorts[written] = sort
        return sort

    def _kind(self, written: str, folded: str) -> _Kind:
        if len(folded) == 1:
            return _Kind.INITIAL
        name = folded.removesuffix("'s")
        if written[0].islower() or name in _NEVER_ALONE or name in _STREET or _JOINED.match(written):
            return _Kind.ORDINARY
        kind = self._listed(name)
        if kind is _Kind.UNKNOWN and (not written[0].isupper() or (len(name) <= _LONGEST_ACRONYM and written.isupper())):
            return _Kind.ORDINARY  # where all words look alike, only the lists can tell
        return kind

    def _listed(self, name: str) -> _Kind:
        pieces = name.split("-") if "-" in name and name not in self._given else [name]
        is_given = not self._given.isdisjoint(pieces)
        is_family = not self._family.isdisjoint(pieces)
        if self._ordinary.issuperset(pieces):
            if is_given:
                return _Kind.ORDINARY_GIVEN
            return _Kind.ORDINARY_FAMILY if is_family else _Kind.ORDINARY
        if is_given:
            return _Kind.GIVEN
        return _Kind.FAMILY if is_family else _Kind.UNKNOWN

    def _written_small(self, text: str) -> Iterator[NameFind]:
        """Names written small: after a word for a name, or given and family name, of which neither is a word besides."""
        for found in _NAME_WRITTEN_SMALL.finditer(text):
            if found["first"] in self._given:
                with_last = found["last"] is not None and found["last"] in self._family
                end = found.end("last") if with_last else found.end("first")
                yield NameFind(
                    start=found.start("first"), end=end, basis="after a word for a name", detection_confidence=_MEDIUM
                )
        given = self._sure_given.intersection(text.split())
        if not given:
            return
        before: re.Match[str] | None = None
        for found in _SMALL.finditer(text):
            if (
                before is not None and before[0] in given and found[0] in self._sure_family
                and text[before.end() : found.start()] == " "
            ):  # fmt: skip
                yield NameFind(
                    start=before.start(),
                    end=found.end(),
                    basis="a given name, then a family name",
                    detection_confidence=_MEDIUM,
                )
            before = found


def _in_run(text: str, run: Sequence[_Word], local_parts: frozenset[str], alone: list[_Word]) -> Iterator[NameFind]:
    at = 0
    while at < len(run):
        found = _name_at(text, run, at, local_parts)
        if found is None:
            alone.append(run[at])
            at += 1
            continue
        last, basis, level = found
        follows = run[last + 1].sort.folded if last + 1 < len(run) else ""
        numbered = level < _HIGH and text[run[last].end : run[last].end + 2].strip().isdigit()
        # With a number behind it, it is the name of a street, of a product, of a version.
        if not numbered and follows not in _NO_PERSON and run[last].sort.folded not in _NO_PERSON:
            end = run[last].end - 2 if run[last].sort.folded.endswith("'s") else run[last].end
            start = run[at + 1].start if run[at].sort.is_title and last > at else run[at].start
            yield NameFind(start=start, end=end, basis=basis, detection_confidence=level)
        at = last + 1


def _name_at(
    text: str, run: Sequence[_Word], at: int, local_parts: frozenset[str]
) -> tuple[int, str, DetectionConfidence] | None:
    """Where a name that begins with word `at` ends, what makes it one, and how sure that is."""
    first = run[at].sort
    if first.is_title:
        last = _last_of(run, at + 1)
        return None if last is None else (last, "after a title", _HIGH)
    if first.kind in (_Kind.ORDINARY, _Kind.INITIAL):
        return None
    start = run[at].start
    if (at and run[at - 1].sort.folded in _STREET) or text[max(0, start - 2) : start].strip().isdigit():
        return None
    last = _last_of(run, at) or at
    for end in range(last, at, -1) if local_parts else ():
        if _squeezed(text[start : run[end].end]) in local_parts:
            return end, "as in an address of mail", _HIGH
    before = _words_before(text, start)
    if not _NAMED.isdisjoint(before):
        return last, "after a word for a name", _MEDIUM if first.kind is _Kind.UNKNOWN and last == at else _HIGH
    spoken_to = first.kind is not _Kind.UNKNOWN and not _SPOKEN_TO.isdisjoint(before)
    pair = _pair(run, at, last)
    if pair is not None:
        end, level = pair
        return end, f"{first.kind.value}, then {run[end].sort.kind.value}", _MEDIUM if spoken_to and level is _LOW else level
    if first.kind is _Kind.GIVEN and len(first.folded) >= _SHORTEST_ALONE:
        return at, first.kind.value, _MEDIUM
    return None


def _pair(run: Sequence[_Word], at: int, last: int) -> tuple[int, DetectionConfidence] | None:
    """The longest name of two words or more; initials stand between them and speak for it."""
    first = run[at].sort.kind
    for end in range(last, at, -1):
        kind = run[end].sort.kind
        if kind is _Kind.INITIAL:
            if end == at + 1 and first is _Kind.GIVEN:
                return end, _MEDIUM
            continue
        middle = any(word.sort.kind is _Kind.INITIAL for word in run[at + 1 : end])
        level = _PAIRS.get((first, kind))
        if level is None and middle:
            level = _LOW
        if level is not None:
            return end, _MEDIUM if middle and level is _LOW else level
    return None


def _goes_on(text: str, word: _Word, start: int) -> bool:
    """Whether the word that begins at `start` goes on from `word`; a full stop between them is one of an abbreviation."""
    if start == word.end + 1:
        return text[word.end] == " "
    gap = _GAP.fullmatch(text, word.end, start)
    return gap is not None and (gap["dot"] is None or word.sort.is_title or word.sort.kind is _Kind.INITIAL)


def _last_of(run: Sequence[_Word], at: int) -> int | None:
    """The last word of those from `at` on that may all belong to one name."""
    end = at
    while end < len(run) and end - at < _MOST_WORDS and run[end].sort.kind is not _Kind.ORDINARY and not run[end].sort.is_title:
        end += 1
    return end - 1 if end > at else None


def _words_before(text: str, start: int) -> tuple[str, ...]:
    """The word before a place, and the two before it, in small letters; nothing when something else stands between."""
    end = start
    while end and start - end < _MOST_BETWEEN and text[end - 1] in _BETWEEN:
        end -= 1
    begin = max(0, end - 2 * _LONGEST_BEFORE)
    words = text[begin:end].replace("_", " ").replace("\u2019", "'").lower().split()
    return () if not words else (words[-1].strip(_BETWEEN), " ".join(words[-2:]).strip(_BETWEEN))


def _local_parts(text: str) -> frozenset[str]:
    """What stands before the `@` of addresses of mail, letters only."""
    found: set[str] = set()
    at = text.find("@")
    while at >= 0:
        part = _LOCAL_PART.search(text, max(0, at - _LONGEST_LOCAL_PART), at) if text[at - 1 : at].isalnum() else None
        if part is not None:
            found.add(_squeezed(part[0]))
        at = text.find("@", at + 1)
    return frozenset(found)


def _names(text: str) -> frozenset[str]:
    lines = (line.partition("#")[0].strip() for line in text.casefold().splitlines())
    return frozenset(filter(None, lines))


def _squeezed(name: str) -> str:
    return "".join(filter(str.isalpha, name.casefold()))


def _called(text: str) -> Iterator[NameFind]:
    """Names of scripts without capitals, by the words that go with them."""
    for found in _CALLED.finditer(text):
        group = found.lastgroup or "after"
        yield NameFind(
            start=found.start(group), end=found.end(group), basis="with a word for a name", detection_confidence=_MEDIUM
        )
