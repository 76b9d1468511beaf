"""Does a client send this by itself around a prompt: a title, a summary, a count of tokens, the next step of an agent?

Separate because it takes everything together: the operation, the headers, the wording of the system prompt. Such a request
carries the same words as the prompt it goes with, so the same decision must hold: it is told apart to be counted apart.
"""

from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Request

_WORDINGS = (
    "analyze if this message indicates a new conversation topic",
    "craft pithy titles for chatbot conversations",
    "crafting pithy titles for chatbot conversations",
    "generate a concise, sentence-case title",
    "generate a short title for the conversation",
    "generate a title for this conversation",
    "you are a helpful ai assistant tasked with summarizing conversations",
    "you are a title generator",
    "you are an anchored context summarization assistant",
    "you are the component that summarizes internal chat history",
    "your task is to create a detailed summary of the conversation so far",
    "summarize this coding conversation in under 50 characters",
    "write a 5-10 word title for the following conversation",
)
"""What clients tell a model to do beside the conversation, in lower case."""

_SECONDARY = frozenset({"title", "summary", "summarize", "summarise", "memory"})
_OF_TALK = ("conversation", "chat", "thread", "session")
_SHORT_PROMPT = 1500
"""Characters of a system prompt that does one small thing; those of agents are far longer and mention everything."""
_LOOKED_AT = 400


def is_background(request: Request, app: AppMatch | None, conversation: Conversation) -> bool:
    """Whether a person did not send `request` themselves. Never raises."""
    if conversation.background or (app is not None and (app.background or app.operation is Operation.TOKEN_COUNT)):
        return True
    return _by_headers(request) or _by_wording(conversation)


def _by_headers(request: Request) -> bool:
    """What clients of GitHub Copilot say about the step they are in."""
    if request.headers.get("x-initiator").lower() == "agent":
        return True
    kind = request.headers.get("x-interaction-type").lower()
    return kind.startswith("conversation-") and kind != "conversation-user"


def _by_wording(conversation: Conversation) -> bool:
    """What the client tells the model to do: in the system prompt, or in the user's name in its last turn."""
    told = [part.text for turn in conversation.turns if turn.role is Role.SYSTEM for part in turn.parts
            if part.kind is PartKind.TEXT]  # fmt: skip
    last = next((turn for turn in reversed(conversation.turns) if turn.role is Role.USER), None)
    added = [part.text for part in last.parts if part.kind is PartKind.REMINDER] if last is not None else []
    beginnings = [text[:_LOOKED_AT].lower() for text in (*told, *added)]
    if any(wording in beginning for beginning in beginnings for wording in _WORDINGS):
        return True
    if not 0 < sum(map(len, told)) <= _SHORT_PROMPT:
        return False
    words = " ".join(beginnings[: len(told)])
    tells = not _SECONDARY.isdisjoint(words.replace(",", " ").replace(".", " ").split())
    return tells and any(f"{talk}" in words for talk in _OF_TALK)
