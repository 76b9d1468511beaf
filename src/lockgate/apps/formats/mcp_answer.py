"""What an MCP server says: results, questions to the client, and what it tells of itself and its tools.

Separate from reading requests because answers come on any stream: of the request, of an open GET, of the old transport. What a
server says is told by the shape of its result, so no request has to be remembered. Nothing here may raise.
"""

import re
from dataclasses import replace
from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import StreamReader
from lockgate.apps.formats.json_view import dig, is_array, items, members, string
from lockgate.apps.formats.sse import SseReader
from lockgate.facts.mcp import McpSeen, McpTool, tool_digest
from lockgate.facts.prompt import ModelAnswer

_SERVER_INFO = "io.modelcontextprotocol/serverInfo"
_TOLD_TO_A_MODEL = ("title", "description", "inputSchema", "outputSchema", "annotations")
_MOST_TOOLS = 2000
_MOST_REFERENCES = 256
_LONGEST_NAME = 256
_LONGEST_TEXT = 16_384
_LONGEST_HEAD = 4096
_LINE = re.compile(rb"[\r\n]+")


class McpAnswer(Interpreter):
    """Understands messages of a server. `seen` is what it said of itself and has not been taken yet."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[McpSeen] = []
        self._references: list[str] = []
        self._sections = 0

    @override
    def event(self, name: str, data: object) -> None:
        """Take one message, a batch of them, or the address that the old transport announces."""
        if name == "endpoint" and isinstance(data, str):
            self.seen.append(McpSeen(endpoint=data.strip()[:_LONGEST_TEXT]))
            return
        for message in items(data) if is_array(data) else (data,):
            if dig(message, "jsonrpc") != "2.0":
                continue
            self._asked(dig(message, "method"), dig(message, "params"))
            if "result" in members(message):
                self._result(dig(message, "result"))
                self.draft.finished = True
            if dig(message, "error") is not None:
                self.draft.failed(dig(message, "error", "message"))
                self.draft.finished = True

    @override
    def answer(self) -> ModelAnswer:
        """What was said, with the addresses of what came along."""
        return replace(self.draft.build(), references=tuple(self._references))

    def _asked(self, method: object, params: object) -> None:
        """A question to the client or its model, or a notification."""
        self._say(dig(params, "systemPrompt"))
        for message in items(dig(params, "messages")):
            self._content(dig(message, "content"))
        if isinstance(method, str):
            self._say(dig(params, "message"))
            data = dig(params, "data")
            self._say(data if isinstance(data, str) or data is None else _json(data))

    def _result(self, result: object) -> None:
        self._note_server(result)
        self._say(dig(result, "instructions"))
        self._content(dig(result, "content"))
        structured = dig(result, "structuredContent")
        if structured is not None and not items(dig(result, "content")):
            self._say(_json(structured))
        for resource in items(dig(result, "contents")):
            self._resource(resource)
        for message in items(dig(result, "messages")):
            self._content(dig(message, "content"))
        for value in items(dig(result, "completion", "values")):
            self._say(value)
        for kind in ("tools", "prompts", "resources", "resourceTemplates"):
            for listed in items(dig(result, kind))[:_MOST_TOOLS]:
                self._say(f"{string(dig(listed, 'name'))}: {string(dig(listed, 'description'))}".strip(": "))
        for question in members(dig(result, "inputRequests")).values():
            self._asked(dig(question, "method"), dig(question, "params"))

    def _content(self, content: object) -> None:
        for block in items(content) if is_array(content) else (content,):
            self._say(dig(block, "text"))
            self._resource(dig(block, "resource"))
            if dig(block, "data") is not None:
                self._refer(f"{string(dig(block, 'type'))} {string(dig(block, 'mimeType'))}".strip())
            self._refer(dig(block, "uri"))

    def _resource(self, resource: object) -> None:
        self._refer(dig(resource, "uri"))
        self._say(dig(resource, "text"))

    def _say(self, text: object) -> None:
        self.draft.add(Channel.TEXT, self._sections, text)
        self._sections += 1

    def _refer(self, reference: object) -> None:
        if isinstance(reference, str) and reference and len(self._references) < _MOST_REFERENCES:
            self._references.append(reference[:2048])

    def _note_server(self, result: object) -> None:
        info = dig(result, "serverInfo") or dig(result, "_meta", _SERVER_INFO)
        listed = _tools(dig(result, "tools"))
        introduces = dig(result, "protocolVersion") is not None or dig(result, "supportedVersions") is not None
        if listed is None and not (introduces and isinstance(dig(result, "capabilities"), dict)):
            return
        versions = [version for version in items(dig(result, "supportedVersions")) if isinstance(version, str)]
        self.seen.append(
            McpSeen(
                name=string(dig(info, "name"))[:_LONGEST_NAME],
                version=string(dig(info, "version"))[:_LONGEST_NAME],
                protocol=(string(dig(result, "protocolVersion")) or max(versions, default=""))[:_LONGEST_NAME],
                instructions=string(dig(result, "instructions"))[:_LONGEST_TEXT],
                tools=listed,
                complete=listed is not None and not dig(result, "nextCursor"),
            )
        )


class McpReader:
    """A reader of a response that also gives what has been seen of the server so far."""

    def __init__(self, reader: StreamReader, answer: McpAnswer) -> None:
        self._reader = reader
        self._answer = answer

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._reader.feed(chunk)

    def finish(self) -> ModelAnswer:
        """What was said."""
        return self._reader.finish()

    def take_seen(self) -> tuple[McpSeen, ...]:
        """What the server has said of itself since this was last asked."""
        seen = tuple(self._answer.seen)
        self._answer.seen.clear()
        return seen


class OldStreamReader:
    """A reader of an open stream that may be one of 2024-11-05: its first event announces an endpoint, or it is none."""

    def __init__(self) -> None:
        answer = McpAnswer()
        self._reader = McpReader(SseReader(answer), answer)
        self._head = b""
        self._is_old: bool | None = None

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes; nothing is kept of a stream that is none."""
        if self._is_old is None:
            self._head += chunk[:_LONGEST_HEAD]
            self._is_old = _announces_endpoint(self._head)
            if self._is_old:
                self._reader.feed(self._head + chunk[_LONGEST_HEAD:])
                self._head = b""
        elif self._is_old:
            self._reader.feed(chunk)

    def finish(self) -> ModelAnswer:
        """What was said."""
        return self._reader.finish()

    def take_seen(self) -> tuple[McpSeen, ...]:
        """What the server has said of itself since this was last asked."""
        return self._reader.take_seen()


def _announces_endpoint(head: bytes) -> bool | None:
    """Whether a stream begins so; None while that cannot be told."""
    lines = [line for line in _LINE.split(head) if line and not line.startswith(b":")]
    complete = lines if head.endswith((b"\n", b"\r")) else lines[:-1]
    for line in complete:
        if line.startswith(b"event:"):
            return line[6:].strip() == b"endpoint"
        if line.startswith(b"data:"):
            return False
    return False if len(head) > _LONGEST_HEAD else None


def _tools(listed: object) -> tuple[McpTool, ...] | None:
    """The tools of a list; None when this is no list of tools."""
    if not is_array(listed) or len(listed) > _MOST_TOOLS:
        return None
    if not all(isinstance(dig(tool, "name"), str) and isinstance(dig(tool, "inputSchema"), dict) for tool in listed):
        return None
    return tuple(_tool(tool) for tool in listed)


def _tool(tool: object) -> McpTool:
    told = {name: value for name in _TOLD_TO_A_MODEL if (value := dig(tool, name)) is not None}
    definition = orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    return McpTool(
        name=string(dig(tool, "name"))[:_LONGEST_NAME],
        digest=tool_digest(definition),
        definition=definition.decode()[:_LONGEST_TEXT],
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
