"""The shape of `reads:` in an app file: where a request and its answer have what a person, a file or the model says.

Separate from `schema.py` because it is a language of its own, for apps whose bodies are plain JSON, forms, streams of events or
messages of a WebSocket. It must never decide anything: `formats/described.py` makes a format of it, `formats/where.py` says how
a place is written.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from lockgate.facts.prompt import Role

_CONFIG = {"extra": "forbid"}

type Places = str | tuple[str, ...]
"""One place, or several."""


def listed(places: Places) -> tuple[str, ...]:
    """The places as a tuple, empty for none."""
    if isinstance(places, str):
        return (places,) if places else ()
    return places


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesDescription:
    """Files and images beside the words. `each` finds them, the other places are looked for in each.

    `content` is base64, a data URI or a URL, `text` the text of a file, `reference` a URL or an id of what was uploaded before.
    """

    __pydantic_config__ = _CONFIG
    each: str = "$"
    name: str = ""
    media_type: str = ""
    content: str = ""
    text: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDescription:
    """A conversation that is sent along. `each` finds its messages, the other places are looked for in each.

    `roles` says which of our roles a word of this app means; `user`, `assistant`, `system`, `tool` and their usual other names
    are known, and any other word is the user's. `answered` is the model's answer, where it stands in the message it answers.
    """

    __pydantic_config__ = _CONFIG
    each: str
    text: Places
    role: str = ""
    roles: dict[str, Role] = field(default_factory=dict[str, Role])
    answered: Places = ()
    files: tuple[FilesDescription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDescription:
    """How the answer is heard. Without `framing` the content type tells between events, lines of JSON and one JSON value.

    `mode` is whether an event adds to what was said before or repeats all of it. `each` takes events apart into pieces that are
    heard one by one (the end, errors and ids are looked for in both), `section` is the place of what tells the parts of an
    answer apart. `whole` is the whole text, which counts when nothing else was heard. `done` ends the answer when it finds
    something. `task` are ids under which the server works on what was asked, by which the answer is found that comes elsewhere.
    `made` are addresses of what was made (pictures, films, sound), which are heard without their query, for that is a key; text
    in their place is heard as it is.
    """

    __pydantic_config__ = _CONFIG
    framing: Literal["json", "sse", "ndjson", "lines", "text", "aws-events"] | None = None
    mode: Literal["delta", "cumulative"] = "delta"
    each: str = ""
    section: Places = ()
    text: Places = ()
    reasoning: Places = ()
    whole: Places = ()
    error: Places = ()
    done: Places = ()
    model: Places = ()
    conversation: Places = ()
    references: Places = ()
    task: Places = ()
    made: Places = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalDescription:
    """What a refused client gets: one of `body`, `events`, `lines`, or `messages` of a WebSocket, as in a sample's response.

    `details` go with the error of a call, which has the call's own framing.

    `{message}`, `{reference}` and `{conversation}` are put in; `{message_json}` is the message as a JSON string, quotes
    included, `{'>json>': value}` a value written as JSON into a string, `{'>asked>': place}` what the refused message of a
    WebSocket has at that place. `status` is 400 for a body, 200 for a stream.
    """

    __pydantic_config__ = _CONFIG
    status: int | None = None
    type: str = "application/json"
    body: Any = None
    events: tuple[Any, ...] = ()
    lines: tuple[Any, ...] = ()
    details: tuple[Any, ...] = ()
    messages: tuple[Any, ...] = ()
    close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """How the requests of one operation are read. The places of `model` and `conversation` may lie in the head, too.

    `body` is how the body is written; `url` reads the URL instead, a `call` is read message by message, `records` one by one.
    `prompt` is what a person typed, `messages` a conversation, `system` instructions, `context` text of files, pages and
    selections that comes along. `tokens` are sign-in tokens of the app's own client, which are left out of what is said.
    `background` says that a client sends this by itself: always, or when a place is found.
    """

    __pydantic_config__ = _CONFIG
    body: Literal["json", "form", "json-or-form", "multipart", "url", "call", "records"] = "json"
    prompt: Places = ()
    messages: MessagesDescription | None = None
    system: Places = ()
    context: Places = ()
    files: tuple[FilesDescription, ...] = ()
    model: Places = ()
    conversation: Places = ()
    tokens: Places = ()
    background: bool | str = False
    answer: AnswerDescription | None = None
    refusal: RefusalDescription | None = None

    def summary(self) -> str:
        """What is read of a request, in a few words for a table."""
        said = (("prompt", self.prompt), ("conversation so far", self.messages), ("instructions", self.system),
                ("text beside", self.context), ("files", self.files or self.body == "multipart"), ("model", self.model),
                ("conversation id", self.conversation))  # fmt: skip
        return ", ".join(name for name, is_given in said if is_given)

    def hears(self) -> str:
        """What is heard of an answer, likewise."""
        answer = self.answer
        if answer is None:
            return ""
        said = (("text", answer.text or answer.whole), ("reasoning", answer.reasoning),
                ("addresses of what was made", answer.made), ("errors", answer.error),
                ("ids of uploads", answer.references), ("ids of tasks", answer.task))  # fmt: skip
        return ", ".join(name for name, is_given in said if is_given)
