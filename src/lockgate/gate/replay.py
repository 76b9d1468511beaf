"""Another policy over an exchange that was: the very walks that live traffic takes, over the facts that were kept.

Separate from the state machine because nothing is to be learned any more. Laws: the policy an exchange was decided by decides
it the same again; a rule that would need what was not kept leaves the exchange undecided, unless it could change nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lockgate.facts.decision import Decision, Reason, Truth, Verdict
from lockgate.facts.redaction import to_redact
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.gate.decryption import Decryption, connected
from lockgate.gate.elsewhere import with_capture_of_answer
from lockgate.gate.kept_facts import Kept, Replaced
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.socket_opening import as_opened
from lockgate.policy import Ruleset, Settled, Walk, do_not_inspect, evaluate
from lockgate.policy.explained import waiting_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """One walk of a policy: over what, and what stood at its end. `settled` is whether that is all that could come of it."""

    walk: Walk
    sheet: FactSheet
    decision: Decision
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a policy says of an exchange.

    `decision` is None when it needs what was not kept. `redacts` says that something would be replaced in what leaves. Whether
    that is possible where it stands is known only of text that was to be replaced then; else it is taken to be. `walks` are
    those that were taken. `missing` are the selectors that were not known where a rule asked for them, with the profiles they
    needed, also when the verdict does not depend on them.
    """

    decision: Decision | None
    redacts: bool = False
    walks: tuple[Walked, ...] = ()
    missing: tuple[str, ...] = ()


class Replay:
    """Judges kept exchanges by one policy."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        # What only adds to an exchange or only tells cannot change its verdict, so nobody has to know whether it matched.
        deciding = [rule for rule in ruleset.rules if rule.enforces and rule.actions.doubted_as is not None]
        self._deciding = replace(ruleset, rules=() if ruleset.only_tells else tuple(deciding))

    def judge(self, kept: Kept) -> Judged:
        """What the policy says of an exchange, by what is known of it."""
        if kept.kind is ExchangeKind.TUNNEL:
            return self._tunnel(kept)
        entry = self._passed_by(kept.sheet)
        if entry is not None:
            return Judged(decision=self._tunnelled(Reason.DO_NOT_INSPECT, entry))
        asked = _asked(kept.sheet)
        request, certain = self._walk(Walk.REQUEST, asked)
        if certain is None:
            return Judged(decision=None, walks=(request,), missing=self._missing(request))
        decision, redacts = self._as_gate_does(kept, asked, certain)
        walks = (request,)
        if self.ruleset.looks_at_responses and decision.verdict is Verdict.ALLOW and kept.kind is not ExchangeKind.MESSAGE:
            answered = kept.sheet if kept.sheet.response is not None else asked
            response, of_response = self._walk(Walk.RESPONSE, answered)
            walks = (request, response)
            if of_response is None:
                return Judged(decision=None, walks=walks, missing=self._missing(*walks))
            if of_response.verdict is not Verdict.ALLOW:
                decision = of_response
            elif response.settled:
                decision = decision.with_told(of_response)
        missing = () if all(walk.settled for walk in walks) else self._missing(*walks)
        redacts = redacts and decision.verdict is Verdict.ALLOW
        return Judged(decision=decision, redacts=redacts, walks=walks, missing=missing)

    def _walk(self, walk: Walk, sheet: FactSheet) -> tuple[Walked, Decision | None]:
        """One walk, and how it ends; None when that depends on what is not known."""
        outcome = evaluate(self.ruleset, walk, sheet)
        if isinstance(outcome, Settled):
            return Walked(walk=walk, sheet=sheet, decision=outcome.decision, settled=True), outcome.decision
        outcome = evaluate(self.ruleset, walk, sheet, thorough=True)  # to say which rules nobody can tell
        standing = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        walked = Walked(walk=walk, sheet=sheet, decision=standing, settled=False)
        least = evaluate(self._deciding, walk, sheet)
        if not isinstance(least, Settled):
            return walked, None
        return walked, replace(
            least.decision,
            monitored=standing.monitored,
            capture=standing.capture,
            capture_days=standing.capture_days,
            tags=standing.tags,
            trace=standing.trace,
        )

    def _as_gate_does(self, kept: Kept, asked: FactSheet, decision: Decision) -> tuple[Decision, bool]:
        """What the gate makes of a decision about a request, and whether it replaces something in it."""
        decision = self._opened_or_captured(kept, asked, decision)
        findings = asked.examination.findings if asked.examination is not None else ()
        wanted = next(to_redact(decision, findings), None) if decision.verdict is Verdict.ALLOW else None
        if wanted is None or kept.replaced is not Replaced.IMPOSSIBLE:
            return decision, wanted is not None
        return replace(decision, verdict=Verdict.BLOCK, reason=Reason.CANNOT_REDACT, rule=wanted[1]), False

    def _opened_or_captured(self, kept: Kept, asked: FactSheet, decision: Decision) -> Decision:
        if kept.kind is ExchangeKind.WEBSOCKET:
            return as_opened(decision, asked.examination, kept.reading)
        return with_capture_of_answer(self.ruleset, asked, decision) if kept.kind is ExchangeKind.REQUEST else decision

    def _tunnel(self, kept: Kept) -> Judged:
        entry = do_not_inspect(self.ruleset, kept.sheet)
        if entry is not None:
            return Judged(decision=self._tunnelled(Reason.DO_NOT_INSPECT, entry))
        sheet = connected(kept.sheet, kept.decryption)
        outcome = evaluate(self.ruleset, Walk.REQUEST, sheet)
        settled = isinstance(outcome, Settled)
        decision = outcome.decision if isinstance(outcome, Settled) else outcome.standing
        walks = (Walked(walk=Walk.REQUEST, sheet=sheet, decision=decision, settled=settled),)
        if kept.decryption is Decryption.DECRYPTED:
            # What stops it already stops each request inside; what the others would have said nobody saw.
            stopped = settled and decision.verdict is not Verdict.ALLOW
            missing = () if stopped else ("what was inside the connection",)
            return Judged(decision=decision if stopped else None, walks=walks, missing=missing)
        if decision.verdict is Verdict.ALLOW:
            trace, told = decision.trace, decision
            decision = replace(self._tunnelled(Reason.NOT_IN_LIBRARY, None).with_told(told), trace=trace)
        return Judged(decision=decision, walks=walks)

    def _tunnelled(self, reason: Reason, rule: str | None) -> Decision:
        return Decision(verdict=Verdict.TUNNEL, reason=reason, rule=rule, policy_version=self.ruleset.version)

    def _passed_by(self, sheet: FactSheet) -> str | None:
        """The do-not-inspect entry under which the connection of a request would not have been looked into."""
        if sheet.request is None or sheet.request.scheme != "https":
            return None
        return do_not_inspect(self.ruleset, sheet)  # which asks for what a connection tells, and that is still the same

    def _missing(self, *walks: Walked) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for walk in walks if not walk.settled for name in self._waiting(walk)))

    def _waiting(self, walked: Walked) -> Iterator[str]:
        truths = {step.rule: step.truth for step in walked.decision.trace}
        undecided = {rule for rule, truth in truths.items() if truth is Truth.PENDING}
        if walked.walk is Walk.REQUEST:
            yield from _to_look_for(self.ruleset, truths, walked.sheet)
            undecided |= {rule.id for rule in self.ruleset.response_walk.rules}
        for rule in self.ruleset.rules if walked.walk is Walk.REQUEST else ():
            ends_if = rule.actions.ends_if
            if truths.get(rule.id) is Truth.YES and ends_if is not None and ends_if(walked.sheet, rule.id) is None:
                yield f"the counts of {rule.id}"
        for _, test in waiting_tests(self.ruleset, frozenset(undecided), walked.sheet):
            profiles = sorted({profile for demand in test.demands for profile in demand.profiles})
            if walked.walk is Walk.RESPONSE or not all(demand.phase > Phase.REQUEST_BODY for demand in test.demands):
                yield f"{test.word} ({', '.join(profiles)})" if profiles else test.word


def _to_look_for(ruleset: Ruleset, truths: dict[str, Truth], sheet: FactSheet) -> Iterator[str]:
    """What nobody looked for, and would have to be replaced."""
    done = sheet.examination.profiles if sheet.examination is not None else frozenset[str]()
    for rule in ruleset.request_walk.rules:
        if truths.get(rule.id) in (Truth.YES, Truth.PENDING) and rule.enforces and rule.redacts - done:
            yield f"redact ({', '.join(sorted(rule.redacts - done))})"


def _asked(sheet: FactSheet) -> FactSheet:
    """The facts as they were when the request was decided: what was not looked at is still to come."""
    phase = Phase.REQUEST_HEADERS if sheet.conversation is None else Phase.REQUEST_BODY
    return replace(sheet, phase=phase, response=None)
