"""Sound: text to be spoken, and recordings to be transcribed or translated.

A recording is an attachment that cannot be read here; what comes back is its text, whole (JSON, plain, subtitles) or in events.
Speech comes back as sound. https://platform.openai.com/docs/api-reference/audio
"""

from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.media_fields import fields, parse_media, read_fields, read_files
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.apps.formats.text_stream import TextReader
from lockgate.facts.prompt import Conversation, ModelAnswer, Role
from lockgate.facts.traffic import Answer, Body, Request, Response

_WORDS = {"instructions": Role.SYSTEM, "input": Role.USER, "text": Role.USER, "prompt": Role.USER, "keywords": Role.USER,
          "voice_description": Role.SYSTEM}  # fmt: skip
_SOUNDS = ("file", "audio", "file_url", "url", "audio_url")


class OpenAiAudio(DocumentFormat):
    """`openai-audio`."""

    id = "openai-audio"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A `voice` for an `input`."""
        body = members(document)
        return all(isinstance(body.get(name), str) for name in ("model", "input")) and "voice" in body

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        return parse_media(request, body)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        names = [name for name, _ in fields(document)]
        if not any(name in _WORDS or name in _SOUNDS for name in names):
            return unreadable("neither words nor sound")
        model = read_fields(page, document, _WORDS)
        read_files(page, document, _SOUNDS, "audio/*")
        return page.conversation(model=model or model_in_path(request.path), wants_stream=_streams(document))

    @override
    def _interpreter(self) -> Interpreter:
        return _Transcript()

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for events, JSON, or plain text and subtitles; sound says nothing that could be read."""
        kind = response.media_type
        if kind.startswith(("audio/", "video/")) or kind == "application/octet-stream":
            return _Sound()
        if (kind.startswith("text/") and kind != "text/event-stream") or kind == "application/x-subrip":
            return TextReader(_PlainTranscript())
        return super().stream_reader(response)


def _streams(document: object) -> bool:
    """Whether a field asks for events."""
    if is_object(document):
        return document.get("stream") is True or document.get("stream_format") == "sse"
    return any(name == "stream" and dig(document, *path) in ("true", "True") for name, path in fields(document))


class _Transcript(Interpreter):
    """Deltas, and the whole text at the end; or one object."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer."""
        draft = self.draft
        draft.named(dig(data, "model"))
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        kind = string(dig(data, "type"))
        if kind.endswith(".delta"):
            draft.add(Channel.TEXT, "", dig(data, "delta") or (dig(data, "text") if "audio" not in members(data) else None))
        elif kind.endswith(".done"):
            draft.put(Channel.TEXT, "", dig(data, "text"))
            draft.finished = True
        elif not kind and isinstance(dig(data, "text"), str):
            draft.add(Channel.TEXT, "", dig(data, "text"))
            draft.finished = True
        elif not kind:
            for index, segment in enumerate(items(dig(data, "segments"))):
                draft.add(Channel.TEXT, index, dig(segment, "text"))


class _PlainTranscript(Interpreter):
    """Text as it comes."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take a piece of the text."""
        self.draft.add(Channel.TEXT, "", data)
        self.draft.finished = True


class _Sound:
    """Bytes that nobody here listens to."""

    def feed(self, chunk: bytes) -> None:
        """Let them pass."""

    def finish(self) -> ModelAnswer:
        """Nothing that could be read."""
        return ModelAnswer()
