"""The three-valued evaluator: a ruleset and what is known so far, to a decision or to what must still be learned.

The laws (each one a property in the tests):

1. Learning more never turns a settled decision; facts that come one by one or all at once end in the same decision.
2. Rules below the one that ends the walk mean nothing.
3. A rule in monitor mode changes nothing but `monitored` and the trace, and a policy in monitor mode lets everything pass.
4. An exchange whose content could not be looked at ends as `on_uninspectable` says, or in a verdict that every possible
   result of the look would have led to. With `block`, a stop that cannot be ruled out stops. With `allow`, a stop that
   cannot be proven does not stop, and an `allow` that cannot be ruled out lets pass.

Separate because it is the heart. It must never raise on facts, whatever they are, and never look at anything but the sheet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from lockgate.facts.addition import Added, Addition
from lockgate.facts.decision import Capture, Decision, Reason, TraceStep, Truth, Verdict
from lockgate.facts.finding import ExaminationState
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.facts.traffic import Phase
from lockgate.facts.usage import Limit, ReachedLimit
from lockgate.policy.actions.limiting import IfReached, reached_limit
from lockgate.policy.index import Candidates, numbers_of
from lockgate.policy.outcome import Outcome
from lockgate.policy.ruleset import Mode, Rule, Ruleset, RuleWalk

_THE_BODY = (Demand(phase=Phase.REQUEST_BODY),)


class Walk(Enum):
    """Which rules are walked: those of the request, before anything leaves, or those of the response."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The decision, whatever else could still be learned."""

    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Not decided yet, and what would have to be learned."""

    demand: Demand
    steps: "_Steps" = field(repr=False)
    learned: "_Learned" = field(repr=False)

    @property
    def standing(self) -> Decision:
        """What holds if nothing more is learned and no undecided rule matches.

        It is what a connection that will not be decrypted is judged by.
        """
        return self.steps.decision()


@dataclass(slots=True)
class _Learned:
    """What is certain of an exchange, however much more is learned of it: how rules came out, and which are left at all."""

    facts: FactSheet
    outcomes: dict[int, Outcome]
    candidates: Candidates | None


def evaluate(
    ruleset: Ruleset, walk: Walk, sheet: FactSheet, *, after: Pending | None = None, thorough: bool = False
) -> Settled | Pending:
    """Walk the rules from top to bottom over what is known.

    `after` is what the same walk came to before: where all of its facts still hold, what was certain is not asked again.
    Of many rules, those that cannot match are passed over. That changes nothing but the trace: with `thorough` it has them all.
    """
    learned = _Learned(sheet, {}, None)
    if walk is Walk.RESPONSE:
        steps = _Steps(ruleset, Verdict.ALLOW)
        steps.take(ruleset.response_walk, sheet, learned, thorough=thorough)
        demands = steps.demanded()
    else:
        if after is not None and after.steps.ruleset is ruleset and sheet.knows_all_of(after.learned.facts):
            learned = _Learned(sheet, after.learned.outcomes.copy(), after.learned.candidates)
        steps = _Steps(ruleset, ruleset.default)
        steps.take(ruleset.request_walk, sheet, learned, thorough=thorough)
        demands = steps.demanded()
        demands += steps.unseen(sheet, undecided=bool(demands))
        if ruleset.looks_at_responses and (demands or steps.comes_to()[0] is Verdict.ALLOW or ruleset.only_tells):
            demands += _needed_for_response(ruleset, sheet)
    return Pending(demand=_joined(demands), steps=steps, learned=learned) if demands else Settled(decision=steps.decision())


def do_not_inspect(ruleset: Ruleset, sheet: FactSheet) -> str | None:
    """The id of the first do-not-inspect entry that applies to the connection, or None."""
    return next((entry.id for entry in ruleset.do_not_inspect if entry.check(sheet).truth is Truth.YES), None)


class _Steps:
    """One walk: what has been gathered and how it ends."""

    __slots__ = (
        "acknowledged", "added", "asked", "capture", "capture_days", "default", "demands", "doubted", "ending", "exceptions",
        "limit", "monitored", "reason", "redacting", "ruleset", "tags", "watched",
    )  # fmt: skip

    def __init__(self, ruleset: Ruleset, default: Verdict) -> None:
        self.ruleset = ruleset
        self.default = default
        self.ending: Rule | None = None
        self.reason = Reason.DEFAULT
        self.doubted: Rule | None = None
        self.redacting: list[Rule] = []
        self.capture: Capture | None = None
        self.capture_days = 0
        self.tags: tuple[str, ...] = ()
        self.added: tuple[Added, ...] = ()
        self.watched: tuple[Added, ...] = ()
        self.limit: ReachedLimit | None = None
        self.acknowledged: tuple[str, ...] = ()
        self.monitored: list[str] = []
        self.exceptions: list[str] = []
        self.asked: list[tuple[Rule, Outcome]] = []
        self.demands: dict[int, tuple[Demand, ...]] = {}

    def take(self, walked: RuleWalk, sheet: FactSheet, learned: _Learned, *, thorough: bool) -> None:
        """Ask rule after rule until one ends the walk; `demands` has then what the undecided ones above it still need."""
        if walked.index is None or thorough:
            for number, rule in enumerate(walked.rules):
                self._ask(number, rule, sheet, learned)
                if self.ending is not None:
                    break
        else:
            left = learned.candidates = walked.index.candidates(sheet, learned.candidates)
            self._take_left(walked, left, sheet, learned)

    def _take_left(self, walked: RuleWalk, left: Candidates, sheet: FactSheet, learned: _Learned) -> None:
        end = len(walked.rules)
        for number in numbers_of(left.asked):
            self._ask(number, walked.rules[number], sheet, learned)
            if self.ending is not None:
                end = number
                break
        above = (1 << end) - 1
        if left.unsure:
            for number in numbers_of(left.unsure & above):
                self._ask(number, walked.rules[number], sheet, learned)
        waiting = left.waiting & above
        if waiting:
            for rules, demands in left.needs:
                if rules & waiting:
                    self.demands[id(demands)] = demands

    def _ask(self, number: int, rule: Rule, sheet: FactSheet, learned: _Learned) -> None:
        """What becomes of the walk by one rule."""
        outcome = learned.outcomes.get(number)
        if outcome is None:
            outcome = rule.check(sheet)
            if outcome.truth is not Truth.PENDING:
                learned.outcomes[number] = outcome
        self.asked.append((rule, outcome))
        truth = outcome.truth
        if truth is Truth.NO:
            if outcome.excepted and rule.mode is Mode.ENFORCE and (rule.actions.ends is None or _ends(rule, sheet)):
                self.exceptions.append(f"{outcome.excepted}:{rule.id}")
            return
        if truth is Truth.YES:
            self._matched(rule, sheet)
        elif truth is Truth.UNINSPECTABLE and rule.mode is Mode.ENFORCE:
            self._doubt(rule, sheet)
        if rule.redacts and rule.mode is Mode.ENFORCE and truth is not Truth.UNINSPECTABLE:
            self.redacting.append(rule)
        if outcome.demands:
            self.demands[id(outcome.demands)] = outcome.demands  # most rules need one of a few things

    def demanded(self) -> list[Demand]:
        """What the undecided rules need."""
        return [demand for needed in self.demands.values() for demand in needed]

    def _matched(self, rule: Rule, sheet: FactSheet) -> None:
        actions = rule.actions
        ends = actions.ends is not None and _ends(rule, sheet)
        acts, enforces = actions.ends is None or bool(ends), rule.mode is Mode.ENFORCE
        if ends is None:
            self.demands[id(_THE_BODY)] = _THE_BODY
        if not enforces or self.ruleset.only_tells:
            would = actions.label if acts else actions.label_anyway
            if would is not None:
                self.monitored.append(f"{rule.id}:{would}")
            if not acts and actions.adds:
                self.watched += _added(rule, tuple(each for each in actions.adds if isinstance(each, Limit)))
        if not enforces:
            return
        said = (self.capture, self.capture_days)
        self.capture, self.capture_days = said if self.capture is not None else (actions.capture, actions.capture_days)
        if actions.tags:
            self.tags += tuple(tag for tag in actions.tags if tag not in self.tags)
        if actions.adds:
            self.added += _added(rule, actions.adds)
        if ends:
            self._ended_by(rule, sheet)
        elif actions.ends is Verdict.COACH:
            self.acknowledged += (rule.id,)

    def _ended_by(self, rule: Rule, sheet: FactSheet) -> None:
        self.ending, self.reason = rule, rule.actions.reason
        if isinstance(rule.actions.ends_if, IfReached):
            self.limit = reached_limit(rule.actions.ends_if.limit, sheet, rule.id)

    def _doubt(self, rule: Rule, sheet: FactSheet) -> None:
        """A rule that could end the walk, or that the exchange must not go on without, and nobody can tell."""
        doubted_as, ends = rule.actions.doubted_as, _ends(rule, sheet)
        if doubted_as is not None and ends is None:
            self.demands[id(_THE_BODY)] = _THE_BODY
        if doubted_as is None or not ends:
            return
        if self.ruleset.on_uninspectable is Verdict.BLOCK:
            self.doubted = self.doubted or rule
            if doubted_as is not Verdict.ALLOW:
                self.ending, self.reason = rule, Reason.UNINSPECTABLE
        elif doubted_as is Verdict.ALLOW:
            self.ending, self.reason = rule, Reason.UNINSPECTABLE

    def unseen(self, sheet: FactSheet, *, undecided: bool) -> tuple[Demand, ...]:
        """What has to be looked for before anything can be replaced in what leaves.

        Asked when the walk is over: of what is stopped, nothing has to be replaced. A look that was not complete leaves what
        nobody found where it is, so a rule that matched and needed it is in doubt.
        """
        if not self.redacting or not (undecided or self.comes_to()[0] is Verdict.ALLOW):
            return ()
        done = sheet.examination
        missing = frozenset[str]().union(*(rule.redacts for rule in self.redacting)) - (done.profiles if done else frozenset())
        if missing:
            return (Demand(phase=Phase.REQUEST_BODY, profiles=missing),)
        failed = done is not None and done.state is not ExaminationState.COMPLETE
        if failed and not undecided and self.ruleset.on_uninspectable is Verdict.BLOCK:
            self.ending, self.reason = self.redacting[0], Reason.UNINSPECTABLE
            self.doubted = None
        return ()

    def decision(self) -> Decision:
        """How the walk ends by what has been gathered."""
        return self._decided(*self.comes_to())

    def comes_to(self) -> tuple[Verdict, Reason, Rule | None]:
        """The verdict by what has been gathered, why, and the rule that is responsible: as if the policy acted."""
        if self.reason is Reason.UNINSPECTABLE:
            return self.ruleset.on_uninspectable, Reason.UNINSPECTABLE, self.doubted or self.ending
        verdict = self.default if self.ending is None else self.ending.actions.ends or self.default
        if self.doubted is not None and verdict is not Verdict.ALLOW:
            # Had somebody been able to look, the doubted rule might have let it pass: the look mattered.
            return self.ruleset.on_uninspectable, Reason.UNINSPECTABLE, self.doubted
        return verdict, self.reason, self.ending

    def _decided(self, verdict: Verdict, reason: Reason, rule: Rule | None) -> Decision:
        if self.ruleset.only_tells:
            return self._only_told(verdict, reason)
        # What a rule tells the person is only true when the rule matched.
        told = rule if reason is not Reason.UNINSPECTABLE and verdict is not Verdict.ALLOW else None
        return Decision(
            verdict=verdict,
            reason=reason,
            rule=rule.id if rule is not None else None,
            message=(told.message or told.description) if told is not None else "",
            redirect_to=told.actions.redirect_to if told is not None else "",
            as_answer=told is not None and told.actions.as_answer,
            coaching=told.actions.coaching if told is not None else None,
            acknowledged=self.acknowledged,
            capture=self.capture or Capture.NONE,
            capture_days=self.capture_days,
            tags=self.tags,
            added=self.added,
            watched=self.watched,
            limit=self.limit if reason is Reason.LIMIT_REACHED else None,
            monitored=tuple(self.monitored),
            exceptions=tuple(self.exceptions),
            trace=self._trace(),
            policy_version=self.ruleset.version,
        )

    def _only_told(self, verdict: Verdict, reason: Reason) -> Decision:
        """What a policy in monitor mode comes to: it was walked as if it acted, and nothing of that happens."""
        monitored = tuple(self.monitored)
        if verdict is not Verdict.ALLOW and reason in (Reason.DEFAULT, Reason.UNINSPECTABLE):
            setting = "default" if reason is Reason.DEFAULT else "on_uninspectable"
            monitored += (f"{setting}:{verdict.value}",)
        return Decision(
            verdict=Verdict.ALLOW,
            reason=Reason.MONITOR_MODE,
            watched=self.watched,
            monitored=monitored,
            trace=self._trace(),
            policy_version=self.ruleset.version,
        )

    def _trace(self) -> tuple[TraceStep, ...]:
        return tuple(_step(rule.id, outcome) for rule, outcome in self.asked)


def _added(rule: Rule, additions: tuple[Addition, ...]) -> tuple[Added, ...]:
    return tuple(Added(rule=rule.id, addition=addition) for addition in additions)


def _ends(rule: Rule, sheet: FactSheet) -> bool | None:
    """Whether a rule that ends the walk, if it matches, does so for this exchange; None while only the body can tell."""
    ends_if = rule.actions.ends_if
    return ends_if is None or ends_if(sheet, rule.id)


def _needed_for_response(ruleset: Ruleset, sheet: FactSheet) -> list[Demand]:
    """What rules about the response will want to know of the request, which can only be learned now."""
    walked = ruleset.response_walk
    if walked.index is None:
        rules: Iterable[Rule] = walked.rules
    else:
        left = walked.index.candidates(sheet)
        rules = (walked.rules[number] for number in numbers_of(left.asked | left.waiting | left.unsure))
    return [demand for rule in rules for demand in rule.check(sheet).demands if demand.phase <= Phase.REQUEST_BODY]


def _joined(demands: Sequence[Demand]) -> Demand:
    phase, profiles, topics = demands[0].phase, demands[0].profiles, demands[0].topics
    for demand in demands[1:]:
        phase = max(phase, demand.phase)
        profiles = profiles | demand.profiles if demand.profiles else profiles
        topics = topics | demand.topics if demand.topics else topics
    return Demand(phase=phase, profiles=profiles, topics=topics)


@lru_cache(maxsize=8192)
def _step(rule: str, outcome: Outcome) -> TraceStep:
    """Most steps come up again from one exchange to the next."""
    return TraceStep(rule=rule, truth=outcome.truth, why=outcome.why, excepted=outcome.excepted)
