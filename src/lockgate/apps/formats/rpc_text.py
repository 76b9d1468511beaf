"""Remote procedure calls of unknown services: every text of every message, in Connect, gRPC or gRPC-Web, JSON or protobuf.

Separate from the formats that know a service. Which text a person typed is a guess here: what reads like words counts as typed,
everything else as the machine's; both are examined alike. Of an answer it can be told as little: texts that stand at one place
are taken for pieces of one text, unless they only repeat.
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.leaf_paths import deep_leaves
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.protobuf_text import AS_TEXT
from lockgate.apps.formats.rpc_answer import RpcAnswer
from lockgate.apps.formats.rpc_format import RpcFormat
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Request

_WORDS = re.compile(r"[^\W\d_]{2,}[^\S\n]{1,4}[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
_LIKE_CODE = re.compile(r"\s{0,8}[{\[<]")
_MOST_PLACES = 1000


class RpcText(RpcFormat):
    """`rpc-text`: it would recognise every call, so it is used where a file names it or nothing else fits."""

    id = "rpc-text"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """Never: that something is a call does not say that it is a prompt."""
        return False

    @override
    def _read_messages(self, request: Request, messages: list[object], page: Page) -> Conversation | Unreadable:
        for index, message in enumerate(messages):
            page.open(Role.USER, (index,))
            for path, text in deep_leaves(message, (index,)):
                if _reads_like_words(path, text):
                    page.text(path)
        return page.conversation(wants_stream=True)

    @override
    def _interpreter(self) -> Interpreter:
        return _TextsOfAnswer()


RPC_TEXT = RpcText()


def _reads_like_words(path: Path, text: str) -> bool:
    return path[-1] != AS_TEXT and _LIKE_CODE.match(text) is None and _WORDS.search(text) is not None


class _TextsOfAnswer(RpcAnswer):
    def __init__(self) -> None:
        super().__init__()
        self._last: dict[Path, str] = {}

    @override
    def message(self, message: object) -> None:
        """Take one message."""
        for path, text in deep_leaves(message, ()):
            known = path in self._last or len(self._last) < _MOST_PLACES
            if known and path[-1:] != (AS_TEXT,) and self._last.get(path) != text:
                self._last[path] = text[:256]
                self.draft.add(Channel.TEXT, path, text)
