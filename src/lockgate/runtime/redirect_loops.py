"""Redirects that lead in a circle: found by opening each target's page under the very policy that sends people there.

Separate because it takes a policy and the app library, which know nothing of each other. It finds circles that anybody would
be sent round; one that depends on who asks is broken where it happens, by the proxy.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lockgate.apps.library import AppLibrary
from lockgate.facts.decision import Decision, Verdict
from lockgate.facts.discovery import Noticed
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.facts.portal import PORTAL_HOST
from lockgate.facts.problem import Document, Problem
from lockgate.facts.prompt import Conversation
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Client, Headers, Phase, Request
from lockgate.policy import Rule, Ruleset, Settled, Walk, evaluate

_PORTS = {"http": 80, "https": 443}
_BROWSER = Headers((("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")))
_ANYBODY = Client(address="192.0.2.1")
_SOME_TIME = datetime(2026, 1, 5, 12, tzinfo=UTC)


def redirect_loops(ruleset: Ruleset, library: AppLibrary, document: Document) -> tuple[Problem, ...]:
    """What is wrong with the redirects of the policy in `document`."""
    problems: list[Problem] = []
    for index, rule in enumerate(ruleset.rules):
        if rule.enforces and rule.actions.ends is Verdict.REDIRECT:
            way = tuple(_way(ruleset, library, rule))
            if way and way[-1].rule == rule.id:
                hosts = " -> ".join(str(urlsplit(to).hostname) for to in (rule.actions.redirect_to, *_targets(way)))
                problem = f"`{rule.id}` sends people in a circle: {hosts} ({', '.join(str(step.rule) for step in way)})"
                help_text = "name another address, or let the target pass by an `allow` rule above"
                place = document.place(("rules", index, "then"))
                problems.append(Problem(place=place, problem=problem, help=help_text, code="redirect-loop"))
    return tuple(problems)


def _targets(way: tuple[Decision, ...]) -> Iterator[str]:
    return (step.redirect_to for step in way)


def _way(ruleset: Ruleset, library: AppLibrary, rule: Rule) -> Iterator[Decision]:
    """Where somebody whom `rule` sent on is sent next, and next, until they arrive or a rule sends them on once more."""
    seen: set[str | None] = {rule.id}
    to = rule.actions.redirect_to
    while urlsplit(to).hostname != PORTAL_HOST:
        decision = _opened(ruleset, library, to)
        if decision.verdict is not Verdict.REDIRECT:
            return
        yield decision
        if decision.rule in seen:
            return
        seen.add(decision.rule)
        to = decision.redirect_to


def _opened(ruleset: Ruleset, library: AppLibrary, address: str) -> Decision:
    """What becomes of somebody who opens the page at `address`."""
    parts = urlsplit(address)
    request = Request(
        method="GET", scheme=parts.scheme, host=(parts.hostname or "").rstrip("."),
        port=parts.port or _PORTS[parts.scheme], path=parts.path or "/", query=parts.query, headers=_BROWSER,
    )  # fmt: skip
    sheet = FactSheet(
        at=_SOME_TIME, phase=Phase.REQUEST_BODY, client=_ANYBODY, host=request.host, port=request.port, app_known=True,
        app=library.match(request), request=request, software=library.software(request), mcp_known=True,
        conversation=Conversation(turns=()), noticed=Noticed(),
        examination=Examination(state=ExaminationState.COMPLETE, profiles=ruleset.profiles),
    )  # fmt: skip
    outcome = evaluate(ruleset, Walk.REQUEST, sheet)
    return outcome.decision if isinstance(outcome, Settled) else outcome.standing
