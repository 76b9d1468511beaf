"""What the gate adds to a decision to coach: about what somebody is asked, and whether their client is answered by its model.

Separate because requests and messages of WebSockets share it.
"""

from dataclasses import replace

from lockgate.facts.acknowledgement import subject_of
from lockgate.facts.app import AppMatch
from lockgate.facts.client_software import ClientKind, ClientSoftware
from lockgate.facts.coaching import Asked
from lockgate.facts.decision import Decision, Verdict
from lockgate.facts.sheet import FactSheet
from lockgate.policy import Ruleset

_PEOPLES_CLIENTS = frozenset({ClientKind.BROWSER, ClientKind.BROWSER_EXTENSION, ClientKind.DESKTOP_APP, ClientKind.MOBILE_APP})
"""Where what the model says is read by a person. Programs would take it for an answer to what they asked."""


def acknowledged_as(app: AppMatch | None, host: str) -> str:
    """What an acknowledgement is about: the app, or the host of none."""
    return app.app.id if app is not None else host


def as_client_is_told(decision: Decision, software: ClientSoftware | None) -> Decision:
    """A decision to coach, told by an answer of the model where a person reads that."""
    coaching = decision.coaching
    if decision.verdict is not Verdict.COACH or coaching is None:
        return decision
    by_client = software is not None and software.kind in _PEOPLES_CLIENTS
    return replace(decision, as_answer=by_client if coaching.as_answer is None else coaching.as_answer)


def asked_of(decision: Decision, sheet: FactSheet | None, ruleset: Ruleset) -> Asked | None:
    """Who is asked what, when the decision is to coach."""
    if decision.verdict is not Verdict.COACH or decision.coaching is None or decision.rule is None or sheet is None:
        return None
    return Asked(
        subject=subject_of(sheet.client),
        rule=decision.rule,
        app=acknowledged_as(sheet.app, sheet.host),
        terms=ruleset.coached.get(decision.rule, ""),
        coaching=decision.coaching,
    )
