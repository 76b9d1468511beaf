"""The fixed words of app files: categories, evidence states, kinds of sources, what may stand in a tier's evidence."""

from enum import StrEnum


class Category(StrEnum):
    """What an app is for."""

    CHAT_ASSISTANT = "chat-assistant"
    AI_SEARCH = "ai-search"
    BROWSER_ASSISTANT = "browser-assistant"
    CODING_ASSISTANT = "coding-assistant"
    APP_BUILDER = "app-builder"
    AGENT = "agent"
    AUTOMATION = "automation"
    MODEL_API = "model-api"
    SEARCH_API = "search-api"
    MODEL_HUB = "model-hub"
    SELF_HOSTED_LLM = "self-hosted-llm"
    RESEARCH_ASSISTANT = "research-assistant"
    WRITING = "writing"
    TRANSLATION = "translation"
    MEETING_NOTES = "meeting-notes"
    PRODUCTIVITY = "productivity"
    PRESENTATION_DESIGN = "presentation-design"
    DATA_ANALYTICS = "data-analytics"
    EDUCATION = "education"
    COMPANION = "companion"
    IMAGE_GENERATION = "image-generation"
    VIDEO_GENERATION = "video-generation"
    AUDIO_VOICE_GENERATION = "audio-voice-generation"
    AUDIO_MUSIC_GENERATION = "audio-music-generation"
    SPEECH_TO_TEXT = "speech-to-text"
    CUSTOMER_SUPPORT = "customer-support"
    MARKETING_SALES = "marketing-sales"
    DEVELOPER_TOOLS = "developer-tools"
    EMBEDDED_AI = "embedded-ai"


class Basis(StrEnum):
    """How sure it is that a request of this shape means this operation.

    High: two independent sources, a maintained SDK, or seen on the wire. Medium: one recent description of real traffic.
    Low: one old source, or the shape is inferred; verify before enforcing.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class EvidenceState(StrEnum):
    """What an answer rests on: read in a source, general knowledge that nobody checked, or nothing."""

    CONFIRMED = "confirmed"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"


class SourceKind(StrEnum):
    """What kind of source an answer was read in. The first two are the vendor's own."""

    VENDOR_PAGE = "vendor_page"
    VENDOR_DOCS = "vendor_docs"
    THIRD_PARTY_PROBE = "third_party_probe"
    THIRD_PARTY_CATALOG = "third_party_catalog"
    THIRD_PARTY_PAGE = "third_party_page"
    PUBLIC_LIST = "public_list"


class BreachState(StrEnum):
    """What is known about a material breach within two years. Only `FOUND` takes the security-reports points away."""

    NOT_CHECKED = "not_checked"
    NONE_FOUND = "none_found"
    NEEDS_REVIEW = "needs_review"
    FOUND = "found"


class Protocol(StrEnum):
    """Whether an operation is an ordinary request or opens a WebSocket."""

    HTTP = "http"
    WEBSOCKET = "websocket"


class CheckState(StrEnum):
    """How far a part of an answer (such as the security page behind the reports component) has been read."""

    CONFIRMED = "confirmed"
    PARTLY_CONFIRMED = "partly_confirmed"
    EXISTS_UNREAD = "exists_unread"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"
