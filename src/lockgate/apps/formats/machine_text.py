"""Telling what a person typed from what their client wrapped around it, inside one string.

Agents put reminders, environment and session context into the *user* message, as complete `<tag>...</tag>` elements before or
after the typed words; a few wrap the typed words themselves. The tags are data, in one place. Classification never removes
anything from inspection: detectors see both kinds, topics and the prompt log look at the typed one.
"""

from dataclasses import dataclass

from lockgate.facts.prompt import PartKind

MACHINE_TAGS = frozenset({
    "additional_data", "agents_md", "ambient_context", "attached_files", "attachment", "attachments", "browser_context",
    "command-args", "command-contents", "command-message", "command-name", "context", "current_datetime", "current_file",
    "cursor_rules", "editorContext", "editor_context", "environment_context", "environment_details", "environment_info",
    "file_contents", "git_status", "ide_opened_file", "ide_selection", "local-command-caveat",
    "local-command-stderr", "local-command-stdout", "manually_attached_skills", "open_and_recently_viewed_files",
    "permissions instructions", "project_layout", "reminder", "reminderInstructions", "repoContext", "session_context",
    "system-notification", "system-reminder", "system_info", "system_notification",
    "system_reminder", "terminal_context", "todoContext", "todo_context", "tool-use-concurrency-reminder", "turn_aborted",
    "user_environment_context", "user_info", "user_instructions", "user_shell_command", "workspaceFolder", "workspace_context",
    "workspace_info",
})  # fmt: skip
"""Elements that a client wrote, not a person."""

WRAPPER_TAGS = frozenset({"task", "userRequest", "user_message", "user_query", "user_request", "user-prompt", "feedback"})
"""Elements whose content is what the person typed."""

LEADS = ("Generate a title for this conversation:",)
"""Sentences that a client puts before the typed words when it asks a second model about them."""

_MAX_ELEMENTS = 64
_MAX_TAG = 64
_SPACE = " \t\r\n"
_MAY_OPEN = frozenset((*_SPACE, "<", '"', *(lead[0] for lead in LEADS)))
_MAY_CLOSE = frozenset((*_SPACE, ">"))


@dataclass(frozen=True, slots=True)
class Piece:
    """Code points `start` to `end` of a string are text of `kind`."""

    start: int
    end: int
    kind: PartKind


def is_bare(text: str) -> bool:
    """Whether it is plain at a glance that all of `text` is one typed piece, as it nearly always is. False says nothing."""
    return bool(text) and text[0] not in _MAY_OPEN and text[-1] not in _MAY_CLOSE


def split_typed(text: str) -> tuple[Piece, ...]:
    """The pieces of a user's string, in order. Only white space, wrapping quotes and wrapper tags lie between them."""
    before, start = _leading(text)
    after, end = _trailing(text, start)
    middle = _unwrapped(text, start, end)
    return (*before, *((middle,) if middle else ()), *reversed(after))


def _leading(text: str) -> tuple[list[Piece], int]:
    pieces: list[Piece] = []
    position = _skip_space(text, 0)
    for _ in range(_MAX_ELEMENTS):
        lead = next((lead for lead in LEADS if text.startswith(lead, position)), "")
        end = position + len(lead) if lead else _element_end(text, position)
        if end is None:
            break
        pieces.append(Piece(position, end, PartKind.MACHINE))
        position = _skip_space(text, end)
    return pieces, position


def _element_end(text: str, start: int) -> int | None:
    """Where the machine element that opens at `start` ends, or None when none opens there."""
    if not text.startswith("<", start):
        return None
    close = text.find(">", start + 1, start + 1 + 8 * _MAX_TAG)
    if close < 0:
        return None
    inside = text[start + 1 : close]
    tag = inside if inside in MACHINE_TAGS else inside.split(maxsplit=1)[0] if inside.strip() else ""
    if tag not in MACHINE_TAGS:
        return None
    closing = text.find(f"</{tag}>", close)
    return closing + len(tag) + 3 if closing >= 0 else None


def _trailing(text: str, floor: int) -> tuple[list[Piece], int]:
    pieces: list[Piece] = []
    end = _trim_space(text, floor, len(text))
    for _ in range(_MAX_ELEMENTS):
        if not text.endswith(">", floor, end):
            break
        opening = text.rfind("</", max(floor, end - _MAX_TAG), end)
        tag = text[opening + 2 : end - 1] if opening >= 0 else ""
        start = text.rfind(f"<{tag}>", floor, opening) if tag in MACHINE_TAGS else -1
        if start < 0:
            break
        pieces.append(Piece(start, end, PartKind.MACHINE))
        end = _trim_space(text, floor, start)
    return pieces, end


def _unwrapped(text: str, start: int, end: int) -> Piece | None:
    """The typed words between `start` and `end`, without a wrapper element and without one pair of wrapping quotes."""
    if start >= end:
        return None
    for tag in WRAPPER_TAGS if text[start] == "<" else ():
        opening, closing = f"<{tag}>", f"</{tag}>"
        inner = start + len(opening)
        if text.startswith(opening, start) and text.endswith(closing, inner, end):
            start = _skip_space(text, inner)
            end = _trim_space(text, start, end - len(closing))
            break
    if end - start > 2 and text[start] == text[end - 1] == '"' and text.count('"', start, end) == 2:
        start, end = start + 1, end - 1
    return Piece(start, end, PartKind.TEXT) if start < end else None


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start] in _SPACE:
        start += 1
    return start


def _trim_space(text: str, floor: int, end: int) -> int:
    while end > floor and text[end - 1] in _SPACE:
        end -= 1
    return end
