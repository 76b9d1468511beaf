"""The formats of web apps that speak a notation of their own, the more particular shape first.

Separate from the registry, which knows all formats, so that adding a web app changes one line here.
"""

from lockgate.apps.formats.base import WireFormat
from lockgate.apps.formats.chatgpt_web import ChatGptWeb
from lockgate.apps.formats.claude_web import ClaudeWeb
from lockgate.apps.formats.deepl_web import DeepLWeb
from lockgate.apps.formats.deepseek_web import DeepSeekWeb
from lockgate.apps.formats.gemini_web import GeminiWeb
from lockgate.apps.formats.github_copilot_web import GitHubCopilotWeb
from lockgate.apps.formats.google_batch import GoogleBatch
from lockgate.apps.formats.google_positional import AiStudio, WorkspaceGemini
from lockgate.apps.formats.huggingchat import HuggingChat
from lockgate.apps.formats.jetbrains_ai import JetBrainsAi
from lockgate.apps.formats.le_chat import LeChat
from lockgate.apps.formats.meta_ai import MetaAi
from lockgate.apps.formats.notebooklm import NotebookLm
from lockgate.apps.formats.notion_ai import NotionAi
from lockgate.apps.formats.perplexity_web import PerplexityWeb
from lockgate.apps.formats.poe_web import PoeWeb
from lockgate.apps.formats.v0 import V0
from lockgate.apps.formats.zed import Zed

WEB_APPS: tuple[WireFormat, ...] = (
    ChatGptWeb(),
    ClaudeWeb(),
    DeepSeekWeb(),
    PerplexityWeb(),
    LeChat(),
    HuggingChat(),
    MetaAi(),
    PoeWeb(),
    NotionAi(),
    DeepLWeb(),
    GitHubCopilotWeb(),
    JetBrainsAi(),
    Zed(),
    V0(),
    AiStudio(),
    WorkspaceGemini(),
)
"""Told by the shape of a JSON document."""

GOOGLE_FORMS: tuple[WireFormat, ...] = (GoogleBatch(), NotebookLm(), GeminiWeb())
"""Told by the shape of a form with an `f.req` field."""
