"""An answer of a model while it is being put together, from deltas, snapshots or patches, in a bounded amount of memory.

Separate because joining is where streams go wrong: a format says which section a piece belongs to and whether it adds to the
section or replaces it, and the draft does the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator
from enum import Enum, auto

from lockgate.facts.prompt import ModelAnswer

MAX_TEXT = 1024 * 1024
"""Code points kept of one answer, over all channels; what comes after is dropped."""

_MAX_SECTIONS = 4096
_MOST_PIECES = 4096
_MAX_REFERENCES = 64
_MAX_TASKS = 16
_MAX_NAME = 512


class Channel(Enum):
    """What a piece of an answer is. A `CALL` is the tool's name, a space and its arguments."""

    TEXT = auto()
    REASONING = auto()
    CALL = auto()


class AnswerDraft:
    """What has been said so far. Sections of one channel are joined in the order in which they first appeared."""

    def __init__(self) -> None:
        self.model: str | None = None
        self.finished = False
        self.error = ""
        self.conversation: str | None = None
        self._references: dict[str, None] = {}
        self._tasks: dict[str, None] = {}
        self._sections: dict[tuple[Channel, Hashable], list[str]] = {}
        self._room = MAX_TEXT

    def add(self, channel: Channel, section: Hashable, text: object) -> None:
        """Append to a section. Anything but a non-empty string is ignored."""
        if not isinstance(text, str) or not text or self._room <= 0:
            return
        pieces = self._sections.get((channel, section))
        if pieces is None:
            if len(self._sections) >= _MAX_SECTIONS:
                return
            pieces = self._sections[channel, section] = []
        kept = text[: self._room]
        self._room -= len(kept)
        pieces.append(kept)
        if len(pieces) > _MOST_PIECES:
            pieces[:] = ["".join(pieces)]  # each piece takes room of its own

    def put(self, channel: Channel, section: Hashable, text: object) -> None:
        """Replace a section: `text` is all of it so far."""
        if not isinstance(text, str):
            return
        pieces = self._sections.get((channel, section))
        if pieces is not None:
            self._room += sum(map(len, pieces))
            pieces.clear()
        self.add(channel, section, text)

    def is_empty(self, channel: Channel, section: Hashable) -> bool:
        """Whether nothing has been said in a section."""
        return not self._sections.get((channel, section))

    def named(self, model: object) -> None:
        """The model that answers."""
        if isinstance(model, str) and model:
            self.model = model[:256]

    def failed(self, message: object) -> None:
        """An error instead of (the rest of) an answer."""
        if isinstance(message, str) and message:
            self.error = message[:4096]

    def belongs_to(self, conversation: object) -> None:
        """The id the server gave the conversation."""
        if isinstance(conversation, str) and conversation:
            self.conversation = conversation[:_MAX_NAME]

    def refers_to(self, reference: object) -> None:
        """An id or address by which a later prompt names what was uploaded."""
        if isinstance(reference, str) and 0 < len(reference) <= _MAX_NAME and len(self._references) < _MAX_REFERENCES:
            self._references[reference] = None

    def works_as(self, task: object) -> None:
        """An id under which the server works on what was asked."""
        if isinstance(task, str) and 0 < len(task) <= _MAX_NAME and len(self._tasks) < _MAX_TASKS:
            self._tasks[task] = None

    def build(self) -> ModelAnswer:
        """The answer."""
        return ModelAnswer(
            text="\n".join(self._joined(Channel.TEXT)),
            reasoning="\n".join(self._joined(Channel.REASONING)),
            tool_calls=tuple(self._joined(Channel.CALL)),
            model=self.model,
            finished=self.finished and not self.error,
            error=self.error,
            conversation=self.conversation,
            references=tuple(self._references),
            tasks=tuple(self._tasks),
        )

    def _joined(self, channel: Channel) -> Iterator[str]:
        joined = ("".join(pieces) for (of, _), pieces in self._sections.items() if of is channel)
        return (text for text in joined if text)


class Interpreter(ABC):
    """Understands the events of one format's answers, streamed or whole."""

    def __init__(self) -> None:
        self.draft = AnswerDraft()

    @abstractmethod
    def event(self, name: str, data: object) -> None:
        """Take one event. Never raises.

        `name` is the name it was framed with (may be empty), `data` plain JSON data, or a string when it is not JSON.
        """

    def answer(self) -> ModelAnswer:
        """What was said, once the events have ended."""
        return self.draft.build()
