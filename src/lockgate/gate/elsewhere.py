"""What is kept of an answer that comes elsewhere than in the response to what it answers: fetched later, or over a WebSocket.

Separate from judging because nothing is decided here: such an answer passes as every response does. What is kept of it is what
rules keep of an answer to the operation it answers.
"""

from dataclasses import replace

from lockgate.facts.decision import Capture, Decision
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.policy import Ruleset, Settled, Walk, evaluate


def with_capture_of_answer(ruleset: Ruleset, facts: FactSheet, decision: Decision) -> Decision:
    """`decision` about what fetches an answer, with a full capture if there is one of what is answered."""
    app = facts.app
    if app is None or app.answers is None or decision.capture is Capture.FULL:
        return decision
    asked = as_asked(ruleset, facts)
    if asked.capture is not Capture.FULL:
        return decision
    return replace(decision, capture=Capture.FULL, capture_days=asked.capture_days)


def as_asked(ruleset: Ruleset, facts: FactSheet) -> Decision:
    """What rules say of the operation that is answered. Those that would have to know what was asked do not apply."""
    app = facts.app
    asked = replace(app, operation=app.answers or app.operation) if app is not None else None
    head = replace(
        facts, phase=Phase.REQUEST_HEADERS, app=asked, conversation=None, noticed=None, examination=None, response=None
    )
    outcome = evaluate(ruleset, Walk.REQUEST, head)
    return outcome.decision if isinstance(outcome, Settled) else outcome.standing
