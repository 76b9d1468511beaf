"""How a walk ends, told by examples. The laws behind them are in test_laws.py."""

import pytest

from lockgate.facts.app import Operation, ReviewStatus
from lockgate.facts.decision import Capture, Reason, Truth, Verdict
from lockgate.facts.finding import ExaminationState
from lockgate.facts.sheet import Demand
from lockgate.facts.traffic import Client, Phase, Response
from lockgate.policy import Pending, Settled, Walk, do_not_inspect, evaluate

BLOCK, ALLOW, REDIRECT = Verdict.BLOCK, Verdict.ALLOW, Verdict.REDIRECT


def policy(*rules, default="allow", on_uninspectable="block"):
    lines = "\n".join(f"  - {{id: r{number}, {rule}}}" for number, rule in enumerate(rules))
    return f"version: 1\ndefault: {default}\non_uninspectable: {on_uninspectable}\nrules:\n{lines}\n"


@pytest.fixture
def decide(ruleset, sheet):
    def decision(*rules, facts=None, walk=Walk.REQUEST, **head):
        outcome = evaluate(ruleset(policy(*rules, **head)), walk, facts or sheet(Phase.REQUEST_BODY))
        assert isinstance(outcome, Settled), outcome
        return outcome.decision

    return decision


CREDENTIALS = "when: {dlp.profiles: credentials}"
APPROVED = "when: {app.status: approved}"
ALWAYS_TRUE = "when: {port: 443}"


class TestEnding:
    def test_without_a_match_the_default_applies(self, decide):
        decision = decide(f"{APPROVED}, then: block", default="block")
        assert (decision.verdict, decision.reason, decision.rule) == (BLOCK, Reason.DEFAULT, None)

    def test_the_first_match_that_ends_wins(self, decide):
        decision = decide(f"{ALWAYS_TRUE}, then: allow", "then: block")
        assert (decision.verdict, decision.reason, decision.rule) == (ALLOW, Reason.RULE, "r0")

    def test_a_stop_carries_what_the_person_is_told(self, decide):
        decision = decide('when: {request.method: POST}, then: {redirect: {to: "https://a.example/x"}}, message: "Use this."')
        assert (decision.verdict, decision.redirect_to, decision.message) == (REDIRECT, "https://a.example/x", "Use this.")

    def test_a_block_as_an_answer_is_a_block_that_is_told_so(self, decide):
        decision = decide("then: {block: {as: answer}}, message: No.")
        assert (decision.verdict, decision.reason, decision.rule) == (BLOCK, Reason.RULE, "r0")
        assert (decision.message, decision.as_answer) == ("No.", True)
        assert not decide("then: block").as_answer

    def test_only_a_rule_that_matched_is_told_as_an_answer(self, decide, sheet, examination):
        unread = sheet(Phase.REQUEST_BODY, examination=examination(state=ExaminationState.CRASHED))
        decision = decide(f"{CREDENTIALS}, then: {{block: {{as: answer}}}}", facts=unread)
        assert (decision.verdict, decision.reason, decision.as_answer) == (BLOCK, Reason.UNINSPECTABLE, False)

    def test_how_a_block_is_told_is_part_of_what_a_policy_means(self, ruleset):
        plain, told = ruleset(policy("then: block")), ruleset(policy("then: {block: {as: answer}}"))
        assert plain.version != told.version

    def test_the_decision_names_the_policy_that_made_it(self, ruleset, sheet):
        compiled = ruleset(policy("then: block"))
        assert evaluate(compiled, Walk.REQUEST, sheet()).decision.policy_version == compiled.version

    def test_the_trace_has_every_rule_visited_and_none_below(self, decide):
        decision = decide(f"{APPROVED}, then: block", f"{ALWAYS_TRUE}, then: block", "then: allow")
        assert [(step.rule, step.truth, step.why) for step in decision.trace] == [
            ("r0", Truth.NO, "app.status is unreviewed"),
            ("r1", Truth.YES, "port is 443"),
        ]


class TestAdding:
    def test_adding_actions_add_up_and_the_walk_goes_on(self, decide):
        decision = decide("then: [{tag: [a, b]}, {capture: masked}]", f"{ALWAYS_TRUE}, then: [{{tag: [b, c]}}, block]")
        assert (decision.verdict, decision.rule, decision.tags, decision.capture) == (
            BLOCK,
            "r1",
            ("a", "b", "c"),
            Capture.MASKED,
        )

    def test_the_first_rule_about_capture_decides_like_everywhere_in_the_walk(self, decide):
        decision = decide(f"{ALWAYS_TRUE}, then: {{capture: none}}", "then: {capture: full}")
        assert decision.capture is Capture.NONE

    def test_a_rule_that_does_not_match_adds_nothing(self, decide):
        decision = decide(f"{APPROVED}, then: [{{tag: a}}, {{capture: full}}]")
        assert (decision.tags, decision.capture) == ((), Capture.NONE)


class TestMonitor:
    def test_a_monitor_rule_tells_what_it_would_have_done(self, decide):
        decision = decide(
            "then: block, mode: monitor",
            "when: {port: 443}, then: {capture: full}, mode: monitor",
            "when: {port: {above: 1}}, then: {tag: x}, mode: monitor",
            "when: {port: 80}, then: block, mode: monitor",
        )
        assert (decision.verdict, decision.reason, decision.capture, decision.tags) == (ALLOW, Reason.DEFAULT, Capture.NONE, ())
        assert decision.monitored == ("r0:block", "r1:capture", "r2:tag")

    def test_a_monitor_rule_that_cannot_look_is_in_the_trace_only(self, decide, sheet, examination):
        facts = sheet(Phase.REQUEST_BODY, examination=examination(state=ExaminationState.CRASHED))
        decision = decide(f"{CREDENTIALS}, then: block, mode: monitor", facts=facts)
        assert (decision.verdict, decision.monitored, decision.trace[0].truth) == (ALLOW, (), Truth.UNINSPECTABLE)


class TestPending:
    def test_an_undecided_rule_above_keeps_a_match_from_settling(self, ruleset, sheet):
        outcome = evaluate(
            ruleset(policy(f"{CREDENTIALS}, then: block", f"{ALWAYS_TRUE}, then: allow")),
            Walk.REQUEST,
            sheet(Phase.REQUEST_HEADERS),
        )
        assert isinstance(outcome, Pending)
        assert outcome.demand == Demand(phase=Phase.REQUEST_BODY, profiles=frozenset({"credentials"}))
        assert (outcome.standing.verdict, outcome.standing.rule) == (ALLOW, "r1")

    def test_a_sure_match_above_settles_without_what_is_below(self, ruleset, sheet):
        outcome = evaluate(
            ruleset(policy(f"{ALWAYS_TRUE}, then: block", f"{CREDENTIALS}, then: block")), Walk.REQUEST, sheet(Phase.CONNECT)
        )
        assert isinstance(outcome, Settled)

    def test_every_undecided_rule_down_to_a_sure_end_joins_the_demand(self, ruleset, sheet):
        rules = (
            f"{CREDENTIALS}, then: block",
            "when: {dlp.profiles: financial}, then: {tag: x}, mode: monitor",
            f"{ALWAYS_TRUE}, then: allow",
            "when: {dlp.profiles: pii}, then: block",
        )
        outcome = evaluate(ruleset(policy(*rules)), Walk.REQUEST, sheet(Phase.REQUEST_HEADERS))
        assert outcome.demand.profiles == {"credentials", "financial"}

    def test_a_rule_that_is_already_out_demands_nothing(self, ruleset, sheet, app):
        facts = sheet(Phase.REQUEST_HEADERS, app=app(operation=Operation.SIGN_IN))
        rules = policy("when: {operation.carries_payload: true, dlp.profiles: credentials}, then: block")
        assert isinstance(evaluate(ruleset(rules), Walk.REQUEST, facts), Settled)

    def test_a_stop_by_host_stands_at_connect_below_rules_about_content(self, ruleset, sheet):
        rules = policy(f"{CREDENTIALS}, then: block, mode: monitor", "when: {host: chatgpt.com}, then: block")
        outcome = evaluate(ruleset(rules), Walk.REQUEST, sheet(Phase.CONNECT))
        assert isinstance(outcome, Pending)
        assert (outcome.standing.verdict, outcome.standing.rule) == (BLOCK, "r1")


FAILURES = [state for state in ExaminationState if state is not ExaminationState.COMPLETE]


@pytest.fixture(params=FAILURES, ids=str)
def not_looked(request, sheet, examination):
    return sheet(Phase.REQUEST_BODY, examination=examination(state=request.param))


class TestUninspectable:
    def test_a_stop_that_cannot_be_ruled_out_stops(self, decide, not_looked):
        decision = decide(f"{CREDENTIALS}, then: block, message: A key.", "then: allow", facts=not_looked)
        assert (decision.verdict, decision.reason, decision.rule) == (BLOCK, Reason.UNINSPECTABLE, "r0")
        assert decision.message == ""

    def test_so_does_a_redirect(self, decide, not_looked):
        decision = decide(f'{CREDENTIALS}, then: {{redirect: {{to: "https://a.example/"}}}}', facts=not_looked)
        assert (decision.verdict, decision.reason, decision.redirect_to) == (BLOCK, Reason.UNINSPECTABLE, "")

    def test_when_the_policy_says_so_it_goes_on(self, decide, not_looked):
        decision = decide(f"{CREDENTIALS}, then: block", facts=not_looked, on_uninspectable="allow")
        assert (decision.verdict, decision.reason, decision.trace[0].truth) == (ALLOW, Reason.DEFAULT, Truth.UNINSPECTABLE)

    def test_then_a_sure_rule_below_still_counts(self, decide, not_looked):
        decision = decide(f"{CREDENTIALS}, then: allow", "then: block", facts=not_looked)
        assert decision.verdict is BLOCK
        decision = decide(
            f"{CREDENTIALS}, then: block", f"{ALWAYS_TRUE}, then: block", facts=not_looked, on_uninspectable="allow"
        )
        assert (decision.verdict, decision.reason, decision.rule) == (BLOCK, Reason.RULE, "r1")

    def test_an_allow_that_cannot_be_proven_does_not_let_pass(self, decide, not_looked):
        decision = decide("when: {dlp.profiles: {none: [pii]}}, then: allow", default="block", facts=not_looked)
        assert (decision.verdict, decision.reason, decision.rule) == (BLOCK, Reason.UNINSPECTABLE, "r0")

    def test_unless_it_would_pass_anyway(self, decide, not_looked):
        decision = decide("when: {dlp.profiles: {none: [pii]}}, then: allow", f"{ALWAYS_TRUE}, then: allow", facts=not_looked)
        assert (decision.verdict, decision.reason, decision.rule) == (ALLOW, Reason.RULE, "r1")

    def test_an_allow_that_cannot_be_ruled_out_lets_pass_when_the_policy_says_so(self, decide, not_looked):
        rule = "when: {dlp.profiles: {none: [pii]}}, then: allow"
        decision = decide(rule, default="block", facts=not_looked, on_uninspectable="allow")
        assert (decision.verdict, decision.reason, decision.rule) == (ALLOW, Reason.UNINSPECTABLE, "r0")

    def test_a_rule_that_only_adds_stops_nothing_and_adds_nothing(self, decide, not_looked):
        decision = decide(f"{CREDENTIALS}, then: [{{tag: x}}, {{capture: full}}]", facts=not_looked)
        assert (decision.verdict, decision.reason, decision.tags, decision.capture) == (ALLOW, Reason.DEFAULT, (), Capture.NONE)

    def test_what_was_found_before_the_failure_counts(self, decide, sheet, examination, finding):
        found = examination(finding("credentials"), state=ExaminationState.TIMED_OUT)
        decision = decide(f"{CREDENTIALS}, then: block", facts=sheet(Phase.REQUEST_BODY, examination=found))
        assert (decision.verdict, decision.reason) == (BLOCK, Reason.RULE)

    def test_a_match_above_needs_no_look(self, decide, not_looked):
        decision = decide(f"{ALWAYS_TRUE}, then: allow", f"{CREDENTIALS}, then: block", facts=not_looked)
        assert (decision.verdict, decision.reason) == (ALLOW, Reason.RULE)

    def test_policies_can_act_on_the_failure_itself(self, decide, sheet, examination):
        facts = sheet(Phase.REQUEST_BODY, examination=examination(state=ExaminationState.TIMED_OUT))
        decision = decide(
            "when: {examination.state: [timed_out, crashed]}, then: allow", f"{CREDENTIALS}, then: block", facts=facts
        )
        assert (decision.verdict, decision.rule) == (ALLOW, "r0")

    def test_an_unrecognised_operation_is_a_known_one(self, decide, sheet, app):
        facts = sheet(Phase.REQUEST_BODY, app=app(operation=Operation.UNRECOGNISED))
        decision = decide("when: {operation: send_prompt}, then: block", facts=facts)
        assert (decision.verdict, decision.reason) == (ALLOW, Reason.DEFAULT)


class TestResponseWalk:
    RULES = (
        "when: {host: chatgpt.com}, then: allow",
        "when: {response.status: {at_least: 500}}, then: block, message: Broken.",
    )

    def test_only_rules_about_the_response_are_walked(self, decide, sheet):
        failed = sheet(response=Response(status=503))
        decision = decide(*self.RULES, facts=failed, walk=Walk.RESPONSE)
        assert (decision.verdict, decision.rule, decision.message) == (BLOCK, "r1", "Broken.")
        assert [step.rule for step in decision.trace] == ["r1"]

    def test_the_default_of_the_request_is_not_that_of_the_response(self, decide, sheet):
        decision = decide(*self.RULES, facts=sheet(), walk=Walk.RESPONSE, default="block")
        assert (decision.verdict, decision.reason) == (ALLOW, Reason.DEFAULT)

    def test_rules_about_the_response_are_no_part_of_the_request(self, decide):
        assert [step.rule for step in decide(*self.RULES).trace] == ["r0"]

    def test_what_they_need_of_the_request_is_demanded_before_it_leaves(self, ruleset, sheet):
        rules = policy("when: {response.status: 200, dlp.profiles: pii}, then: block")
        outcome = evaluate(ruleset(rules), Walk.REQUEST, sheet(Phase.REQUEST_HEADERS))
        assert isinstance(outcome, Pending)
        assert outcome.demand == Demand(phase=Phase.REQUEST_BODY, profiles=frozenset({"pii"}))

    def test_but_not_for_a_request_that_does_not_leave(self, ruleset, sheet):
        rules = policy("when: {response.status: 200, dlp.profiles: pii}, then: block", "when: {port: 443}, then: block")
        assert isinstance(evaluate(ruleset(rules), Walk.REQUEST, sheet(Phase.REQUEST_HEADERS)), Settled)


class TestDoNotInspect:
    TEXT = """
version: 1
default: allow
lists: {banks: [bank.example], health: ["*.health.example"]}
do_not_inspect:
  - {id: banking, when: {host.category: [banks]}}
  - {id: board, when: {all: [{user.groups: [board]}, {not: {host: leaky.example}}]}}
"""

    @pytest.mark.parametrize(
        ("host", "groups", "entry"),
        [
            ("bank.example", (), "banking"),
            ("www.bank.example", ("board",), "banking"),
            ("a.health.example", (), None),
            ("other.example", ("board",), "board"),
            ("leaky.example", ("board",), None),
        ],
    )
    def test_the_first_entry_that_applies_is_named(self, host, groups, entry, ruleset, sheet):
        facts = sheet(Phase.CONNECT, host=host, client=Client(address="10.0.0.1", groups=groups))
        assert do_not_inspect(ruleset(self.TEXT), facts) == entry


def test_a_settled_walk_over_fifty_rules_is_quick(ruleset, sheet, app):
    """A budget far above what it takes, so that only a change of kind trips it."""
    import time

    rules = [
        f"when: {{app.known: true, app.status: approved, dlp.profiles: credentials, port: {{at_least: {number}}}}}, then: block"
        for number in reversed(range(50))
    ]
    compiled, facts = ruleset(policy(*rules)), sheet(Phase.REQUEST_HEADERS, app=app(status=ReviewStatus.UNAPPROVED))
    evaluate(compiled, Walk.REQUEST, facts)
    began = time.process_time()
    for _ in range(200):
        assert isinstance(evaluate(compiled, Walk.REQUEST, facts), Settled)
    assert (time.process_time() - began) / 200 < 0.001


class TestAPolicyThatOnlyTells:
    """`mode: monitor` of the whole policy: walked as if it acted, and everything passes."""

    @pytest.fixture
    def told(self, ruleset, sheet):
        def decision(*rules, default, facts=None):
            text = policy(*rules, default=default).replace("version: 1\n", "version: 1\nmode: monitor\n")
            outcome = evaluate(ruleset(text), Walk.REQUEST, facts or sheet(Phase.REQUEST_BODY))
            assert isinstance(outcome, Settled)
            assert (outcome.decision.verdict, outcome.decision.reason) == (ALLOW, Reason.MONITOR_MODE)
            return outcome.decision

        return decision

    def test_it_tells_what_rules_and_the_default_would_have_done(self, told):
        assert told("then: {tag: x}", default="block").monitored == ("r0:tag", "default:block")
        assert told(f"{ALWAYS_TRUE}, then: block", default="allow").monitored == ("r0:block",)
        assert told("when: {port: 1}, then: block", default="allow").monitored == ()

    def test_it_tells_that_nobody_could_look(self, told, sheet, examination):
        unread = sheet(Phase.REQUEST_BODY, examination=examination(state=ExaminationState.CRASHED))
        assert told(f"{CREDENTIALS}, then: block", default="allow", facts=unread).monitored == ("on_uninspectable:block",)
