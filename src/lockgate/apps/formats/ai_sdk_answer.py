"""What the AI SDK's servers stream: typed events (version 5 on), or lines of a code, a colon and JSON (versions 3 and 4).

Separate because both streams tell the same things, and a page may get either, whatever its request looked like.
"""

from typing import override

from lockgate.apps.formats import quick_json
from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.json_text import write_json
from lockgate.apps.formats.json_view import dig, is_object, items, string

_CODES = {"0": "text", "g": "reasoning", "9": "call", "b": "call-start", "c": "call-delta", "3": "error", "d": "finish"}


class StreamedParts(Interpreter):
    """Understands both streams, and whole messages of servers that do not stream."""

    @override
    def event(self, name: str, data: object) -> None:
        """Take one event, one line, or a whole answer."""
        if data == "[DONE]":
            self.draft.finished = True
        elif isinstance(data, str):
            self._line(data)
        elif isinstance(dig(data, "type"), str):
            self._typed(string(dig(data, "type")), data)
        else:
            self._whole(data)

    def _line(self, line: str) -> None:
        code, colon, rest = line.partition(":")
        kind = _CODES.get(code, "") if colon else ""
        if not kind:
            return
        try:
            value = quick_json.loads(rest)
        except ValueError:
            return  # the end of the stream cut it off
        draft, call = self.draft, string(dig(value, "toolCallId"))
        match kind:
            case "text":
                draft.add(Channel.TEXT, "", value)
            case "reasoning":
                draft.add(Channel.REASONING, "", value)
            case "call":
                self._call(call, dig(value, "toolName"), dig(value, "args"))
            case "call-start":
                draft.add(Channel.CALL, call, f"{string(dig(value, 'toolName'))} ")
            case "call-delta":
                draft.add(Channel.CALL, call, dig(value, "argsTextDelta"))
            case "error":
                draft.failed(value)
            case _:
                draft.finished = True

    def _typed(self, kind: str, data: object) -> None:
        draft, call = self.draft, string(dig(data, "toolCallId"))
        part = string(dig(data, "id"))
        match kind:
            case "text-delta":
                draft.add(Channel.TEXT, part, dig(data, "delta") or dig(data, "textDelta"))
            case "text":
                draft.add(Channel.TEXT, part, dig(data, "text"))
            case "reasoning-delta":
                draft.add(Channel.REASONING, part, dig(data, "delta"))
            case "tool-input-start":
                draft.add(Channel.CALL, call, f"{string(dig(data, 'toolName'))} ")
            case "tool-input-delta":
                draft.add(Channel.CALL, call, dig(data, "inputTextDelta"))
            case "tool-input-available":
                self._call(call, dig(data, "toolName"), dig(data, "input"))
            case "error":
                draft.failed(dig(data, "errorText") or dig(data, "message") or dig(data, "error", "message"))
            case "finish":
                draft.finished = True
            case _:
                pass

    def _whole(self, data: object) -> None:
        error = dig(data, "error")
        self.draft.failed(dig(error, "message") or error or dig(data, "message"))
        for index, part in enumerate(items(dig(data, "parts")) or items(dig(data, "message", "parts"))):
            self.draft.add(Channel.TEXT, str(index), dig(part, "text") if dig(part, "type") == "text" else None)
        text = dig(data, "text")
        self.draft.add(Channel.TEXT, "", text)
        self.draft.finished = self.draft.finished or (is_object(data) and not error)

    def _call(self, section: str, name: object, given: object) -> None:
        arguments = given if isinstance(given, str) else write_json(given or {}).decode("utf-8", "replace")
        self.draft.put(Channel.CALL, section, f"{string(name)} {arguments}")
