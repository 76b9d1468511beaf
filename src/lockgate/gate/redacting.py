"""What becomes of a conversation that is redacted: which text stands where, what may be put back, and whether it worked.

Separate from the state machines because it is all thought and no order: they say when, formats write the bytes. Values are
forbidden, not places: one that was found somewhere is replaced wherever it stands, also where no detector would know it. What
cannot be done in full is not done at all.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lockgate.facts.decision import Decision
from lockgate.facts.finding import Finding
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Part, Turn, chain
from lockgate.facts.redaction import Redact, Redaction, Stand, to_redact
from lockgate.gate.forbidden import places, still_there
from lockgate.gate.placeholders import Placeholders

_SEPARATOR = "\0\0"


class CannotRedactError(Exception):
    """Something that has to be replaced cannot be. The message says why, for people, without content."""

    def __init__(self, why: str) -> None:
        super().__init__(f"a part of this must not leave as it is, and it cannot be replaced: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A conversation as it is to leave.

    `texts` is what to write at which path. `findings` are those that still stand in it, where they stand now. `put_back` are
    the placeholders whose originals the answer may have.
    """

    conversation: Conversation = field(repr=False)
    texts: Mapping[Path, str] = field(repr=False)
    findings: tuple[Finding, ...]
    forbidden: frozenset[str] = field(repr=False)
    put_back: Mapping[str, str] = field(repr=False)
    redactions: tuple[Redaction, ...]
    rule: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class _Spot:
    """Code points `start` to `end` of a part have to be replaced, because of a finding there or of the same value elsewhere."""

    start: int
    end: int
    finding: Finding
    rule: str
    redact: Redact


@dataclass(frozen=True, slots=True)
class _Change:
    """What stands at `start` to `end`, and what shall stand there."""

    start: int
    end: int
    new: str


type _At = tuple[int, int]


def redacted(
    decision: Decision, conversation: Conversation, findings: tuple[Finding, ...], words: Placeholders
) -> Redacted | None:
    """How `conversation` has to leave under `decision`, or None when nothing in it has to be replaced."""
    wanted = list(to_redact(decision, findings))
    if not wanted:
        return None
    texts = {
        (index, number): part.text for index, turn in enumerate(conversation.turns) for number, part in enumerate(turn.parts)
    }
    spots: defaultdict[_At, list[_Spot]] = defaultdict(list)
    values: dict[str, _Spot] = {}
    elsewhere = False
    for finding, rule, redact in wanted:
        span = finding.span
        text = texts.get((span.turn, span.part))
        if text is None or not text[span.start : span.end]:
            elsewhere = True
            continue
        spot = _Spot(span.start, span.end, finding, rule, redact)
        spots[span.turn, span.part].append(spot)
        values.setdefault(text[span.start : span.end], spot)
    _add_the_same_elsewhere(texts, spots, values)
    counted: Counter[tuple[str, str]] = Counter()
    put_back: dict[str, str] = {}
    changes: dict[_At, list[_Change]] = {}
    for at, here in spots.items():
        changes[at] = []
        for start, end, spot in _apart(here):
            value = texts[at][start:end]
            new = spot.finding.mask
            if spot.redact.stands is Stand.PLACEHOLDER:
                new = words.word(spot.finding.detector, value)
                if spot.redact.reinsert:
                    put_back[new] = value
            counted[spot.rule, spot.finding.detector] += 1
            changes[at].append(_Change(start, end, new))
    said, written = _written(conversation, changes)
    covered = {id(finding) for finding, _, _ in wanted}
    return Redacted(
        conversation=said,
        texts=written,
        findings=tuple(_moved(finding, changes) for finding in findings if id(finding) not in covered),
        forbidden=frozenset(values),
        put_back=put_back,
        redactions=tuple(
            Redaction(rule=rule, detector=detector, count=count) for (rule, detector), count in sorted(counted.items())
        ),
        rule=wanted[0][1],
        elsewhere=elsewhere,
    )


def check_redacted(wanted: Redacted, got: Conversation | None, content: bytes, address: str = "") -> None:
    """Raises CannotRedactError unless `content`, which was read as `got`, says what it has to and nothing that it must not.

    `address` is the URL that goes with it.
    """
    if got is None or not _says(got, wanted.conversation):
        raise CannotRedactError("the rewritten content would not say the same otherwise")
    if still_there(wanted.forbidden, content):
        raise CannotRedactError("it stands a second time in a place that cannot be rewritten")
    if address and still_there(wanted.forbidden, address.encode("utf-8", "surrogatepass")):
        raise CannotRedactError("it stands in the address of the request")


def _add_the_same_elsewhere(
    texts: Mapping[_At, str], spots: defaultdict[_At, list[_Spot]], values: Mapping[str, _Spot]
) -> None:
    """Where a value stands that was found somewhere, also if a detector found nothing there."""
    everything = _SEPARATOR.join(texts.values())
    for value, known in values.items():
        if everything.count(value) < 2:
            continue
        for at, text in texts.items():
            for start in places(value, text) if value in text else ():
                spots[at].append(_Spot(start, start + len(value), known.finding, known.rule, known.redact))


def _apart(spots: Sequence[_Spot]) -> list[tuple[int, int, _Spot]]:
    """Spots that overlap as one, which is replaced as the longest of them says (the surest of equally long ones)."""
    joined: list[tuple[int, int, _Spot]] = []
    for spot in sorted(spots, key=lambda each: (each.start, -each.end)):
        if joined and spot.start < joined[-1][1]:
            start, end, first = joined[-1]
            joined[-1] = (start, max(end, spot.end), max(first, spot, key=_weight))
        else:
            joined.append((spot.start, spot.end, spot))
    return joined


def _weight(spot: _Spot) -> tuple[int, int]:
    return spot.end - spot.start, spot.finding.detection_confidence


def _written(conversation: Conversation, changes: Mapping[_At, list[_Change]]) -> tuple[Conversation, dict[Path, str]]:
    """The conversation with every change made, and the text at each path that has to be written."""
    written: dict[Path, str] = {}
    said: list[Turn] = []
    for index, turn in enumerate(conversation.turns):
        parts: list[Part] = []
        for number, part in enumerate(turn.parts):
            here = changes.get((index, number))
            if here:
                part = replace(part, text=_changed(part.text, here))  # noqa: PLW2901 - the same part, as it leaves
                if written.setdefault(part.path, part.text) != part.text:
                    raise CannotRedactError("it stands where two readings of the request meet")
            parts.append(part)
        said.append(replace(turn, parts=tuple(parts)))
    turns = chain([(turn.role, turn.parts, turn.attachments) for turn in said])
    return replace(conversation, turns=turns), written


def _changed(text: str, changes: Sequence[_Change]) -> str:
    pieces: list[str] = []
    position = 0
    for change in changes:
        pieces += (text[position : change.start], change.new)
        position = change.end
    return "".join((*pieces, text[position:]))


def _moved(finding: Finding, changes: Mapping[_At, list[_Change]]) -> Finding:
    """`finding` where it stands once the changes are made; of what was taken out of it, it has what stands there now."""
    span = finding.span
    start, end = span.start, span.end
    for change in changes.get((span.turn, span.part), ()):
        longer = len(change.new) - (change.end - change.start)
        if change.end <= span.start:
            start += longer
        elif change.start < span.start:
            start += change.start - span.start
        if change.end <= span.end:
            end += longer
        elif change.start < span.end:
            end += change.start + len(change.new) - span.end
    return replace(finding, span=replace(span, start=start, end=max(start, end)))


def _says(got: Conversation, wanted: Conversation) -> bool:
    """Whether two conversations are one, but for where in their documents the texts stand: a shorter text moves the next."""
    if len(got.turns) != len(wanted.turns) or replace(got, turns=()) != replace(wanted, turns=()):
        return False
    return all(
        one.role is other.role
        and [replace(file, path=()) for file in one.attachments] == [replace(file, path=()) for file in other.attachments]
        and [_said(part) for part in one.parts] == [_said(part) for part in other.parts]
        for one, other in zip(got.turns, wanted.turns, strict=True)
    )


def _said(part: Part) -> tuple[str, str, str]:
    return part.text, part.kind, part.name
