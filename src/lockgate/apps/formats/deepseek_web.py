"""The DeepSeek web app: one `prompt` a turn, answered by patches to a message of fragments (thoughts, search, answer).

A private interface. Its own errors are answers with status 200 and a `biz_code`, which is how the page shows a refusal. Older
streams write `content` and `thinking_content` of the message instead of fragments.
"""

import re
from typing import override

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.document_format import DocumentFormat
from lockgate.apps.formats.json_text import unreadable
from lockgate.apps.formats.json_view import dig, is_object, items, members, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.patch_tree import PatchTree, steps_of
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.prompt import Conversation, ModelAnswer, Role
from lockgate.facts.traffic import Answer, Request

_GROWS = re.compile(r"content$")
_CHANNELS = {"RESPONSE": Channel.TEXT, "THINK": Channel.REASONING}


class DeepSeekWeb(DocumentFormat):
    """`deepseek-web`."""

    id = "deepseek-web"

    @override
    def recognises(self, request: Request, document: object) -> bool:
        """A prompt in a session, among the page's own fields."""
        body = members(document)
        return isinstance(body.get("prompt"), str) and {"chat_session_id", "ref_file_ids"} <= body.keys()

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The application's own error, which the page shows as a notice; its status is always 200."""
        data = {"biz_code": 1, "biz_msg": refusal.message, "biz_data": None}
        return refuse_with_json(refusal, request, {"code": 0, "msg": "", "data": data}, status=200)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document):
            return unreadable("not an object")
        page.open(Role.USER, ("prompt",))
        page.typed(("prompt",))
        for index, file in enumerate(items(document.get("ref_file_ids"))):
            page.reference(file, ("ref_file_ids", index))
        return page.conversation(
            conversation_id=string(document.get("chat_session_id")),
            model=page.model(("model_type",)),
            wants_stream="prompt" in document,
        )

    @override
    def _interpreter(self) -> Interpreter:
        return _DeepSeekAnswer()


class _DeepSeekAnswer(Interpreter):
    """A frame that leaves out path and operation repeats the ones before."""

    def __init__(self) -> None:
        super().__init__()
        self._tree = PatchTree()
        self._path = ""
        self._operation = ""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one frame, or an error."""
        if name in ("close", "finish"):
            self.draft.finished = True
        if name == "hint" and dig(data, "type") == "error":
            self.draft.failed(dig(data, "content"))
        frame = members(data)
        if "v" in frame:
            if "p" in frame or "o" in frame:
                self._operation = string(frame.get("o"))
            self._path = string(frame["p"]) if "p" in frame else self._path
            self._apply(self._path, self._operation, frame["v"])
        elif "code" in frame:
            self.draft.failed(dig(frame, "data", "biz_msg") or frame.get("msg"))

    def _apply(self, path: str, operation: str, value: object) -> None:
        if operation == "BATCH":
            for change in items(value):
                below = string(dig(change, "p"))
                self._apply(f"{path}/{below}", string(dig(change, "o")), dig(change, "v"))
            return
        steps = steps_of(path)
        if operation == "APPEND" or (not operation and isinstance(value, str) and _GROWS.search(path)):
            self._tree.append(steps, value)
        else:
            self._tree.put(steps, value)
        if steps and steps[-1] == "status" and value == "FINISHED":
            self.draft.finished = True

    @override
    def answer(self) -> ModelAnswer:
        """What was said: the fragments in their order."""
        response = dig(self._tree.plain(), "response")
        self.draft.put(Channel.REASONING, "older", dig(response, "thinking_content"))
        self.draft.put(Channel.TEXT, "older", dig(response, "content"))
        for index, fragment in enumerate(items(dig(response, "fragments"))):
            channel = _CHANNELS.get(string(dig(fragment, "type")))
            if channel is not None:
                self.draft.put(channel, index, dig(fragment, "content"))
        if dig(response, "status") == "FINISHED":
            self.draft.finished = True
        return super().answer()
