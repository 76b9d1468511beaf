"""When a WebSocket is opened although a rule would stop it: its messages are read and judged one by one.

Separate because live traffic and replay both go by it.
"""

from dataclasses import replace

from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState


def as_opened(decision: Decision, examination: Examination | None, reading: ExaminationState) -> Decision:
    """`decision` about a WebSocket, unless it would be refused only for what its messages may say.

    `reading` is how complete the look at the request that opens it could be.
    """
    stopped = decision.reason is Reason.MONITOR_MODE or (
        decision.verdict is not Verdict.ALLOW and decision.reason in (Reason.UNINSPECTABLE, Reason.ISOLATED)
    )
    looked = examination is None or examination.state is ExaminationState.COMPLETE
    if not (stopped and looked and reading is ExaminationState.COMPLETE):
        return decision
    if decision.reason is Reason.MONITOR_MODE:
        return decision.without_told("on_uninspectable")
    return replace(decision, verdict=Verdict.ALLOW, reason=Reason.JUDGED_BY_MESSAGE, rule=None)
