"""Gemini Live (`BidiGenerateContent`): one kind of content per message, turns or pieces of sound and pictures, JSON both ways.

Separate from `gemini_generate` because nothing is sent again: a set-up, then what is new. Protobuf JSON, so every name may be
written in camelCase or in snake_case, and servers send their JSON in binary messages. https://ai.google.dev/api/live
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, SocketRefusal, Unreadable
from lockgate.apps.formats.document_socket import DocumentSocket, reply
from lockgate.apps.formats.gemini_generate import read_contents, read_parts
from lockgate.apps.formats.json_text import write_json
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import google_status
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Request, SocketMessage


class GeminiLive(DocumentSocket):
    """`gemini-live`."""

    id = "gemini-live"

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        model = ""
        for name in members(document):
            said = dig(document, name)
            match _plain(name):
                case "setup":
                    read_contents(page, said, (name,))
                    model = page.model((name, "model"))
                case "clientcontent":
                    _read_turns(page, said, (name,))
                case "realtimeinput":
                    _read_input(page, said, (name,))
                case "toolresponse":
                    _read_results(page, said, (name,))
                case _:
                    pass
        return page.conversation(model=model.removeprefix("models/"), wants_stream=True)

    @override
    def refuse_message(self, refusal: Refusal, request: Request, message: SocketMessage) -> SocketRefusal:
        """The vendor's status object, which its libraries raise as an error with this text; the code must not say retry."""
        status = google_status(refusal)
        return SocketRefusal(replies=(reply({**status, "error": status}),))

    @override
    def _interpreter(self) -> Interpreter:
        return _LiveAnswer()


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _read_turns(page: Page, content: object, path: Path) -> None:
    for index, turn in enumerate(items(dig(content, "turns"))):
        at = (*path, "turns", index)
        page.open(ROLES.get(string(dig(turn, "role")), Role.USER), at)
        read_parts(page, turn, at)


def _read_input(page: Page, given: object, path: Path) -> None:
    """Text, and sound and pictures in pieces: each is a blob, or a list of them by its older name."""
    page.open(Role.USER, path)
    for name in members(given):
        at = (*path, name)
        match _plain(name):
            case "text":
                page.typed(at)
            case "mediachunks":
                for index, blob in enumerate(items(dig(given, name))):
                    _read_blob(page, blob, (*at, index))
            case "audio" | "video" | "media":
                _read_blob(page, dig(given, name), at)
            case _:
                pass


def _read_blob(page: Page, blob: object, path: Path) -> None:
    media_type = string(dig(blob, "mimeType")) or string(dig(blob, "mime_type"))
    if dig(blob, "data") is not None and not page.data((*path, "data"), media_type=media_type):
        page.could_not_read("sound or pictures")


def _read_results(page: Page, given: object, path: Path) -> None:
    for name in members(given):
        if _plain(name) != "functionresponses":
            continue
        for index in range(len(items(dig(given, name)))):
            page.open(Role.TOOL, (*path, name, index))
            page.tree((*path, name, index, "response"), PartKind.TOOL_RESULT)


class _LiveAnswer(Interpreter):
    """Parts of the model's turn, transcripts of what it says, and of what was spoken to it."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = 0

    @override
    def event(self, name: str, data: object) -> None:
        """Take one message of the server."""
        content = _member(data, "serverContent", "server_content")
        for part in items(dig(_member(content, "modelTurn", "model_turn"), "parts")):
            channel = Channel.REASONING if dig(part, "thought") is True else Channel.TEXT
            self.draft.add(channel, "turn", dig(part, "text"))
        self.draft.add(Channel.TEXT, "said", dig(_member(content, "outputTranscription", "output_transcription"), "text"))
        spoken = dig(_member(content, "inputTranscription", "input_transcription"), "text")
        if spoken and self.draft.is_empty(Channel.TEXT, "spoken"):
            self.draft.add(Channel.TEXT, "spoken", "[spoken] ")
        self.draft.add(Channel.TEXT, "spoken", spoken)
        calls = _member(data, "toolCall", "tool_call")
        for call in items(_member(calls, "functionCalls", "function_calls")):
            self._calls += 1
            arguments = write_json(dig(call, "args") or {}).decode()
            self.draft.add(Channel.CALL, self._calls, f"{string(dig(call, 'name'))} {arguments}")
        if _member(content, "turnComplete", "turn_complete") is True or dig(content, "interrupted") is True:
            self.draft.finished = True
        self.draft.failed(dig(data, "error", "message"))


def _member(value: object, *names: str) -> object:
    return next((found for name in names if (found := dig(value, name)) is not None), None)
