"""The wire formats there are, by id and in the order in which an unknown body is compared with them.

Separate so that adding a format is one file and one line here.
"""

from lockgate.apps.formats.a2a import A2a
from lockgate.apps.formats.ai_sdk import AiSdkData, AiSdkUi
from lockgate.apps.formats.anthropic_complete import AnthropicComplete
from lockgate.apps.formats.anthropic_messages import AnthropicMessages
from lockgate.apps.formats.anthropic_sessions import AnthropicSessions
from lockgate.apps.formats.base import SocketFormat, WireFormat
from lockgate.apps.formats.bedrock_agent import BedrockAgent
from lockgate.apps.formats.bedrock_converse import BedrockConverse
from lockgate.apps.formats.bedrock_invoke import BedrockInvoke
from lockgate.apps.formats.chatgpt_socket import ChatGptSocket
from lockgate.apps.formats.cohere_chat import CohereChat
from lockgate.apps.formats.file_bytes import FileBytes
from lockgate.apps.formats.file_form import FileForm
from lockgate.apps.formats.file_json import FileJson
from lockgate.apps.formats.file_upload import FileUpload
from lockgate.apps.formats.form_text import parse_form
from lockgate.apps.formats.gemini_generate import GeminiGenerate
from lockgate.apps.formats.gemini_interactions import GeminiInteractions
from lockgate.apps.formats.gemini_live import GeminiLive
from lockgate.apps.formats.github_copilot import GitHubCopilot
from lockgate.apps.formats.google_ai_mode import GoogleAiMode
from lockgate.apps.formats.google_predict import GooglePredict
from lockgate.apps.formats.grammarly_socket import GrammarlySocket
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.kimi_web import KimiWeb
from lockgate.apps.formats.llama_server import LlamaServer
from lockgate.apps.formats.m365_copilot import M365Copilot
from lockgate.apps.formats.mcp import MCP
from lockgate.apps.formats.meta_gateway import MetaGateway
from lockgate.apps.formats.mistral_conversations import MistralConversations
from lockgate.apps.formats.ollama import Ollama
from lockgate.apps.formats.openai_assistants import OpenAiAssistants
from lockgate.apps.formats.openai_audio import OpenAiAudio
from lockgate.apps.formats.openai_chat import OpenAiChat
from lockgate.apps.formats.openai_completions import OpenAiCompletions
from lockgate.apps.formats.openai_embeddings import OpenAiEmbeddings
from lockgate.apps.formats.openai_files import OpenAiFiles
from lockgate.apps.formats.openai_images import OpenAiImages
from lockgate.apps.formats.openai_realtime import OpenAiRealtime
from lockgate.apps.formats.openai_responses import OpenAiResponses
from lockgate.apps.formats.openai_responses_socket import OpenAiResponsesSocket
from lockgate.apps.formats.poe_socket import PoeSocket
from lockgate.apps.formats.rpc_body import coding_of, framing_of, looks_enveloped, parse_rpc
from lockgate.apps.formats.rpc_format import RpcFormat
from lockgate.apps.formats.rpc_text import RPC_TEXT
from lockgate.apps.formats.text_generation import TextGeneration
from lockgate.apps.formats.web_apps import GOOGLE_FORMS, WEB_APPS
from lockgate.facts.traffic import Body, Request

# The more particular shape first: an OpenAI body is what is left when nothing else fits.
_IN_SNIFFING_ORDER: tuple[WireFormat, ...] = (
    MCP,
    A2a(),
    *WEB_APPS,
    GeminiGenerate(),
    GeminiInteractions(),
    GooglePredict(),
    BedrockConverse(),
    BedrockInvoke(),
    BedrockAgent(),
    AiSdkUi(),
    AiSdkData(),
    CohereChat(),
    MistralConversations(),
    LlamaServer(),
    TextGeneration(),
    OpenAiAssistants(),
    OpenAiAudio(),
    OpenAiImages(),
    OpenAiEmbeddings(),
    OpenAiResponses(),
    AnthropicMessages(),
    AnthropicSessions(),
    AnthropicComplete(),
    Ollama(),
    OpenAiChat(),
    OpenAiCompletions(),
)

_CALLS_IN_SNIFFING_ORDER: tuple[RpcFormat, ...] = (KimiWeb(),)

# Formats that nothing in a body tells from any other: an app file has to name them.
_NAMED_ONLY: tuple[WireFormat, ...] = (
    FileBytes(),
    FileForm(),
    FileJson(),
    FileUpload(),
    OpenAiFiles(),
    RPC_TEXT,
    GitHubCopilot(),
    GoogleAiMode(),
)

FORMATS: dict[str, WireFormat] = {
    wire_format.id: wire_format for wire_format in (*_IN_SNIFFING_ORDER, *GOOGLE_FORMS, *_CALLS_IN_SNIFFING_ORDER, *_NAMED_ONLY)
}
"""Every format of plain requests by its id."""

_SOCKETS: tuple[SocketFormat, ...] = (
    ChatGptSocket(), GeminiLive(), GrammarlySocket(), M365Copilot(), MetaGateway(), OpenAiRealtime(), OpenAiResponsesSocket(),
    PoeSocket(),
)  # fmt: skip

SOCKET_FORMATS: dict[str, SocketFormat] = {socket_format.id: socket_format for socket_format in _SOCKETS}
"""Every format of WebSocket messages by its id; a format that is spoken over both has one id in both tables."""


def sniff(request: Request, body: Body) -> WireFormat | None:
    """The format whose shape the body has, whatever its host, path and content type say; None when it has none."""
    if framing_of(request.media_type) is not None or looks_enveloped(body.content):
        return _sniff_call(request, body)
    parsed = parse_json(body.content)
    if isinstance(parsed, Parsed):
        return next((known for known in _IN_SNIFFING_ORDER if known.recognises(request, parsed.value)), None)
    form = parse_form(body.content) if b"f.req=" in body.content else parsed
    if not isinstance(form, Parsed):
        return None
    return next((known for known in GOOGLE_FORMS if known.recognises(request, form.value)), None)


def _sniff_call(request: Request, body: Body) -> WireFormat | None:
    for known in _CALLS_IN_SNIFFING_ORDER:
        parsed = parse_rpc(body.content, request.media_type, coding_of(request.headers), known.known_request)
        if isinstance(parsed, Parsed) and known.recognises(request, parsed.value):
            return known
    return None
