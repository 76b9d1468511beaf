"""Gemini `generateContent` and its family: public API, Vertex, and the Code Assist wrapper that puts the body under `request`.

Protobuf JSON, so every name may be written in camelCase or in snake_case. https://ai.google.dev/api/generate-content
"""

import re
from typing import override

from lockgate.apps.canonical import query_values
from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.answering import answer_in_events, answer_in_json, model_of
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_array import JsonArrayReader
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.openai_chat import ROLES
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.plain_blocks import words_of
from lockgate.apps.formats.refusal import google_error, refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Answer, Request, Response

_MODEL = re.compile(r"/models/([^/:]{1,128})(?::|$)")
_WHOLE = frozenset({"totalTokens", "embedding", "embeddings", "name", "tokensInfo"})
"""What an answer has that brings no words: a count, vectors, the name of something kept."""
_WRAPPERS = ("request", "generateContentRequest", "generate_content_request")


class GeminiGenerate(DocumentFormat):
    """`gemini-generate`."""

    id = "gemini-generate"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """`contents` (or one `content`) of `parts`, perhaps inside a wrapper."""
        return any(
            all(isinstance(members(content).get("parts"), (list, dict)) for _, content in contents)
            for contents in (_contents(members(scope), path) for path, scope in _scopes(document))
            if contents
        )

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object; its code says 403, the HTTP status must not. A stream without `alt=sse` is an array."""
        error = google_error(refusal)
        streams_array = request.path.endswith(":streamGenerateContent") and query_values(request).get("alt") != "sse"
        return refuse_with_json(refusal, request, [error] if streams_array else error)

    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """A response object, alone, as an event or in an array; Code Assist wraps it as it wraps the request."""
        if not request.path.endswith((":generateContent", ":streamGenerateContent")):
            return None
        body = _response(refusal, model_of(conversation))
        body = {"response": body} if "/v1internal:" in request.path else body
        if not conversation.wants_stream:
            return answer_in_json(refusal, request, body)
        if query_values(request).get("alt") == "sse":
            return answer_in_events(refusal, request, [body])
        return answer_in_json(refusal, request, [body])

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        found = [read_contents(page, scope, path) for path, scope in _scopes(document)]
        if not any(found):
            return unreadable("no contents")
        model = _MODEL.search(request.path)
        return page.conversation(
            conversation_id=string(dig(document, "request", "session_id")) or string(dig(document, "request", "sessionId")),
            model=model.group(1) if model else page.model().removeprefix("models/"),
            wants_stream=":stream" in request.path,
            background=request.path.endswith((":countTokens", ":computeTokens")),
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _GeminiAnswer()

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """Server-sent events, or one JSON value that may be an array streamed element by element."""
        if response.media_type.endswith("json"):
            return JsonArrayReader(self._interpreter())
        return super().stream_reader(response)


def _response(refusal: Refusal, model: str) -> dict[str, object]:
    content = {"role": "model", "parts": [{"text": refusal.message}]}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0},
        "modelVersion": model,
        "responseId": refusal.reference,
    }


def read_contents(page: Page, scope: object, path: Path) -> bool:
    """The system instruction and the contents of a body at `path`. Whether it has contents."""
    for name in ("systemInstruction", "system_instruction"):
        if name in members(scope):
            page.open(Role.SYSTEM, (*path, name))
            page.text((*path, name))
            read_parts(page, dig(scope, name), (*path, name))
    contents = _contents(members(scope), path)
    for at, content in contents:
        role = ROLES.get(string(dig(content, "role")), Role.USER)
        words = words_of(content, "parts", at)
        if words is not None:
            page.whole_turn(role, at, words)
            continue
        page.open(role, at)
        page.typed(at)
        page.typed((*at, "parts"))
        read_parts(page, content, at)
    return bool(contents)


def _scopes(document: object) -> list[tuple[Path, object]]:
    """Where the body proper may be: at the root, in a wrapper, or in each of a batch of requests."""
    scopes: list[tuple[Path, object]] = [((), document)]
    scopes += [((name,), dig(document, name)) for name in _WRAPPERS if dig(document, name) is not None]
    scopes += [(("requests", index), scope) for index, scope in enumerate(items(dig(document, "requests")))]
    for config in ("inputConfig", "input_config"):
        path: Path = ("batch", config, "requests", "requests")
        scopes += [((*path, index, "request"), dig(each, "request")) for index, each in enumerate(items(dig(document, *path)))]
    return scopes


def _contents(scope: dict[str, object], path: Path) -> list[tuple[Path, object]]:
    contents = scope.get("contents")
    found: list[tuple[Path, object]] = [((*path, "contents", index), content) for index, content in enumerate(items(contents))]
    if is_object(contents) or isinstance(contents, str):
        found.append(((*path, "contents"), contents))
    if is_object(scope.get("content")):
        found.append(((*path, "content"), scope["content"]))
    return found


def read_parts(page: Page, content: object, path: Path) -> None:
    """The parts of one content, in the turn that is open."""
    parts = dig(content, "parts")
    if is_object(parts):
        _read_part(page, parts, (*path, "parts"))
    for index, part in enumerate(items(parts)):
        _read_part(page, part, (*path, "parts", index))


def _read_part(page: Page, part: object, path: Path) -> None:
    fields = members(part)
    if fields.get("thought") is True:
        page.text((*path, "text"), PartKind.REASONING)
    page.typed(path)
    page.typed((*path, "text"))
    for name in fields:
        at = (*path, name)
        match name.replace("_", "").lower():
            case "functioncall":
                page.tree((*at, "args"), PartKind.TOOL_CALL)
            case "functionresponse":
                page.tree((*at, "response"), PartKind.TOOL_RESULT)
            case "executablecode":
                page.text((*at, "code"), PartKind.TOOL_CALL)
            case "codeexecutionresult":
                page.text((*at, "output"), PartKind.TOOL_RESULT)
            case "inlinedata" | "filedata":
                _read_file(page, fields[name], at)
            case _:
                pass


def _read_file(page: Page, file: object, path: Path) -> None:
    media_type = string(dig(file, "mimeType")) or string(dig(file, "mime_type"))
    name = string(dig(file, "displayName"))
    if "data" in members(file) and not page.data((*path, "data"), name=name, media_type=media_type):
        page.could_not_read("inline file")
    for uri in ("fileUri", "file_uri"):
        page.reference(dig(file, uri), (*path, uri), name=name, media_type=media_type)


class _GeminiAnswer(Interpreter):
    """Every event is a whole response object whose parts continue the ones before."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one response object; some servers wrap several in an array."""
        for response in items(data) or [data]:
            self._response(members(response).get("response", response))
            self.draft.failed(dig(response, "error", "message"))

    def _response(self, response: object) -> None:
        draft = self.draft
        draft.named(dig(response, "modelVersion") or dig(response, "model_version"))
        for position, candidate in enumerate(items(dig(response, "candidates"))):
            number = dig(candidate, "index")
            index = str(position if number is None else number)
            for part in items(dig(candidate, "content", "parts")):
                channel = Channel.REASONING if dig(part, "thought") is True else Channel.TEXT
                draft.add(channel, index, dig(part, "text"))
                call = dig(part, "functionCall") or dig(part, "function_call")
                if call is not None:
                    arguments = write_json(dig(call, "args") or {}).decode()
                    draft.add(Channel.CALL, (index, object()), f"{string(dig(call, 'name'))} {arguments}")
            if dig(candidate, "finishReason") or dig(candidate, "finish_reason"):
                draft.finished = True
        if not _WHOLE.isdisjoint(members(response)):
            draft.finished = True
        if dig(response, "promptFeedback", "blockReason"):
            draft.failed(f"blocked by the vendor: {string(dig(response, 'promptFeedback', 'blockReason'))}")
