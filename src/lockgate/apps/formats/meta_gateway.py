"""Meta AI's gateway: protobuf in JSON in binary frames up, JSON snapshots and patches of the answer in frames down.

A private interface. The prompt is field 2 of field 2 of the payload; which conversation it is stands in the frame that opens
the stream, which comes in the same message as the prompt. That Meta's page shows an answer of the gateway's is inferred.
"""

import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, SocketReader, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import LONGEST_HEARD, DocumentReader, DocumentSocket
from lockgate.apps.formats.json_text import Parsed, write_json
from lockgate.apps.formats.json_view import dig, items, string
from lockgate.apps.formats.meta_frames import DATA, frame, parse_frames
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.protobuf_text import Known, Leaf
from lockgate.apps.formats.rpc_files import say_what_is_unread, with_files
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Request, SocketMessage

_KNOWN: Known = {1: {6: Leaf.TEXT}, 2: {1: {1: Leaf.TEXT}, 2: Leaf.TEXT, 3: {6: Leaf.TEXT, 7: Leaf.TEXT}}}
_CONVERSATION = "x-dgw-app-x-ecto-conversation-id"
_TEXT_OF_SECTION = re.compile(r"/sections/(\d{1,6})/view_model/primitive/text")
_SHORT = 8
_MOST_TRIES = 200
_LONGEST_FALSE_START = 4096
"""Characters."""
_DECODER = JSONDecoder()


class MetaGateway(DocumentSocket):
    """`meta-gateway`."""

    id = "meta-gateway"

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        parsed = parse_frames(content, _KNOWN)
        if isinstance(parsed, Unreadable) and len(content) <= _SHORT:
            return Parsed(value=[], write=lambda _: content)  # an acknowledgement or another frame too short to say anything
        return parsed

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        say_what_is_unread(document, page)
        conversation = ""
        for index, one in enumerate(items(document)):
            conversation = string(dig(one, _CONVERSATION)) or conversation
            for below in (("payload", "f2", 0, "f2", 0), ("f2", 0, "f2", 0)):
                if isinstance(dig(one, *below), str):
                    page.open(Role.USER, (index,))
                    page.typed((index, *below))
                    self._file(page, document, (index, *below[:-2], "f3", 0))
        return with_files(page.conversation(conversation_id=conversation, wants_stream=True), document)

    def _file(self, page: Page, document: object, path: Path) -> None:
        file = dig(document, *path)
        name = string(dig(file, "f7", 0))
        if name:
            page.names(name, path, media_type=string(dig(file, "f6", 0)))

    @override
    def answer_reader(self) -> SocketReader:
        """A reader of frames."""
        return _FrameReader(self._interpreter())

    @override
    def _interpreter(self) -> Interpreter:
        return _Sections()

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """An answer of one section that is complete, on the stream that asked."""
        primitive = {"__typename": "GenAIMarkdownTextUXPrimitive", "text": refusal.message}
        section = {"view_model": {"__typename": "GenAISingleLayoutViewModel", "primitive": primitive}}
        said = {"response_id": refusal.reference, "sections": [section], "is_complete": True}
        content = frame(DATA, message.content[1:3], write_json({"seq": 0, "type": "full", "response": said}))
        return SocketRefusal(replies=(SocketMessage(content=content, is_text=False),))


class _FrameReader(DocumentReader):
    """Feeds an interpreter with every JSON object in the server's frames, which protobuf may surround."""

    @override
    def _documents(self, message: SocketMessage) -> Iterator[object]:
        return _objects_in(message.content[:LONGEST_HEARD])


def _objects_in(content: bytes) -> Iterator[object]:
    """The JSON objects in a message of the server's, whatever frames and protobuf are around them."""
    text = content.decode("utf-8", "replace")
    at = text.find('{"')
    for _ in range(_MOST_TRIES):
        if at < 0:
            return
        try:
            found, end = _DECODER.raw_decode(text, at)
        except JSONDecodeError as error:
            # What surrounds an object may look like the beginning of one. A long one that breaks off is not tried again from
            # each beginning within, or it would be read as often as it has them.
            end = at + 1 if error.pos - at < _LONGEST_FALSE_START else error.pos
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = text.find('{"', end)


class _Sections(Interpreter):
    """Snapshots of all sections, and deltas of one section's text between them."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one snapshot or patch."""
        for index, section in enumerate(items(dig(data, "response", "sections"))):
            self._primitive(index, dig(section, "view_model", "primitive"))
        for operation in items(dig(data, "operations")):
            at = _TEXT_OF_SECTION.fullmatch(string(dig(operation, "path")))
            if at is not None and dig(operation, "op") == "delta":
                self.draft.add(Channel.TEXT, int(at[1]), dig(operation, "value"))
        if dig(data, "response", "is_complete") is True:
            self.draft.finished = True

    def _primitive(self, index: int, primitive: object) -> None:
        is_thought = "Thinking" in string(dig(primitive, "__typename"))
        self.draft.put(
            Channel.REASONING if is_thought else Channel.TEXT, index, dig(primitive, "thought_text" if is_thought else "text")
        )
