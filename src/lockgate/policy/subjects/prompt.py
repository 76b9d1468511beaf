"""Selectors of what is said: the model, the conversation, its texts and its files.

Separate because all of them wait for the body, and what could not be read of it leaves them open.
"""

from lockgate.facts.authorship import Author
from lockgate.facts.finding import TextKind
from lockgate.facts.traffic import Phase
from lockgate.policy import members, reading
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, plain, words

_BODY = Phase.REQUEST_BODY
PROMPT: tuple[Selector, ...] = (
    Selector(
        name="prompt.model", type=ValueType.TEXT, phase=_BODY,
        read=plain(reading.from_conversation(lambda conversation: conversation.model)),
        doc="the model a conversation is addressed to",
    ),
    Selector(
        name="prompt.background", type=ValueType.YES_NO, phase=_BODY,
        read=plain(reading.from_conversation(lambda conversation: conversation.background)),
        doc="whether clients send this by themselves around a prompt: a title, a summary, a token count, a step of an agent",
    ),
    Selector(
        name="prompt.kinds", type=ValueType.NAMES, phase=_BODY, what="kind of text", known=words(frozenset(TextKind)),
        read=members.has_kind,
        doc="the kinds of text in it, as far as client and format tell; what was answered before is `history`",
    ),
    Selector(
        name="prompt.authors", type=ValueType.NAMES, phase=_BODY, what="author", known=words(frozenset(Author)),
        read=members.has_author, doc="who wrote what is new in it: `person`, `tool`, `app` (the client itself), `model`",
    ),
    Selector(
        name="conversation.id", type=ValueType.TEXT, phase=_BODY,
        read=plain(reading.conversation_id),
        doc="the conversation a prompt belongs to, as its app names it; absent for a new one and where the app names none",
    ),
    Selector(
        name="attachment.count", type=ValueType.NUMBER, phase=_BODY, read=plain(reading.from_attachments(len)),
        doc="how many files leave with the request, or are named in it",
    ),
    Selector(
        name="attachment.types", type=ValueType.WORDS, phase=_BODY, what="media type", read=members.attachment_types,
        doc="their types by content, such as `image/png`; the declared ones of files that are only named",
    ),
    Selector(
        name="attachment.names", type=ValueType.WORDS, phase=_BODY, what="file name", read=members.attachment_names,
        is_content=True, doc="their names as far as they are told, in lower case",
    ),
    Selector(
        name="attachment.max_bytes", type=ValueType.NUMBER, phase=_BODY, read=members.largest_attachment,
        doc="the size of the largest file that leaves with the request; absent when none does",
    ),
    Selector(
        name="attachment.disguised", type=ValueType.YES_NO, phase=_BODY, read=members.has_disguised_attachment,
        doc="whether a file is declared to be of another type than its content is",
    ),
)  # fmt: skip
