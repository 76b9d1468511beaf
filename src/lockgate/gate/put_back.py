"""Putting back what a request's placeholders stand for, in the events of the answer to that request, as they pass.

Separate from the framing of answers, which gives events and takes them. Only words that this very request was given are put
back, only in texts that people are told, and never inside of an address. An event waits only while a text in it ends with the
beginning of such a word, for a few events at most; what waited leaves in its order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lockgate.facts.problem import Path
from lockgate.gate.answer_texts import ToldText, ToldTexts
from lockgate.gate.link_watch import LinkWatch

_MOST_WAITING = 8
_MOST_TEXTS = 256
"""Texts of one answer that are told apart; of an answer with more, nothing is put back."""


@dataclass(slots=True, eq=False)
class AnswerEvent:
    """One event of an answer: its document, if it has one, and whether that says something else by now."""

    raw: bytes
    document: object = None
    is_changed: bool = False


@dataclass(slots=True)
class _Begun:
    """A word that may have begun at the end of a text: the pieces it came in so far."""

    stream: Path
    text: str
    pieces: list[tuple[AnswerEvent, ToldText, int]]


type _Both = tuple[LinkWatch, LinkWatch]
"""What was read of one text: as the stream it is, and as all streams of its kind, whichever of them a client joins."""


class PutBack:
    """One answer. `words` are the placeholders of its request, with what each stands for."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        self._beginnings = {word[:length] for word in words for length in range(1, len(word))}
        self._longest = max(map(len, words), default=0)
        self._waiting: list[AnswerEvent] = []
        self._begun: _Begun | None = None
        self._watches: dict[Path, LinkWatch] = {}
        self._texts = ToldTexts()

    def take(self, event: AnswerEvent) -> list[AnswerEvent]:
        """Take the next event; gives those that may leave, in order. Raises ValueError for more than can be told apart."""
        if event.document is not None:
            for told in self._texts.of(event.document):
                self._read(event, told)
        self._waiting.append(event)
        waits = self._begun is not None and len(self._waiting) <= _MOST_WAITING
        return [] if waits else self.flush()

    def flush(self) -> list[AnswerEvent]:
        """Nothing waits any longer; a word that has only begun stays as it came."""
        self._begun = None
        waiting, self._waiting = self._waiting, []
        return waiting

    def _read(self, event: AnswerEvent, told: ToldText) -> None:
        text = told.text
        watches = self._watches_of(told)
        start, moved = self._go_on(event, told, text, watches)
        pieces = [] if moved else [text[:start]]
        position = start
        while (opening := text.find("[", position)) >= 0:
            closing = text.find("]", opening, opening + self._longest)
            word = text[opening : closing + 1] if closing >= 0 else ""
            self._say(watches, pieces, text[position:opening])
            if word in self._words:
                self._say(watches, pieces, self._put(watches, word))
                position = closing + 1
            elif self._begun is None and text[opening:] in self._beginnings:
                self._begun = _Begun(told.stream, text[opening:], [(event, told, len(text) - opening)])
                pieces.append(text[opening:])
                position = len(text)
            else:
                self._say(watches, pieces, "[")
                position = opening + 1
        self._say(watches, pieces, text[position:])
        new = "".join(pieces)
        if new != text:
            told.text, event.is_changed = new, True

    def _go_on(self, event: AnswerEvent, told: ToldText, text: str, watches: _Both) -> tuple[int, bool]:
        """How much of `text` belongs to the word that had begun before it, and whether that stands there by now."""
        begun = self._begun
        if not text or begun is None or begun.stream != told.stream or begun.pieces[-1][0] is event:
            return 0, False
        whole = begun.text + text
        if whole in self._beginnings:
            begun.text = whole
            begun.pieces.append((event, told, len(text)))
            return len(text), False
        self._begun = None
        word = whole[: whole.find("]") + 1]
        if word not in self._words:
            for watch in watches:
                watch.read(begun.text)
            return 0, False
        put, length = self._put(watches, word), len(word) - len(begun.text)
        for watch in watches:
            watch.read(put)
        if put != word:
            for number, (earlier, piece, size) in enumerate(begun.pieces):
                piece.text = piece.text[: len(piece.text) - size] + ("" if number else put)
                earlier.is_changed = True
        return length, put != word

    def _put(self, watches: _Both, word: str) -> str:
        return word if any(watch.is_open for watch in watches) else self._words[word]

    def _watches_of(self, told: ToldText) -> _Both:
        if len(self._watches) > _MOST_TEXTS:
            raise ValueError("too many texts in one answer")
        as_one, as_all = (1, *told.stream), (0, *told.channel)
        return self._watches.setdefault(as_one, LinkWatch()), self._watches.setdefault(as_all, LinkWatch())

    @staticmethod
    def _say(watches: _Both, pieces: list[str], text: str) -> None:
        if text:
            pieces.append(text)
            for watch in watches:
                watch.read(text)
