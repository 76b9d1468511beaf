"""Amazon Bedrock's runtime: converse and invoke, whole and in Amazon's event stream, token counts, agents, knowledge bases."""

import base64
import struct
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from upstream.answering import answer_to, body_of, json, stream, text_of, words

_STREAM = "application/vnd.amazon.eventstream"


def framed(name: str, data: Any) -> bytes:
    """One event: prelude, headers, payload and both checksums."""
    payload = orjson.dumps(data)
    headers = b"".join(
        struct.pack(">B", len(key)) + key + b"\x07" + struct.pack(">H", len(value)) + value
        for key, value in (
            (b":event-type", name.encode()), (b":content-type", b"application/json"), (b":message-type", b"event"),
        )
    )  # fmt: skip
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return message + struct.pack(">I", crc32(message))


def _prompt_of(body: dict[str, Any]) -> str:
    said = [message for message in body.get("messages", []) if message.get("role") == "user"]
    return text_of(said[-1]["content"]) if said else str(body.get("prompt") or body.get("inputText") or "")


async def converse(request: Request) -> Response:
    text = answer_to(_prompt_of(await body_of(request)))
    message = {"role": "assistant", "content": [{"text": text}]}
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    return json({"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}})


async def converse_stream(request: Request) -> Response:
    text = answer_to(_prompt_of(await body_of(request)))
    return stream(request, _model_of(request), _converse_events(text), _STREAM)


def _converse_events(text: str) -> Iterator[bytes]:
    yield framed("messageStart", {"role": "assistant"})
    for word in words(text):
        yield framed("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}})
    yield framed("contentBlockStop", {"contentBlockIndex": 0})
    yield framed("messageStop", {"stopReason": "end_turn"})
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    yield framed("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})


async def invoke(request: Request) -> Response:
    """The answer of the vendor whose body it is: Anthropic's, or Titan's."""
    body = await body_of(request)
    text = answer_to(_prompt_of(body))
    if "messages" in body:
        content = [{"type": "text", "text": text}]
        usage = {"input_tokens": 1, "output_tokens": 1}
        return json(
            {
                "id": "msg_1", "type": "message", "role": "assistant", "model": _model_of(request), "content": content,
                "stop_reason": "end_turn", "stop_sequence": None, "usage": usage,
            }
        )  # fmt: skip
    result = {"tokenCount": 1, "outputText": text, "completionReason": "FINISH"}
    return json({"inputTextTokenCount": 1, "results": [result]})


async def invoke_stream(request: Request) -> Response:
    body = await body_of(request)
    text = answer_to(_prompt_of(body))
    events = _anthropic_events(text) if "messages" in body else _titan_events(text)
    chunks = (framed("chunk", {"bytes": base64.b64encode(orjson.dumps(data)).decode()}) for data in events)
    return stream(request, _model_of(request), chunks, _STREAM)


def _anthropic_events(text: str) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": []}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for word in words(text):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 1, "outputTokenCount": 1}}


def _titan_events(text: str) -> Iterator[dict[str, Any]]:
    for word in words(text):
        yield {"outputText": word, "index": 0, "completionReason": None}
    yield {"outputText": "", "index": 0, "completionReason": "FINISH"}


async def count_tokens(_request: Request) -> Response:
    return json({"inputTokens": 7})


async def retrieve_and_generate(request: Request) -> Response:
    body = await body_of(request)
    return json({"sessionId": "session-1", "output": {"text": answer_to(body["input"]["text"])}, "citations": []})


async def invoke_agent(request: Request) -> Response:
    text = answer_to((await body_of(request)).get("inputText", ""))
    chunks = (framed("chunk", {"bytes": base64.b64encode(word.encode()).decode()}) for word in words(text))
    answer = stream(request, "agent", chunks, _STREAM)
    answer.headers["x-amzn-bedrock-agent-content-type"] = "application/json"
    answer.headers["x-amz-bedrock-agent-session-id"] = request.path_params["session"]
    return answer


def _model_of(request: Request) -> str:
    return request.path_params["model"]


ROUTES: list[BaseRoute] = [
    Route("/model/{model:path}/converse", converse, methods=["POST"]),
    Route("/model/{model:path}/converse-stream", converse_stream, methods=["POST"]),
    Route("/model/{model:path}/invoke", invoke, methods=["POST"]),
    Route("/model/{model:path}/invoke-with-response-stream", invoke_stream, methods=["POST"]),
    Route("/model/{model:path}/count-tokens", count_tokens, methods=["POST"]),
    Route("/retrieveAndGenerate", retrieve_and_generate, methods=["POST"]),
    Route("/agents/{agent}/agentAliases/{alias}/sessions/{session}/text", invoke_agent, methods=["POST"]),
]
