"""Does a request to a host that nobody described look like a chat with a model?

Separate from the library, which knows: this only weighs signs. It must never say what was said, and never mistake an ordinary
web API for a model: each sign alone is harmless somewhere, so only an unmistakable one, or several, are enough. How often that
goes wrong is measured (`make bench BENCH_ARGS="--only discovery"`).
"""

import re
from collections.abc import Iterator
from typing import cast

import orjson

from lockgate.apps.canonical import canonical_path
from lockgate.apps.formats.json_view import dig, items, members, string
from lockgate.facts.discovery import Discovery
from lockgate.facts.traffic import Request, Response

_READ = 16 * 1024
"""Bytes of an answer that are looked at."""

# Bodies that only models are sent; the others also occur elsewhere (a list of inputs, a prompt for a picture).
_UNMISTAKABLE = frozenset({
    "anthropic-complete", "anthropic-messages", "anthropic-sessions", "bedrock-converse", "bedrock-invoke", "chatgpt-web",
    "gemini-generate", "mcp", "ollama", "openai-assistants", "openai-chat", "openai-responses",
})  # fmt: skip
_MODEL = re.compile(
    r"(?i)(?:[a-z0-9.-]{1,40}[/:])?(?:gpt-?[0-9o]|o[134](?:-|$)|chatgpt|claude|gemini|gemma|llama|mi[sx]tral|codestral|devstral|qwen"
    r"|qwq|deepseek|grok|command-[ar]|phi-?[0-9]|kimi|moonshot|glm-?[0-9]|ernie|hunyuan|yi-[0-9]|granite|nemotron|sonar|nova-"
    r"|titan-|jamba|dall-e|whisper|text-embedding|minimax|doubao|solar-|falcon-|olmo)",
)
_PATHS = (
    ("/chat/completions", 2), ("/v1/messages", 1), ("/v1/responses", 1), ("/v1/completions", 1), ("/v1/embeddings", 1),
    (":generatecontent", 2), (":streamgeneratecontent", 2), ("/api/generate", 1), ("/api/chat", 1), ("/conversation", 1),
    ("/completion", 1), ("/v1/chat", 1), ("/generate_stream", 1), ("/inference", 1), ("/prompt", 1), ("/ask", 1),
)  # fmt: skip
_HEADERS = (
    "anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project", "x-stainless-lang",
    "x-goog-api-client-genai", "x-vercel-ai-ui-message-stream", "mcp-protocol-version", "mcp-session-id",
)  # fmt: skip
_HOST = re.compile(r"(?:^|[.-])(?:ai|gpt|llm|llms|chatbot|copilot|openai|inference)(?:[.-]|$)|gpt|\.ai$")
_STREAMS = frozenset({"text/event-stream", "application/x-ndjson", "application/ndjson", "application/stream+json"})
_ANSWER_TYPES = frozenset({
    "content_block_delta", "message_start", "response.output_text.delta", "response.created", "text-delta", "text_delta",
})  # fmt: skip


def request_signs(request: Request, format_id: str, document: object) -> Discovery:
    """What a request shows. `format_id` is the shape its body has (empty for none known), `document` the body as JSON data."""
    signs = dict(_of_head(request))
    if format_id:
        # `input` beside `model` may be a machine and what it is fed: a text alone is no items of a conversation.
        plain = format_id == "openai-responses" and isinstance(dig(document, "input"), str)
        signs[f"a body in the shape of {format_id}"] = 3 if format_id in _UNMISTAKABLE and not plain else 2
    elif _is_chat(document):
        signs["a list of messages with roles"] = 2
    model = string(dig(document, "model")) or string(dig(document, "modelId")) or string(dig(document, "model_id"))
    if model and _MODEL.match(model):
        signs["the name of a model"] = 2
    return _weighed(signs)


def answer_signs(response: Response, beginning: bytes) -> Discovery:
    """What the first bytes of an answer show: the events that models stream, or a whole answer of one."""
    pieces = _pieces(response, beginning[:_READ])
    return _weighed({"an answer in the shape of a model's": 3} if any(map(_is_answer, pieces)) else {})


def together(*found: Discovery) -> Discovery:
    """All signs of one exchange."""
    return Discovery(signs=tuple(sign for each in found for sign in each.signs), weight=sum(each.weight for each in found))


def may_answer_as_model(response: Response) -> bool:
    """Whether the beginning of this answer is worth looking at."""
    return response.media_type in _STREAMS or response.media_type.endswith("json")


def _weighed(signs: dict[str, int]) -> Discovery:
    return Discovery(signs=tuple(signs), weight=sum(signs.values()))


def _of_head(request: Request) -> Iterator[tuple[str, int]]:
    path = (canonical_path(request.path) or "").lower()
    found = max(((weight, end) for end, weight in _PATHS if path.endswith(end)), default=None)
    if found is not None:
        yield f"a path that ends with {found[1]}", found[0]
    if any(request.headers.get(name) for name in _HEADERS):
        yield "a header of a model API", 2
    if _HOST.search(request.host):
        yield "a host with a telling name", 1


def _is_chat(document: object) -> bool:
    said = items(dig(document, "messages"))
    return bool(said) and all(
        string(dig(message, "role")).lower() in ("user", "assistant", "system", "human", "bot") for message in said
    )


def _pieces(response: Response, beginning: bytes) -> Iterator[object]:
    if response.media_type.endswith("json") and response.media_type not in _STREAMS:
        yield _parsed(beginning)
        return
    for line in beginning.split(b"\n")[:50]:
        data = line.strip().removeprefix(b"data:").strip()
        if data[:1] in (b"{", b"["):
            yield _parsed(data)


def _parsed(text: bytes) -> object:
    try:
        return cast("object", orjson.loads(text))
    except ValueError:
        return None


def _is_answer(event: object) -> bool:
    body = members(event)
    choice = dig(body, "choices", 0)
    if isinstance(dig(choice, "delta"), dict) or string(dig(choice, "message", "role")):
        return True
    if string(dig(body, "candidates", 0, "content", "role")) == "model":
        return True
    if string(body.get("type")) in _ANSWER_TYPES:
        return True
    if string(body.get("model")) and (string(dig(body, "message", "role")) == "assistant" or "eval_count" in body):
        return True
    return string(body.get("role")) == "assistant" and "content" in body
