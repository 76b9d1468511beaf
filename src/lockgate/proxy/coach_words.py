"""How a person is told, where no page can be shown, that they have to read something first.

Separate from other refusals because this one is an invitation: it says what to do, and that it works afterwards.
"""

from lockgate.facts.coaching import Ask, Asked, Coaching, spoken
from lockgate.facts.decision import Decision

_LONGEST_CLOSE_REASON = 123
NO_MESSAGE = "Your organisation asks you to think about this before you go on."


def why(decision: Decision) -> str:
    """What the rule says, or else something that is true of every such rule."""
    return decision.message or NO_MESSAGE


def coach_sentences(asked: Asked, decision: Decision, link: str) -> tuple[str, str]:
    """Why, and what to do."""
    does = "say why you need it" if asked.coaching.ask is Ask.JUSTIFY else "acknowledge it"
    then = f"then send it again. That holds for {spoken(asked.coaching.seconds)}."
    return why(decision), f"Open {link} in your browser to {does}, {then}"


def close_words(link: str) -> str:
    """The link in as few bytes as a close frame has room for; nothing when even that is too much (RFC 6455 section 5.5)."""
    for words in ("Please read and acknowledge first: ", "Acknowledge first: ", ""):
        if len(f"{words}{link}".encode()) <= _LONGEST_CLOSE_REASON:
            return f"{words}{link}"
    return ""


def what_is_asked(coaching: Coaching) -> str:
    """The button's words."""
    return "Send this and go on" if coaching.ask is Ask.JUSTIFY else "I have read this, go on"
