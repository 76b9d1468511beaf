"""Does a request to a host that nobody described look like a chat with a model?

Separate from the library, which knows: this only weighs signs. It must never say what was said, and never mistake an ordinary
web API for a model: each sign alone is harmless somewhere, so only an unmistakable one, or several, are enough. How often that
goes wrong is measured (`make bench-discovery`).
"""

from collections.abc import Iterator

from lockgate.apps.canonical import canonical_path, query_values
from lockgate.apps.formats.json_view import dig, is_array, is_object, members
from lockgate.apps.telling_answer import answer_tells, may_answer_as_model
from lockgate.apps.telling_body import BodyTells, is_words, legible, look_into, roles_of
from lockgate.apps.telling_words import (
    HEADERS,
    HISTORIES,
    HOSTS,
    KEY_HEADERS,
    KEYS,
    MODEL_ROLES,
    PROGRAMS,
    graphql_weight,
    is_model,
    models_in_path,
    path_weight,
)
from lockgate.facts.discovery import Discovery
from lockgate.facts.traffic import Request, Response

__all__ = ["answer_signs", "legible", "may_answer_as_model", "request_signs", "together"]

_READ = 16 * 1024
"""Bytes of an answer that are looked at."""

# Bodies that only models are sent; the others also occur elsewhere (a list of inputs, a prompt for a picture).
_UNMISTAKABLE = frozenset({
    "a2a", "ai-sdk-data", "ai-sdk-ui", "ai-studio", "anthropic-complete", "anthropic-messages", "anthropic-sessions",
    "bedrock-agent", "bedrock-converse", "bedrock-invoke", "chatgpt-web", "claude-web", "cohere-chat", "deepseek-web",
    "gemini-generate", "huggingchat", "jetbrains-ai", "kimi-web", "llama-server", "mcp", "meta-ai", "notebooklm", "notion-ai",
    "ollama", "openai-assistants", "openai-audio", "openai-chat", "openai-images", "openai-responses", "text-generation", "zed",
})  # fmt: skip
# Notations that one vendor uses for everything: that a form is in one of them says nothing.
_NOTHING = frozenset({"google-batch", "poe-web"})
_OF_MESSAGES = frozenset({"ai-sdk-data", "ai-sdk-ui", "anthropic-messages", "ollama", "openai-chat", "zed"})
_OF_GEMINI = frozenset({
    "model", "request", "generationConfig", "generation_config", "systemInstruction", "system_instruction", "safetySettings",
    "safety_settings", "tools", "toolConfig", "tool_config", "cachedContent", "generateContentRequest", "taskType", "requests",
})  # fmt: skip
"""What stands beside `contents` in a call of Gemini's interface."""
_PLAIN = frozenset({"openai-completions", "openai-embeddings", "openai-responses"})
_PLAIN_FIELDS = frozenset({
    "model", "input", "prompt", "stream", "user", "encoding_format", "dimensions", "input_type", "task", "truncate",
    "max_tokens", "temperature", "top_p", "top_k", "n", "stop", "suffix", "echo", "seed", "logprobs", "best_of",
    "presence_penalty", "frequency_penalty", "logit_bias", "instructions", "store", "include", "tools", "tool_choice",
    "reasoning", "text", "metadata",
})  # fmt: skip
"""Everything that may stand in a call of a completion, of vectors, or of a response to a plain text."""


def request_signs(request: Request, format_id: str, document: object) -> Discovery:
    """What a request shows. `format_id` is the shape of its body (empty: none known), `document` what `legible` made of it."""
    tells = look_into(document)
    signs = dict(_of_head(request))
    shape = _weight_of(format_id, document)
    if shape:
        signs[f"a body in the shape of {format_id}"] = shape
    signs.update(_of_body(tells, shape))
    if tells.names_model or _model_in_address(request):
        signs["the name of a model"] = 2
    return _weighed(signs)


def answer_signs(response: Response, beginning: bytes) -> Discovery:
    """What the first bytes of an answer show: the events that models stream, or a whole answer of one."""
    return _weighed(answer_tells(response, beginning[:_READ]))


def together(*found: Discovery) -> Discovery:
    """All signs of one exchange."""
    return Discovery(signs=tuple(sign for each in found for sign in each.signs), weight=sum(each.weight for each in found))


def _weighed(signs: dict[str, int]) -> Discovery:
    return Discovery(signs=tuple(signs), weight=sum(signs.values()))


def _of_head(request: Request) -> Iterator[tuple[str, int]]:
    weight, sign = path_weight(canonical_path(request.path) or "")
    if weight:
        yield sign, weight
    if not HEADERS.isdisjoint(name for name, _ in request.headers.pairs):
        yield "a header of a model API", 2
    if any(name in KEY_HEADERS and KEYS.match(value) for name, value in request.headers.pairs):
        yield "a key of a model's vendor", 2
    if PROGRAMS.search(request.headers.get("user-agent")[:200]):
        yield "a program that talks to models", 2
    if HOSTS.search(request.host):
        yield "a host with a telling name", 1
    if request.headers.get("accept").startswith("text/event-stream"):
        yield "an answer asked for as a stream", 1


def _of_body(tells: BodyTells, shape: int) -> Iterator[tuple[str, int]]:
    found = (
        ("messages with the roles of a chat with a model", tells.roles if tells.roles > shape else 0),
        ("settings that only models have", min(len(tells.settings), 3)),
        ("a prompt", tells.prompt),
        ("a model beside it", tells.prompt > 0 and tells.model_field),
        ("what is to be made of it", tells.prompt > 1 and tells.media),
        ("a text and a voice", tells.says and tells.voice),
        ("a text that somebody typed", tells.typed),
        ("a text in a conversation", tells.says and tells.in_thread),
        ("a text for an assistant", tells.says and tells.meant_for),
        ("an answer wanted as a stream", tells.streams),
        ("a GraphQL operation with a telling name", graphql_weight(tells.graphql)),
    )
    for sign, weight in found:
        if weight:
            yield sign, int(weight)


def _weight_of(format_id: str, document: object) -> int:
    """What it says that a body has the shape of a format."""
    if not format_id or format_id in _NOTHING:
        return 0
    if format_id in _PLAIN and not is_array(dig(document, "messages")):
        return _weight_of_plain(document)
    if format_id in _OF_MESSAGES and is_array(dig(document, "messages")):
        return _weight_of_messages(document)
    if format_id == "gemini-generate" and not _is_gemini(document):
        # Texts in parts, and nothing else of a model's: a page or a lesson is that, too.
        return 2
    return 3 if format_id in _UNMISTAKABLE else 2


def _is_gemini(document: object) -> bool:
    body = members(document)
    return not _OF_GEMINI.isdisjoint(body) or not roles_of(document) <= {""}


def _weight_of_messages(document: object) -> int:
    """Support desks and forums have messages with roles as well, of agents and customers."""
    roles = roles_of(document)
    if not roles <= HISTORIES | MODEL_ROLES:
        return 0
    # Of users alone, and nothing else in the body: a help desk's message is that, too.
    return 2 if roles <= HISTORIES and members(document).keys() <= {"messages"} else 3


def _weight_of_plain(document: object) -> int:
    """`input` beside `model` may be a machine and what it is fed: then it stands among other fields."""
    body = members(document)
    given = body.get("input", body.get("prompt"))
    said = (is_array(given) and bool(given)) or (isinstance(given, str) and is_words(given))
    if is_array(given) and any(map(is_object, given)):
        return 3
    return 3 if said and "model" in body and body.keys() <= _PLAIN_FIELDS else 2


def _model_in_address(request: Request) -> bool:
    if models_in_path(canonical_path(request.path) or ""):
        return True
    return bool(request.query) and any(map(is_model, query_values(request).values()))
