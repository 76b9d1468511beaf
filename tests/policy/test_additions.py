"""What rules add, and what else it may take for a rule to end the walk: the seam of evaluator and actions."""

from dataclasses import dataclass

import pytest

from lockgate.facts.decision import Reason, Truth, Verdict
from lockgate.facts.sheet import Demand
from lockgate.facts.traffic import Phase
from lockgate.policy import Mode, Pending, Rule, Ruleset, Settled, Walk, evaluate
from lockgate.policy.actions import Actions
from lockgate.policy.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Marked:
    """An addition that does nothing."""

    label: str = "mark"
    canonical: str = "mark"
    protects: bool = False


@dataclass(frozen=True, slots=True)
class AtHost:
    """Ends the walk for one host only."""

    host: str
    canonical: str = "at host"

    def __call__(self, sheet, _rule):
        return sheet.host == self.host


def rule(name, truth, actions, mode=Mode.ENFORCE):
    outcome = Outcome(truth, "as the test says")
    return Rule(id=name, actions=actions, mode=mode, phase=Phase.CONNECT, check=lambda _sheet: outcome)


def decide(known, *rules, on_uninspectable=Verdict.BLOCK):
    ruleset = Ruleset(version="1", default=Verdict.ALLOW, on_uninspectable=on_uninspectable, rules=rules)
    settled = evaluate(ruleset, Walk.REQUEST, known)
    assert isinstance(settled, Settled)
    return settled.decision


def test_what_rules_add_is_kept_in_their_order_with_who_added_it(sheet):
    first, second = rule("a", Truth.YES, Actions(adds=(Marked(),))), rule("b", Truth.YES, Actions(adds=(Marked(label="x"),)))

    decision = decide(sheet(), first, rule("c", Truth.NO, Actions(adds=(Marked(),))), second)

    assert decision.verdict is Verdict.ALLOW
    assert decision.additions(Marked) == (("a", Marked()), ("b", Marked(label="x")))


def test_a_rule_in_monitor_mode_adds_nothing_and_says_what_it_would(sheet):
    decision = decide(sheet(), rule("a", Truth.YES, Actions(adds=(Marked(),)), Mode.MONITOR))

    assert decision.added == ()
    assert decision.monitored == ("a:mark",)


@pytest.mark.parametrize("mode", Mode)
def test_a_rule_that_ends_under_a_condition_goes_on_without_it(sheet, mode):
    actions = Actions(ends=Verdict.BLOCK, reason=Reason.DEFAULT, ends_if=AtHost("a.example"), adds=(Marked(),))

    there, elsewhere = (decide(sheet(host=host), rule("a", Truth.YES, actions, mode)) for host in ("a.example", "b.example"))

    assert elsewhere.verdict is Verdict.ALLOW
    assert elsewhere.monitored == (() if mode is Mode.ENFORCE else ("a:mark",))
    assert there.verdict is (Verdict.BLOCK if mode is Mode.ENFORCE else Verdict.ALLOW)
    assert there.monitored == (() if mode is Mode.ENFORCE else ("a:block",))
    assert len(elsewhere.added) == (1 if mode is Mode.ENFORCE else 0)


@pytest.mark.parametrize("on_uninspectable", [Verdict.BLOCK, Verdict.ALLOW])
@pytest.mark.parametrize("protects", [True, False])
def test_without_what_protects_it_an_exchange_goes_on_only_if_the_policy_says_so(sheet, protects, on_uninspectable):
    doubtful = rule("a", Truth.UNINSPECTABLE, Actions(adds=(Marked(protects=protects),)))

    decision = decide(sheet(), doubtful, on_uninspectable=on_uninspectable)

    assert decision.verdict is (on_uninspectable if protects else Verdict.ALLOW)


@dataclass(frozen=True, slots=True)
class OnlyTheBodyTells:
    """Nobody knows yet whether it ends the walk."""

    canonical: str = "only the body tells"

    def __call__(self, _sheet, _rule):
        return None


@pytest.mark.parametrize("truth", [Truth.YES, Truth.UNINSPECTABLE])
def test_of_which_only_the_body_tells_whether_it_ends_the_walk_waits_for_the_body(sheet, truth):
    waiting = rule("a", truth, Actions(ends=Verdict.BLOCK, ends_if=OnlyTheBodyTells()))

    outcome = evaluate(
        Ruleset(version="1", default=Verdict.ALLOW, on_uninspectable=Verdict.BLOCK, rules=(waiting,)), Walk.REQUEST, sheet()
    )

    assert isinstance(outcome, Pending)
    assert outcome.demand == Demand(phase=Phase.REQUEST_BODY)
    assert outcome.standing.verdict is Verdict.ALLOW


def test_a_doubt_about_a_rule_that_would_not_end_the_walk_is_none(sheet):
    doubtful = rule("a", Truth.UNINSPECTABLE, Actions(ends=Verdict.BLOCK, ends_if=AtHost("elsewhere.example")))

    assert decide(sheet(), doubtful).verdict is Verdict.ALLOW
