"""Assistants with private interfaces of their own beside the large three: each answers as its page expects."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, event, json, stream, words
from upstream.app_pages import page_routes

_CHAT = "7f8a1c1e-0000-4000-8000-00000000000b"
_NDJSON = "application/x-ndjson"
_DATA = re.compile(rb'name="data"\r\n\r\n(.*?)\r\n--', re.DOTALL)


def _line(value: Any) -> bytes:
    return orjson.dumps(value) + b"\n"


async def deepseek_challenge(request: Request) -> Response:
    await request.body()
    challenge = {"algorithm": "DeepSeekHashV1", "challenge": "0" * 64, "salt": "s", "difficulty": 1}
    return json({"code": 0, "msg": "", "data": {"biz_code": 0, "biz_msg": "", "biz_data": {"challenge": challenge}}})


async def deepseek_completion(request: Request) -> Response:
    body = await body_of(request)
    return stream(request, "", _deepseek(answer_to(str(body.get("prompt", "")))))


def _deepseek(text: str) -> Iterator[bytes]:
    """A message that is patched: thoughts first, then a batch that begins the answer, then bare pieces of it."""
    first, *rest = words(text)
    yield event({"request_message_id": 1, "response_message_id": 2}, "ready")
    thought = {"id": 1, "type": "THINK", "content": "Somebody asks something"}
    yield event({"v": {"response": {"message_id": 2, "role": "ASSISTANT", "status": "WIP", "fragments": [thought]}}})
    yield event({"v": ".", "p": "response/fragments/-1/content", "o": "APPEND"})
    begun = [{"v": [{"id": 2, "type": "RESPONSE", "content": first}], "p": "fragments", "o": "APPEND"}]
    yield event({"v": begun, "p": "response", "o": "BATCH"})
    if rest:
        yield event({"v": rest[0], "p": "response/fragments/-1/content", "o": "APPEND"})
    for word in rest[1:]:
        yield event({"v": word})
    yield event({"p": "response/status", "o": "SET", "v": "FINISHED"})
    yield event({}, "close")


async def perplexity_ask(request: Request) -> Response:
    body = await body_of(request)
    return stream(request, "", _perplexity(answer_to(str(body.get("query_str", "")))))


def _perplexity(text: str) -> Iterator[bytes]:
    """Blocks that are patched; the last event is final."""
    entry: dict[str, Any] = {"backend_uuid": _CHAT, "context_uuid": _CHAT, "display_model": "turbo", "final": False}
    first, *rest = words(text)
    for number, word in enumerate((first, *rest)):
        whole = {"op": "replace", "path": "", "value": {"progress": "IN_PROGRESS", "chunks": [word]}}
        change = {"op": "add", "path": f"/chunks/{number}", "value": word} if number else whole
        block = {"intended_usage": "ask_text", "diff_block": {"field": "markdown_block", "patches": [change]}}
        yield event(entry | {"blocks": [block]}, "message")
    done = {"op": "replace", "path": "/progress", "value": "DONE"}
    block = {"intended_usage": "ask_text", "diff_block": {"field": "markdown_block", "patches": [done]}}
    yield event(entry | {"blocks": [block], "final": True}, "message")
    yield event({}, "end_of_stream")


async def le_chat_new(request: Request) -> Response:
    """Takes the first prompt; its answer is asked for with the next call, which only names the chat."""
    body = await body_of(request)
    said = " ".join(piece.get("text", "") for piece in body["0"]["json"]["content"])
    chat = request.app.state.le_chat = {"id": _CHAT, "prompt": said}
    return json([{"result": {"data": {"json": {"chatId": chat["id"]}}}}])


async def le_chat(request: Request) -> Response:
    body = await body_of(request)
    typed = body.get("messageInput")
    said = typed if isinstance(typed, str) else " ".join(piece["text"] for piece in typed or ())
    prompt = said or getattr(request.app.state, "le_chat", {}).get("prompt", "")
    return stream(request, "", _le_chat(answer_to(prompt)), "text/plain; charset=utf-8")


def _le_chat(text: str) -> Iterator[bytes]:
    """Numbered lines with patches to one message."""

    def patched(*patches: dict[str, Any]) -> bytes:
        change = {"type": "message", "messageId": _CHAT, "messageVersion": 0, "patches": patches}
        return b"15:" + _line({"json": change})

    message = {"role": "assistant", "content": "", "contentChunks": None, "chatId": _CHAT, "generationStatus": "in-progress"}
    first, *rest = words(text)
    yield b'16:{"json":{"disclaimers":[]}}\n'
    yield patched({"op": "replace", "path": [], "value": message})
    yield patched({"op": "replace", "path": "/contentChunks", "value": [{"type": "text", "text": first}]})
    for word in rest:
        yield patched({"op": "append", "path": "/contentChunks/0/text", "value": word})
    yield patched({"op": "replace", "path": "/generationStatus", "value": "success"})
    yield b"8:null\n"


async def huggingchat(request: Request) -> Response:
    found = _DATA.search(await request.body())
    prompt = orjson.loads(found.group(1))["inputs"] if found else ""
    return stream(request, "", _huggingchat(answer_to(prompt)), "application/jsonl")


def _huggingchat(text: str) -> Iterator[bytes]:
    """Tokens padded to one length, then all of it."""
    yield _line({"type": "status", "status": "started"})
    for word in words(text):
        yield _line({"type": "stream", "token": word.ljust(16, "\0")})
    yield _line({"type": "finalAnswer", "text": text, "interrupted": False})


async def meta_graphql(request: Request) -> Response:
    body = await body_of(request)
    return stream(request, "", _meta(answer_to(str(body.get("variables", {}).get("content", "")))))


def _meta(text: str) -> Iterator[bytes]:
    """All of the text so far in every event."""
    so_far = ""
    for word in words(text):
        so_far += word
        message = {"__typename": "AssistantMessage", "id": "m", "content": so_far, "streamingState": "STREAMING"}
        yield event({"data": {"sendMessageStream": message}}, "next")
    done = {"__typename": "AssistantMessage", "id": "m", "content": text, "streamingState": "OVERALL_DONE"}
    yield event({"data": {"sendMessageStream": done}}, "next")
    yield event({}, "complete")


async def notion_inference(request: Request) -> Response:
    body = await body_of(request)
    typed = next(entry["value"] for entry in body["transcript"] if entry["type"] == "user")
    return stream(request, "", _notion(answer_to("".join(run[0] for run in typed))), _NDJSON)


def _notion(text: str) -> Iterator[bytes]:
    """A list of entries that is patched."""
    yield _line({"type": "patch-start", "data": {"s": []}, "version": 1})
    thought = [{"type": "thinking", "content": "Somebody asks something."}]
    yield _line(
        {"type": "patch", "v": [{"o": "a", "p": "/s/-", "v": {"id": "i", "type": "agent-inference", "value": thought}}]}
    )
    yield _line({"type": "patch", "v": [{"o": "a", "p": "/s/0/value/-", "v": {"type": "text", "content": ""}}]})
    for word in words(text):
        yield _line({"type": "patch", "v": [{"o": "x", "p": "/s/0/value/1/content", "v": word}]})
    yield _line({"type": "patch", "v": [{"o": "a", "p": "/s/0/finishedAt", "v": 1_790_000_000}]})
    yield _line({"type": "record-map", "recordMap": {}})


async def copilot_thread(request: Request) -> Response:
    body = await body_of(request)
    return stream(request, "", _copilot(answer_to(str(body.get("content", "")))))


def _copilot(text: str) -> Iterator[bytes]:
    for word in words(text):
        yield event({"type": "content", "body": word})
    yield event({"type": "complete", "id": "m", "intent": "conversation"})


DEEPSEEK: list[BaseRoute] = [
    *page_routes("deepseek"),
    Route("/api/v0/chat/create_pow_challenge", deepseek_challenge, methods=["POST"]),
    Route("/api/v0/chat/completion", deepseek_completion, methods=["POST"]),
]
PERPLEXITY: list[BaseRoute] = [*page_routes("perplexity"), Route("/rest/sse/perplexity_ask", perplexity_ask, methods=["POST"])]
LE_CHAT: list[BaseRoute] = [
    *page_routes("le-chat"),
    Route("/api/trpc/message.newChat", le_chat_new, methods=["POST"]),
    Route("/api/chat", le_chat, methods=["POST"]),
]
HUGGING_FACE: list[BaseRoute] = [
    *page_routes("huggingchat", under="/chat"),
    Route("/chat/conversation/{chat}", huggingchat, methods=["POST"]),
]
META_AI: list[BaseRoute] = [*page_routes("meta-ai"), Route("/api/graphql", meta_graphql, methods=["POST"])]
NOTION: list[BaseRoute] = [
    *page_routes("notion-ai"),
    Route("/api/v3/runInferenceTranscript", notion_inference, methods=["POST"]),
]
GITHUB_COPILOT: list[BaseRoute] = [
    *page_routes("github-copilot"),
    Route("/github/chat/threads/{thread}/messages", copilot_thread, methods=["POST"]),
]
