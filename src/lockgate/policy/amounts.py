"""How much an exchange is of what limits and history count: prompts, tokens, bytes.

Separate because rules ask whether an exchange would count before it goes on, and the gate counts it when it does: both have to
mean the same. INVARIANT: learning more turns only None (not known yet) into something else.
"""

from lockgate.facts.app import Operation
from lockgate.facts.prompt import Conversation, Role, Turn
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.facts.usage import Measure

_PROMPTS = frozenset({
    Operation.SEND_PROMPT, Operation.AGENT_TASK, Operation.VOICE, Operation.IMAGE_GENERATION, Operation.VIDEO_GENERATION,
    Operation.AUDIO_GENERATION, Operation.UNRECOGNISED,
})  # fmt: skip
_NO_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_BYTES_OF_A_TOKEN = 4
"""Of English text; other scripts take more bytes for a character and fewer characters for a token, which evens out."""
_LONGEST_NUMBER = 18


def counts_as(measure: Measure, sheet: FactSheet) -> bool | None:
    """Whether an exchange counts for a measure at all; None while only its body can tell."""
    match measure:
        case Measure.PROMPTS:
            return _is_prompt(sheet)
        case Measure.TOKENS:
            return _says_something(sheet)
        case Measure.BYTES:
            return _sends_bytes(sheet)
        case Measure.REQUESTS | Measure.BLOCKED:
            return True


def tokens_of(conversation: Conversation | None) -> int | None:
    """How many tokens are new in it, about: a quarter of the bytes of their text. None for what could not be read."""
    if conversation is None or (conversation.unread and not conversation.turns):
        return None
    size = sum(_size(part.text) for turn in conversation.new_turns for part in turn.parts)
    return -(-size // _BYTES_OF_A_TOKEN)


def announced_bytes(sheet: FactSheet) -> int:
    """How long the request says its body is; 0 when it does not say."""
    length = sheet.request.headers.get("content-length") if sheet.request is not None else ""
    return int(length) if length.isdecimal() and len(length) <= _LONGEST_NUMBER else 0


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _is_prompt(sheet: FactSheet) -> bool | None:
    """Whether somebody asks a model for something: a person typed it, or it cannot be read and is sent where prompts go."""
    app, conversation = sheet.app, sheet.conversation
    if app is not None and app.operation is not None and app.operation not in _PROMPTS:
        return False
    if sheet.phase < Phase.REQUEST_BODY and conversation is None:
        return None
    if conversation is None or (app is None and not _looks_like_ai(sheet)):
        return False
    if conversation.background or conversation.mcp is not None:
        return False
    if not conversation.turns:
        return bool(conversation.unread)
    return any(_is_asked(turn) for turn in conversation.new_turns)


def _is_asked(turn: Turn) -> bool:
    return turn.role is Role.USER and (bool(turn.typed_text.strip()) or bool(turn.attachments))


def _says_something(sheet: FactSheet) -> bool | None:
    app, conversation = sheet.app, sheet.conversation
    if app is not None and app.operation is not None and not app.operation.carries_payload:
        return False
    if sheet.phase < Phase.REQUEST_BODY and conversation is None:
        return None
    if conversation is None or (app is None and not _looks_like_ai(sheet)):
        return False
    return bool(conversation.turns or conversation.unread)


def _looks_like_ai(sheet: FactSheet) -> bool:
    return sheet.noticed is not None and sheet.noticed.discovery.is_ai


def _sends_bytes(sheet: FactSheet) -> bool | None:
    request = sheet.request
    if request is None:
        return None if sheet.phase < Phase.REQUEST_HEADERS else False
    return request.method not in _NO_BODY or request.is_websocket_upgrade or announced_bytes(sheet) > 0
