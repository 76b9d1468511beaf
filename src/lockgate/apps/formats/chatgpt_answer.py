"""What the ChatGPT web app streams back: messages, and patches to the message that is being written.

Separate from `chatgpt_web` because the patches are a small state machine of their own. A frame is `{p, o, v}` (path, operation,
value); a frame that leaves out `p` or `o` repeats the one before. Older streams send the whole message in every frame. After a
`stream_handoff` the rest comes over another connection, so what was heard here is not all of it; the turn that it names tells
the rest. What resumes it also carries a token, which is not kept.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.leaf_paths import leaves
from lockgate.facts.prompt import ModelAnswer

# Citations: private-use brackets around ids that only the page can resolve.
_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201|[\ue200-\ue206]")
_SPOKEN = frozenset({"text", "multimodal_text"})
_THOUGHT = frozenset({"thoughts", "reasoning_recap"})


class ChatGptAnswer(Interpreter):
    """Follows the patches and keeps what the assistant addresses to the person, its thoughts and its tool calls apart."""

    def __init__(self) -> None:
        super().__init__()
        self._path = ""
        self._operation = "add"
        self._message = ""
        self._channel: Channel | None = None

    @override
    def event(self, name: str, data: object) -> None:
        """Take one frame."""
        frame = members(data)
        self.draft.belongs_to(frame.get("conversation_id") or dig(frame.get("v"), "conversation_id"))
        if "v" in frame:
            self._path = string(frame["p"]) if "p" in frame else self._path
            self._operation = string(frame["o"]) if "o" in frame else self._operation
            self._patches(frame["v"])
        elif frame.get("type") == "message_stream_complete":
            self.draft.finished = True
        elif frame.get("type") in ("stream_handoff", "server_ste_metadata"):
            self._names_the_turn(frame)
        elif "message" in frame and "type" not in frame:
            self._start(frame["message"])
        self.draft.failed(dig(data, "error", "message") or dig(data, "error") or dig(data, "detail"))

    @override
    def answer(self) -> ModelAnswer:
        """What was said, without citation marks."""
        answer = super().answer()
        return replace(answer, text=_CITATION.sub("", answer.text))

    def _names_the_turn(self, frame: Mapping[str, object]) -> None:
        """Under which names the rest may come: its turn's, and those of the topics to listen to."""
        self.draft.works_as(frame.get("turn_exchange_id") or dig(frame.get("metadata"), "turn_exchange_id"))
        for option in items(frame.get("options")):
            self.draft.works_as(dig(option, "topic_id"))

    def _patches(self, value: object) -> None:
        if self._operation != "patch":
            self._patch(self._path, self._operation, value)
            return
        for patch in items(value):
            self._patch(self._path + string(dig(patch, "p")), string(dig(patch, "o")), dig(patch, "v"))

    def _patch(self, path: str, operation: str, value: object) -> None:
        if path in ("", "/message"):
            self._start(dig(value, "message") if not path else value)
        elif path.startswith("/message/content/"):
            for section, text in self._texts(path.removeprefix("/message/content/"), value):
                self._write(section, text, replaces=operation in ("replace", "add"))
        elif path.startswith("/message/metadata"):
            self._metadata(value if path == "/message/metadata" else {path.rpartition("/")[2]: value})
        elif path == "/message/end_turn" and value is True:
            self.draft.finished = True

    def _start(self, message: object) -> None:
        """A message begins, or (older streams) is sent again with more in it."""
        if not members(message):
            return
        self._message = string(dig(message, "id"))
        self._channel = _channel_of(message)
        self._metadata(dig(message, "metadata"))
        for name, value in members(dig(message, "content")).items():
            for section, text in self._texts(name, value):
                self._write(section, text, replaces=True)
        if self._channel is not None and dig(message, "end_turn") is True:
            self.draft.finished = True

    def _texts(self, path: str, value: object) -> list[tuple[str, str]]:
        """The sections that a value at a path below `content` writes to."""
        if path.partition("/")[0] not in ("parts", "thoughts", "text", "content"):
            return []
        place = "/".join(path.split("/")[:8])
        return [("/".join((place, *map(str, steps))), text) for steps, text in leaves(value, ())]

    def _write(self, section: str, text: str, *, replaces: bool) -> None:
        if self._channel is None:
            return
        put = self.draft.put if replaces else self.draft.add
        put(self._channel, (self._message, section), text)

    def _metadata(self, metadata: object) -> None:
        self.draft.named(dig(metadata, "resolved_model_slug") or dig(metadata, "model_slug"))


def _channel_of(message: object) -> Channel | None:
    """Where the text of a message belongs; nowhere when the assistant did not write it."""
    if dig(message, "author", "role") != "assistant":
        return None
    kind = string(dig(message, "content", "content_type"))
    if kind in _THOUGHT:
        return Channel.REASONING
    spoken = kind in _SPOKEN and dig(message, "recipient") in ("all", None)
    return Channel.TEXT if spoken else Channel.CALL
