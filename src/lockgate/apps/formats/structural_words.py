"""Strings that say nothing: the protocols' own enumeration values and server-made identifiers.

Separate because it decides which leftover strings of a document are not worth examining, which is a safety question: a value is
listed here only when nobody can write content with it. Everything else of eight characters or more is examined.
"""

import re

LEFTOVER_LENGTH = 8
"""Strings shorter than this are not collected from unknown places: no detector finds anything in them alone."""

WORDS = frozenset({
    "additionalProperties", "additional_tools", "application/json", "application/pdf", "assistant", "audio_transcription",
    "code_interpreter", "completed", "computer_call", "computer_call_output", "concise", "container_upload", "content_type",
    "custom_tool_call", "custom_tool_call_output", "detailed", "developer", "disabled", "document", "encrypted_reasoning",
    "ephemeral", "exec_command", "file_search", "finalized", "finished_successfully", "function", "function_call",
    "function_call_output", "gizmo_interaction", "image/gif", "image/jpeg", "image/png", "image/webp", "image_asset_pointer",
    "image_url", "in_progress", "incomplete", "input_audio", "input_file", "input_image", "input_text", "item_reference",
    "json_object", "json_schema", "local_shell_call", "local_shell_call_output", "mcp_approval_request",
    "mcp_approval_response", "mcp_call", "mcp_list_tools", "mcp_tool_result", "mcp_tool_use", "multimodal_text", "output_text",
    "parallel", "primary_assistant", "reasoning", "reasoning.encrypted_content", "reasoning_text", "redacted_thinking",
    "response.cancel", "response.create", "search_result", "server_tool_use", "standard", "summary_text", "text/plain",
    "thinking", "thoughts", "tool_call", "tool_calls", "tool_result", "tool_use", "web_search", "web_search_call",
    "web_search_preview", "web_search_tool_result",
})  # fmt: skip
"""Values of the protocols' own fields (types, roles, states, formats)."""

LONG_NAMES = frozenset({
    "additionalModelRequestFields", "additionalModelResponseFieldPaths", "bedrock-2023-05-31",
    "externalSourcesConfiguration", "ROLE_AGENT", "ROLE_USER",
    "generationConfiguration", "KNOWLEDGE_BASE", "knowledgeBaseConfiguration", "messages-v1",
    "retrievalConfiguration", "retrieveAndGenerateConfiguration", "textToImageParams", "vectorSearchConfiguration",
})  # fmt: skip
"""Members and marks of vendors' bodies that are longer than names usually are."""

_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|(?:toolu|srvtoolu|mcptoolu|call|chatcmpl|cmpl|resp|msg|fc|rs|ws|ctc|item|req|conv|cntr|container)[_-][A-Za-z0-9]{16,64}",
    re.ASCII,
)


def says_nothing(text: str) -> bool:
    """Whether `text` is too short, an enumeration value or an identifier that a server made."""
    return len(text) < LEFTOVER_LENGTH or text in WORDS or text in LONG_NAMES or _IDENTIFIER.fullmatch(text) is not None
