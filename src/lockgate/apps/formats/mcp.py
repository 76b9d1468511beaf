"""MCP, the Model Context Protocol: JSON-RPC 2.0 over streamable HTTP (2025-03-26 on) and over HTTP with SSE (2024-11-05).

An agent's calls of tools, what it reads of a server, and a person's answers to a server's questions. A batch is read whole, and
refusing it answers each of its requests. https://modelcontextprotocol.io/specification
"""

from dataclasses import replace
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable, write_json
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.apps.formats.leaf_paths import leaves
from lockgate.apps.formats.mcp_answer import McpAnswer, McpReader
from lockgate.apps.formats.mcp_messages import (
    CALL,
    COMPLETE,
    ELICIT,
    PROMPT,
    READ,
    SAMPLE,
    answered_method,
    call_of,
    has_known_method,
    header_texts,
    is_mcp,
    is_message,
    messages_of,
    says_mcp,
)
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import EVENT_STREAM, refuse_with
from lockgate.facts.decision import Reason
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Part, PartKind, Role, chain
from lockgate.facts.traffic import Answer, Request, Response

_REFUSED = -32010
"""In the range that the specification leaves to implementations; SDKs keep -32000 and -32001 for their own errors."""
_HEADER_MISMATCH = -32020


class Mcp(DocumentFormat):
    """`mcp`."""

    id = "mcp"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """JSON-RPC 2.0 with a method of MCP, or of any under a head that says MCP."""
        known = is_message if says_mcp(request) else is_mcp
        return any(known(message) for _, message in messages_of(document))

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """An error for each request that waits for an answer.

        Its status is 200 where the client reads JSON-RPC in the response. It is 400 where a client would take anything else for
        a success (a notification, the old transport, a request that was not read), and 405 for what is not sent but asked for,
        which clients take as "this server has no such stream".
        """
        call = conversation.mcp if conversation is not None else None
        mismatch = refusal.code == Reason.MCP_HEADER_MISMATCH
        error = {
            "code": _HEADER_MISMATCH if mismatch else _REFUSED,
            "message": refusal.message,
            "data": _data(refusal),
        }
        ids = call.ids if call is not None else ()
        answers: list[object] = [{"jsonrpc": "2.0", "id": each, "error": error} for each in ids or (None,)]
        content = write_json(answers if len(answers) > 1 else answers[0])
        if request.method != "POST":
            return refuse_with(refusal, request, status=405, content=content)
        accepted = request.headers.get("accept").lower()
        if not ids or mismatch or not ("application/json" in accepted or "text/event-stream" in accepted):
            return refuse_with(refusal, request, status=400, content=content)
        if "application/json" in accepted:
            return refuse_with(refusal, request, status=200, content=content)
        events = b"".join(b"event: message\ndata: " + write_json(answer) + b"\n\n" for answer in answers)
        return refuse_with(refusal, request, status=200, content=events, content_type=EVENT_STREAM)

    @override
    def stream_reader(self, response: Response) -> McpReader:
        """A reader that also notes what the server says of itself and its tools, as it comes."""
        answer = McpAnswer()
        return McpReader(self._reader(response, answer), answer)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not any(is_message(message) for _, message in messages_of(document)):
            return unreadable("not JSON-RPC")
        for path, message in messages_of(document):
            _read_message(page, message, path)
        accepts_stream = "text/event-stream" in request.headers.get("accept").lower()
        said = _with_headers(page.conversation(wants_stream=accepts_stream), request, document)
        length = sum(len(part.text) for turn in said.turns for part in turn.parts)
        call = call_of(request, document, text_length=length)
        return replace(said, mcp=call, background=call.housekeeping)

    @override
    def _interpreter(self) -> Interpreter:
        return McpAnswer()


MCP = Mcp()


def _data(refusal: Refusal) -> dict[str, object]:
    known: dict[str, object] = {"reason": refusal.code, "reference": refusal.reference}
    return known if refusal.retry_after is None else known | {"retry_after": refusal.retry_after}


def _read_message(page: Page, message: object, path: Path) -> None:
    method, params = dig(message, "method"), (*path, "params")
    name = string(dig(message, "params", "name"))
    if has_known_method(message):
        page.claim((*path, "method"))
    for key, answer in members(dig(message, "params", "inputResponses")).items():
        _read_answer(page, answer, (*params, "inputResponses", key))
    match method:
        case str() if method == CALL:
            page.open(Role.ASSISTANT, params)
            page.text((*params, "name"), PartKind.TOOL_CALL, name=name)
            page.tree((*params, "arguments"), PartKind.TOOL_CALL, name=name)
        case str() if method == READ:
            page.open(Role.ASSISTANT, params)
            page.text((*params, "uri"), PartKind.TOOL_CALL)
        case str() if method == PROMPT:
            page.open(Role.USER, params)
            page.tree((*params, "arguments"), PartKind.TEXT)
        case str() if method == COMPLETE:
            page.open(Role.USER, params)
            page.text((*params, "argument", "value"))
        case str():
            page.open(Role.SYSTEM, params)
        case _:
            _read_answer(page, dig(message, "result"), (*path, "result"))
            if dig(message, "error") is not None:
                page.open(Role.SYSTEM, (*path, "error"))


def _read_answer(page: Page, answer: object, path: Path) -> None:
    """What a client answers to a question of its server."""
    match answered_method(answer):
        case method if method == ELICIT:
            page.open(Role.USER, path)
            page.tree((*path, "content"), PartKind.TEXT)
        case method if method == SAMPLE:
            page.open(Role.ASSISTANT, path)
            content = dig(answer, "content")
            where = (*path, "content")
            blocks = [((*where, index), block) for index, block in enumerate(items(content))] or [(where, content)]
            for at, block in blocks:
                page.text((*at, "text"))
                page.data((*at, "data"), media_type=string(dig(block, "mimeType")))
                page.tree((*at, "input"), PartKind.TOOL_CALL, name=string(dig(block, "name")))
        case _ if answer is not None:
            page.open(Role.SYSTEM, path)
        case _:
            pass


def _with_headers(said: Conversation, request: Request, document: object) -> Conversation:
    """What `Mcp-Param-*` headers say beyond the body: they leave as well, and a server may go by them."""
    headers = tuple(header_texts(request))
    if not headers:
        return said
    in_body = {text for _, text in leaves(document, ())}
    parts = tuple(
        Part(text=text, path=("headers", name), kind=PartKind.TOOL_CALL) for name, text in headers if text not in in_body
    )
    return replace(said, turns=(*said.turns, *chain([(Role.ASSISTANT, parts, ())]))) if parts else said
