"""GitHub Copilot in editors and on the command line: three vendors' bodies at one host, chosen by the model.

What is particular: headers say whether a person typed the turn or an agent goes on by itself, and editors show a refusal word
for word only with status 424 and plain text (401 and 403 make them drop their token, 422 shows a text of their own).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import override

from lockgate.apps.formats.anthropic_messages import AnthropicMessages
from lockgate.apps.formats.base import AnswersItself, Refusal, StreamReader, Unreadable
from lockgate.apps.formats.chosen_reader import ChosenReader
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.openai_chat import OpenAiChat
from lockgate.apps.formats.openai_completions import OpenAiCompletions
from lockgate.apps.formats.openai_responses import OpenAiResponses
from lockgate.apps.formats.refusal import refuse_with
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Answer, Body, Request, Response

_CHAT, _RESPONSES, _MESSAGES, _COMPLETIONS = OpenAiChat(), OpenAiResponses(), AnthropicMessages(), OpenAiCompletions()
_PATHS: tuple[tuple[str, DocumentFormat], ...] = (
    ("/responses", _RESPONSES), ("/messages", _MESSAGES), ("/count_tokens", _MESSAGES), ("/chat/completions", _CHAT),
    ("/completions", _COMPLETIONS),
)  # fmt: skip
_ENGINE = re.compile(r"/engines/([^/]{1,80})/")
_TYPED = frozenset({"conversation-user", "conversation-panel", "conversation-inline"})
_EDITORS = ("vscode", "visualstudio", "jetbrains", "xcode", "eclipse", "neovim")


class GitHubCopilot(OpenAiChat):
    """`github-copilot`."""

    id = "github-copilot"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Never: its bodies are those of other formats."""
        return False

    @override
    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """What the request says, and whether a person asked for it."""
        read = _spoken(request, body).read_request(request, body)
        if isinstance(read, Unreadable):
            return read
        engine = _ENGINE.search(request.path)
        model = read.model or (engine.group(1) if engine else None)
        return replace(read, model=model, background=read.background or _goes_on_by_itself(request))

    @override
    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The body with the text at each path replaced. Raises ValueError for a path that `read_request` did not give."""
        return _spoken(request, body).rewrite_request(request, body, texts)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """Plain text that editors show as it is; the error object of the body's own vendor to every other client."""
        client = f"{request.headers.get('copilot-integration-id')} {request.headers.get('editor-version')}".lower()
        if any(editor in client for editor in _EDITORS):
            content = refusal.message.encode("utf-8", "replace")
            return refuse_with(refusal, request, status=424, content=content, content_type="text/plain; charset=utf-8")
        known = next((known for suffix, known in _PATHS if request.path.endswith(suffix)), _CHAT)
        return known.refuse(refusal, request, conversation)

    @override
    def answer(self, refusal: Refusal, request: Request, conversation: Conversation) -> Answer | None:
        """An answer of the vendor whose path it is; none for completions, which editors would write into a file."""
        known = next((known for suffix, known in _PATHS if request.path.endswith(suffix)), _COMPLETIONS)
        if known is _COMPLETIONS or not isinstance(known, AnswersItself):
            return None
        return known.answer(refusal, request, conversation)

    @override
    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for whichever vendor's answer it is."""
        return ChosenReader(
            (
                (b'"choices"', lambda: _CHAT.stream_reader(response)),
                (b"response.", lambda: _RESPONSES.stream_reader(response)),
                (b'"output"', lambda: _RESPONSES.stream_reader(response)),
                (b"message_start", lambda: _MESSAGES.stream_reader(response)),
                (b'"type":"message"', lambda: _MESSAGES.stream_reader(response)),
            ),
            lambda: _CHAT.stream_reader(response),
        )


def _spoken(request: Request, body: Body) -> DocumentFormat:
    """The format of the body: by its path, or by its shape."""
    by_path = next((known for suffix, known in _PATHS if request.path.endswith(suffix)), None)
    if by_path is not None:
        return by_path
    parsed = parse_json(body.content)
    document = parsed.value if isinstance(parsed, Parsed) else None
    shapes = (_RESPONSES, _MESSAGES, _CHAT)
    return next((known for known in shapes if known.recognises(request, document)), _COMPLETIONS)


def _goes_on_by_itself(request: Request) -> bool:
    """Whether the client says that no person typed this turn."""
    interaction = request.headers.get("x-interaction-type").lower()
    return request.headers.get("x-initiator").lower() == "agent" or bool(interaction and interaction not in _TYPED)
