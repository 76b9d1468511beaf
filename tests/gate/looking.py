"""A look for words that a test makes up: what examinations would find in a conversation, by patterns."""

import re

from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.gate.events import Examined

KEY = re.compile(r"key-\d{4,}-\w+")
MAIL = re.compile(r"[\w.]+@\w+\.example")
KINDS = {"api-key": (KEY, "credentials", "[key ****]"), "email-address": (MAIL, "pii", "[e-mail ****]")}


def look(effect, *, state=ExaminationState.COMPLETE, kinds=KINDS):
    """What an examination of `effect` finds."""
    findings = [
        Finding(
            detector=detector, profiles=(profile,), detection_confidence=DetectionConfidence.HIGH, mask=mask,
            span=Span(turn=index, part=number, start=found.start(), end=found.end()),
        )
        for index, turn in enumerate(effect.conversation.turns)
        for number, part in enumerate(turn.parts)
        for detector, (pattern, profile, mask) in kinds.items()
        if profile in effect.profiles
        for found in pattern.finditer(part.text)
    ]  # fmt: skip
    return Examined(
        examination=Examination(state=state, profiles=effect.profiles, topics=effect.topics, findings=tuple(findings))
    )
