"""What is heard in chat completions, whole or in chunks, with what other vendors add to OpenAI's shape.

Separate from reading requests because several formats answer in this shape. Vendors repeat themselves in it: none of what they
say may be heard twice.
"""

from typing import override

import orjson

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.json_view import dig, items, members, string


class ChatAnswer(Interpreter):
    """Whole answers have `message` where chunks have `delta`; legacy ones have `text`."""

    def __init__(self) -> None:
        super().__init__()
        self._in_pieces = False
        self._call_id = ""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one chunk, or a whole answer."""
        draft = self.draft
        if data == "[DONE]":
            draft.finished = True
        draft.named(dig(data, "model"))
        error = dig(data, "error")
        draft.failed(dig(error, "message") or error)
        draft.works_as(dig(data, "request_id"))  # of what xAI completes later, on request
        if dig(data, "base_resp", "status_code"):  # MiniMax fails with status 200
            draft.failed(dig(data, "base_resp", "status_msg"))
        for choice in items(dig(data, "choices")):
            self._choice(str(dig(choice, "index")), choice)
        self._meta(data)

    def _choice(self, index: str, choice: object) -> None:
        delta = dig(choice, "delta")
        if isinstance(delta, dict):
            # Perplexity repeats all of the answer so far in `message` beside each delta, Together each delta in `text`.
            self._in_pieces = self._piece(index, delta) or self._in_pieces
        elif not self._in_pieces:  # MiniMax ends a stream with all of the answer in a `message`
            self._piece(index, dig(choice, "message"))
        if dig(delta, "content") is None:
            self.draft.add(Channel.TEXT, index, dig(choice, "text"))
        if dig(choice, "finish_reason"):  # Hunyuan's is empty until the end
            self.draft.finished = True

    def _piece(self, index: str, piece: object) -> bool:
        """Take what is in one delta or message, and tell whether it says something."""
        draft, content = self.draft, dig(piece, "content")
        thinks = dig(piece, "type") == "think"  # Jina
        draft.add(Channel.REASONING if thinks else Channel.TEXT, index, content)
        for block in items(content):
            draft.add(Channel.TEXT, index, dig(block, "text"))
            for thought in (*items(dig(block, "thinking")), *items(dig(block, "summary"))):  # Mistral, Databricks
                draft.add(Channel.REASONING, index, dig(thought, "text"))
        draft.add(Channel.TEXT, index, dig(piece, "refusal"))
        draft.add(Channel.TEXT, index, dig(piece, "audio", "transcript"))
        reasoning = dig(piece, "reasoning_content") or dig(piece, "reasoning")
        draft.add(Channel.REASONING, index, dig(reasoning, "thinking") or reasoning)  # Heroku has an object
        for detail in () if reasoning else items(dig(piece, "reasoning_details")):  # OpenRouter has both, MiniMax this alone
            draft.add(Channel.REASONING, index, dig(detail, "text") or dig(detail, "summary"))
        for position, call in enumerate(items(dig(piece, "tool_calls"))):
            number = dig(call, "index")
            self._call((index, str(position if number is None else number)), dig(call, "function") or dig(call, "custom"))
        self._call((index, "function"), dig(piece, "function_call"))
        return bool(content)

    def _call(self, section: tuple[str, str], function: object) -> None:
        said = string(dig(function, "name"))
        self.draft.add(Channel.CALL, section, f"{said} " if said else "")
        arguments = dig(function, "arguments") or dig(function, "input")
        self.draft.add(Channel.CALL, section, orjson.dumps(arguments).decode() if members(arguments) else arguments)

    def _meta(self, data: object) -> None:
        """Meta's own shape beside the compatible one: `completion_message`, or events with a delta."""
        said = dig(data, "completion_message")
        content = dig(said, "content")
        self.draft.add(Channel.TEXT, "meta", dig(content, "text") or content)
        for position, call in enumerate(items(dig(said, "tool_calls"))):
            self._call(("meta", str(position)), dig(call, "function"))
        delta = dig(data, "event", "delta")
        self.draft.add(Channel.TEXT, "meta", dig(delta, "text"))
        self.draft.add(Channel.REASONING, "meta", dig(delta, "reasoning"))
        self._call_id = string(dig(delta, "id"))[:64] or self._call_id  # only the first piece of a call has it
        self._call(("meta", self._call_id), dig(delta, "function"))
        if dig(said, "stop_reason") or dig(data, "event", "event_type") == "complete":
            self.draft.finished = True
