"""Anthropic's first call: one `prompt` in which `Human:` and `Assistant:` take turns, and one `completion`.

Still spoken by old programs, and inside Amazon Bedrock. Separate because the turns are pieces of one string.
https://docs.anthropic.com/en/api/complete
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.anthropic_messages import MessagesAnswer, permission_error
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, members, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.path_model import model_in_path
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Request

_MARK = re.compile(r"(?:^|\n\n)(Human|Assistant):[ ]?")
_ROLES = {"Human": Role.USER, "Assistant": Role.ASSISTANT}


class AnthropicComplete(DocumentFormat):
    """`anthropic-complete`."""

    id = "anthropic-complete"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A `prompt` beside a limit that nobody else calls like this."""
        return isinstance(dig(document, "prompt"), str) and "max_tokens_to_sample" in members(document)

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, permission_error(refusal))

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not isinstance(dig(document, "prompt"), str):
            return unreadable("no prompt")
        read_exchange(page, string(dig(document, "prompt")), ("prompt",))
        model = page.model() or model_in_path(request.path)
        return page.conversation(model=model, wants_stream=dig(document, "stream") is True)

    @override
    def _interpreter(self) -> Interpreter:
        return _Completion()


def read_exchange(page: Page, prompt: str, path: Path) -> None:
    """The turns in `prompt`, which is at `path`. What stands before the first mark is the system's; unmarked, the user's."""
    marks = list(_MARK.finditer(prompt))
    if not marks:
        page.open(Role.USER, path)
        page.typed(path)
        return
    page.claim(path)
    page.open(Role.SYSTEM, path)
    page.piece(path, 0, marks[0].start())
    ends = [*(mark.start() for mark in marks[1:]), len(prompt)]
    for mark, end in zip(marks, ends, strict=True):
        page.open(_ROLES[mark.group(1)], path)
        page.piece(path, mark.end(), end)


class _Completion(Interpreter):
    """As in the stream of messages, where the old events still have a place; a whole answer is one of them."""

    def __init__(self) -> None:
        super().__init__()
        self._messages = MessagesAnswer()
        self._messages.draft = self.draft

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, or the whole answer."""
        self.draft.named(dig(data, "model"))
        whole = {"completion", "type"} & members(data).keys() == {"completion"}
        self._messages.event(name, {**members(data), "type": "completion"} if whole else data)
