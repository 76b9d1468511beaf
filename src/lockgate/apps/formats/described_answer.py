"""Hearing an answer as an app file describes it: events, lines or one value, from which places give text, reasoning and errors.

Separate from reading requests because it sees events, one by one, and joins them. It must cope with whatever a server sends:
what no place finds is not heard, and nothing raises.
"""

import re
from dataclasses import dataclass, replace
from typing import override

from lockgate.apps.description import AnswerDescription
from lockgate.apps.formats import quick_json
from lockgate.apps.formats.address import stable_address
from lockgate.apps.formats.answer_draft import MAX_TEXT, Channel, Interpreter
from lockgate.apps.formats.described_turns import compile_places
from lockgate.apps.formats.json_view import dig, string
from lockgate.apps.formats.where import Where, compile_where
from lockgate.facts.prompt import ModelAnswer

_DONE = "[DONE]"
_MOST_PIECES = 512
"""Of one event. Real ones have a few; each piece costs a look at every place."""
_LONGEST_ID = 200
_ADDRESS = re.compile(r"[a-z0-9]{2,8}://\S+$", re.ASCII)
_ERROR_PLACES = (
    ("error", "message"), ("error",), ("message",), ("detail", "message"), ("detail",), ("msg",), ("errors", 0, "message"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedAnswer:
    """A description of answers, compiled."""

    framing: str | None
    repeats: bool
    each: Where | None
    section: tuple[Where, ...]
    said: tuple[tuple[Channel, Where], ...]
    whole: tuple[Where, ...]
    error: tuple[Where, ...]
    done: tuple[Where, ...]
    model: tuple[Where, ...]
    conversation: tuple[Where, ...]
    references: tuple[Where, ...]
    task: tuple[Where, ...]
    made: tuple[Where, ...]


def compile_answer(described: AnswerDescription) -> DescribedAnswer:
    """A description of answers, ready to be used. Raises ValueError for a place that is none."""
    channels = ((Channel.TEXT, described.text), (Channel.REASONING, described.reasoning))
    return DescribedAnswer(
        framing=described.framing,
        repeats=described.mode == "cumulative",
        each=compile_where(described.each) if described.each else None,
        section=compile_places(described.section),
        said=tuple((channel, place) for channel, places in channels for place in compile_places(places)),
        whole=compile_places(described.whole),
        error=compile_places(described.error),
        done=compile_places(described.done),
        model=compile_places(described.model),
        conversation=compile_places(described.conversation),
        references=compile_places(described.references),
        task=compile_places(described.task),
        made=compile_places(described.made),
    )


class Listener(Interpreter):
    """Hears one answer."""

    def __init__(self, described: DescribedAnswer) -> None:
        super().__init__()
        self._described = described
        self._whole = ""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, whole or piece by piece."""
        if data == _DONE:
            self.draft.finished = True
        self._hear_about(name, data)
        each = self._described.each
        if each is None:
            self._hear_said(name, data)
            return
        for _, piece in each.find(data, name)[:_MOST_PIECES]:
            self._hear_about(name, piece)
            self._hear_said(name, piece)

    @override
    def answer(self) -> ModelAnswer:
        """What was said. Where no place shows the end, what was heard is taken for all of it."""
        heard = self.draft.build()
        text = heard.text or self._whole[:MAX_TEXT]
        is_whole = not self._described.done and bool(text or heard.reasoning or heard.references or heard.tasks)
        return replace(heard, text=text, finished=heard.finished or (is_whole and not heard.error))

    def _hear_said(self, name: str, piece: object) -> None:
        for index, (channel, place) in enumerate(self._described.said):
            self._say(index, channel, place.find(piece, name), piece)
        for place in self._described.made:
            for _, made in place.find(piece, name):
                self._made(string(made))

    def _made(self, made: str) -> None:
        """Something that was made, by its address; as often as it is told, it is one. Its bytes say nothing here."""
        if made.startswith("data:"):
            return
        address = stable_address(made) or (made.partition("?")[0] if _ADDRESS.match(made) else "")
        if address:
            self.draft.put(Channel.TEXT, ("made", address), address)
        else:
            self.draft.add(Channel.TEXT, "made", made)

    def _hear_about(self, name: str, piece: object) -> None:
        """What an event, or a piece of it, tells about the answer."""
        described, draft = self._described, self.draft
        for place in described.error:
            draft.failed(place.first(piece, name))
        for place in described.model:
            draft.named(place.first(piece, name))
        self._whole = next((text for place in described.whole if (text := string(place.first(piece, name)))), self._whole)
        for place in described.conversation:
            draft.belongs_to(place.first(piece, name))
        for place in described.task:
            for _, task in place.find(piece, name):
                draft.works_as(task)
        for place in described.references:
            for _, reference in place.find(piece, name):
                draft.refers_to(reference)
        if any(place.first(piece, name) not in (None, False, "") for place in described.done):
            draft.finished = True

    def _say(self, index: int, channel: Channel, found: list[tuple[tuple[str | int, ...], object]], piece: object) -> None:
        """Add to what was said. What repeats itself is told apart by where in the event it stands, unless `section` tells."""
        section = self._described.section
        told = next((str(value)[:_LONGEST_ID] for place in section for _, value in place.find(piece)), "") if found else ""
        for path, text in found:
            if self._described.repeats:
                self.draft.put(channel, (index, told, path), text)
            else:
                self.draft.add(channel, told if section else index, text)


class CodedLines(Interpreter):
    """Lines of `code:json`: the code names the event, as in the AI SDK's data streams."""

    def __init__(self, listener: Interpreter) -> None:
        super().__init__()
        self._listener = listener

    @override
    def event(self, name: str, data: object) -> None:
        """Take one line."""
        code, colon, rest = data.partition(":") if isinstance(data, str) else ("", "", "")
        if not (colon and code.isascii() and code.isalnum()):
            self._listener.event("", data)
            return
        try:
            value = quick_json.loads(rest)
        except ValueError:
            return  # a line that the end of the stream cut off says nothing
        self._listener.event(code, value)

    @override
    def answer(self) -> ModelAnswer:
        """What was said."""
        return self._listener.answer()


class ErrorBody(Interpreter):
    """The body of a response that is an error, as described or in any of the usual shapes."""

    def __init__(self, described: DescribedAnswer | None) -> None:
        super().__init__()
        self._places = described.error if described is not None else ()

    @override
    def event(self, name: str, data: object) -> None:
        """Take the body."""
        self.draft.failed(data)
        for described in self._places:
            self.draft.failed(described.first(data))
        for place in _ERROR_PLACES:
            if not self.draft.error:
                self.draft.failed(dig(data, *place))
