"""The index passes over rules that cannot match, and over no other: with it and without it, the same is decided."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_policies import LATE_RULES, RULE, conditions, law, policies

from lockgate.facts.decision import Truth
from lockgate.facts.sheet import Demand
from lockgate.facts.traffic import Phase
from lockgate.policy import Pending, Settled, Walk, evaluate
from lockgate.policy.index import RuleIndex, numbers_of
from lockgate.policy.named_values import NamedValues
from lockgate.policy.operand import HostsWithin, InNetworks, OneOf, StartsWith

MORE_TESTS = [
    {"user.groups": ["staff", "sales"]},
    {"user.groups": {"all": ["staff"], "none": ["finance"]}},
    {"user": {"known": True}},
    {"source.address": {"within": ["10.0.0.0/30", "192.168.0.0/16"]}},
    {"host": {"within": ["*.example"]}},
    {"host": {"within": ["a.example", "c.example"]}},
    {"host": {"is": "b.example"}},
    {"request.path": {"starts_with": ["/", "/v1/"]}},
    {"prompt.model": {"starts_with": "gpt"}},
    {"prompt.kinds": "human_text"},
    {"dlp.found_in.pii": "human_text"},
    {"dlp.count.pii": {"at_least": 1}},
    {"app.tier_known": False},
    {"app.country": {"known": True}},
]
RULE_OF_MORE = st.builds(lambda when, rule: {**rule, "when": {"all": [when, rule["when"]]}}, conditions(MORE_TESTS), RULE)
MANY = st.lists(st.one_of(RULE, RULE_OF_MORE), min_size=6, max_size=14)
NOBODYS = 40
"""Rules of people who send nothing, so that there are enough for an index."""


def policy(draw, exceptions=()):
    others = [{"id": f"n{number}", "when": {"user": f"nobody-{number}"}, "then": "block"} for number in range(NOBODYS)]
    mine = [{"id": f"r{number}", **rule} for number, rule in enumerate(draw(MANY))]
    at = draw(st.integers(0, NOBODYS))
    return {
        "version": 1,
        "default": draw(st.sampled_from(["allow", "block"])),
        "on_uninspectable": draw(st.sampled_from(["allow", "block"])),
        "rules": others[:at] + mine + others[at:],
        **({"exceptions": list(exceptions)} if exceptions else {}),
    }


@st.composite
def many_rules(draw):
    return policy(draw)


def told(outcome):
    """The rules in the trace that did not come out as no."""
    decision = outcome.decision if isinstance(outcome, Settled) else outcome.standing
    return [step for step in decision.trace if step.truth is not Truth.NO]


def all_of(outcome):
    """Everything but which rules the trace has."""
    if isinstance(outcome, Settled):
        return replace(outcome.decision, trace=())
    return outcome.demand, replace(outcome.standing, trace=())


@law
@given(data=st.data())
def test_the_same_is_decided_as_by_asking_every_rule(data, tools, exchanges):
    ruleset = tools.compile(policy(data.draw))
    assert ruleset.request_walk.index is not None

    for facts in data.draw(exchanges()).stages():
        found, asked = (evaluate(ruleset, Walk.REQUEST, facts, thorough=thorough) for thorough in (False, True))
        assert all_of(found) == all_of(asked)


@law
@given(data=st.data())
def test_the_same_is_decided_by_what_was_certain_before_as_by_asking_anew(data, tools, exchanges):
    """Also when what is handed on is of something else: then it is not gone by."""
    ruleset = tools.compile(data.draw(st.one_of(policies(), many_rules())))
    exchange, other = data.draw(exchanges()), data.draw(exchanges())
    before = None
    for facts in data.draw(st.sampled_from([exchange.stages(), [*other.stages(), *exchange.stages()]])):
        fresh = evaluate(ruleset, Walk.REQUEST, facts)
        found = evaluate(ruleset, Walk.REQUEST, facts, after=before)
        assert (all_of(found), told(found)) == (all_of(fresh), told(fresh))
        before = found if isinstance(found, Pending) else before


@law
@given(data=st.data())
def test_of_many_rules_about_responses_the_same_is_demanded_and_decided_as_without_an_index(data, tools, exchanges):
    """Of the request, what they want to know has to be learned while it is there."""
    nobodys = [{"all": [{"response.status": {"at_least": 400}}, {"user": f"nobody-{number}"}]} for number in range(NOBODYS)]
    late = [*data.draw(LATE_RULES), *({"when": when, "then": "block"} for when in nobodys), *data.draw(LATE_RULES)]
    written = data.draw(policies())
    written["rules"] += [{"id": f"late{number}", **rule} for number, rule in enumerate(late)]
    ruleset = tools.compile(written)
    plain = replace(ruleset, surroundings=None)
    assert ruleset.response_walk.index is not None
    assert plain.response_walk.index is None
    exchange = data.draw(exchanges())

    for facts in exchange.stages():
        assert all_of(evaluate(ruleset, Walk.REQUEST, facts)) == all_of(evaluate(plain, Walk.REQUEST, facts))
    for profiles in ({"credentials"}, {"credentials", "financial", "pii"}):
        facts = exchange.sheet(Phase.RESPONSE_HEADERS, exchange.examined(profiles))
        assert all_of(evaluate(ruleset, Walk.RESPONSE, facts)) == all_of(evaluate(plain, Walk.RESPONSE, facts))


@law
@given(data=st.data())
def test_the_same_is_decided_where_rules_have_exceptions(data, tools, exchanges):
    rest = {"owner": "the team", "reason": "as agreed", "expires": "2099-01-01"}
    when = data.draw(conditions(MORE_TESTS))
    ruleset = tools.compile(policy(data.draw, [{"id": "e", "rules": ["r0", "r1", "r2"], "when": when, **rest}]))

    for facts in data.draw(exchanges()).stages():
        found, asked = (evaluate(ruleset, Walk.REQUEST, facts, thorough=thorough) for thorough in (False, True))
        assert all_of(found) == all_of(asked)


@law
@given(data=st.data())
def test_what_is_passed_over_is_no_and_what_waits_is_not_known_yet(data, tools, exchanges):
    ruleset = tools.compile(policy(data.draw))
    rules = ruleset.request_walk.rules
    index = RuleIndex([(rule.when, True) for rule in rules], ruleset.surroundings)

    for facts in data.draw(exchanges()).stages():
        left = index.candidates(facts)
        for number, rule in enumerate(rules):
            truth, bit = rule.check(facts).truth, 1 << number
            if left.waiting & bit:
                assert truth is Truth.PENDING
            elif not (left.asked | left.unsure) & bit:
                assert truth is Truth.NO


def test_rules_about_others_are_passed_over(tools, sheet):
    rules = [{"id": f"r{number}", "when": {"user": f"person-{number}"}, "then": "block"} for number in range(100)]
    ruleset = tools.compile({"version": 1, "default": "allow", "rules": rules})

    left = ruleset.request_walk.index.candidates(sheet(Phase.CONNECT))

    assert left.asked == left.waiting == left.unsure == 0


SOMEBODY = {"any": [{"user": "nobody"}, {"not": {"host": "nowhere.example"}}]}
NOBODY = {"any": [{"user": "nobody"}, {"host": "nowhere.example"}]}


@pytest.mark.parametrize(
    ("conditions_above", "profiles"),
    [
        ([{"dlp.profiles": "pii"}], {"pii"}),
        ([{"dlp.profiles": "pii", "user": "nobody"}, {"prompt.model": "gpt-5"}], set()),
        ([{"all": [{"dlp.profiles": "pii"}, NOBODY]}, {"all": [{"dlp.profiles": "credentials"}, SOMEBODY]}], {"credentials"}),
    ],
    ids=["the first of many", "not for who cannot match", "each rule for itself"],
)
def test_of_many_rules_it_is_demanded_what_those_wait_for_that_may_match(conditions_above, profiles, tools, sheet):
    others = [{"id": f"n{number}", "when": {"user": f"nobody-{number}"}, "then": "block"} for number in range(NOBODYS)]
    mine = [{"id": f"r{number}", "when": when, "then": "block"} for number, when in enumerate(conditions_above)]
    ruleset = tools.compile({"version": 1, "default": "allow", "rules": [*mine, *others]})
    assert ruleset.request_walk.index is not None

    outcome = evaluate(ruleset, Walk.REQUEST, sheet(Phase.REQUEST_HEADERS))

    assert isinstance(outcome, Pending)
    assert outcome.demand == Demand(phase=Phase.REQUEST_BODY, profiles=frozenset(profiles))


@pytest.mark.parametrize("rules", [0, 1, 0b1010, 1 << 9999, (1 << 200) - 1, (1 << 200) - 0b100])
def test_numbers_of_a_set_of_rules_come_in_order(rules):
    assert list(numbers_of(rules)) == [number for number in range(10_000) if rules >> number & 1]


@pytest.mark.parametrize(
    ("operand", "value", "named"),
    [
        (OneOf(frozenset({"a", "b"})), "b", True),
        (OneOf(frozenset({"a", "b"})), "c", False),
        (OneOf(frozenset({"a"})), None, False),
        (HostsWithin(names=frozenset({"a.example"}), suffixes=(".a.example",)), "a.example", True),
        (HostsWithin(names=frozenset({"a.example"}), suffixes=(".a.example",)), "x.y.a.example", True),
        (HostsWithin(names=frozenset(), suffixes=(".a.example",)), "a.example", False),
        (HostsWithin(names=frozenset({"a.example"}), suffixes=(".a.example",)), "ba.example", False),
        (StartsWith(("/v1/", "/v")), "/v1", True),
        (StartsWith(("/v1/",)), "/v1", False),
        (InNetworks((ip_network("10.0.0.0/8"),)), ip_address("10.9.8.7"), True),
        (InNetworks((ip_network("10.0.0.0/8"),)), ip_address("11.0.0.0"), False),
        (InNetworks((ip_network("0.0.0.0/0"),)), ip_address("11.0.0.0"), True),
        (InNetworks((ip_network("0.0.0.0/0"),)), ip_address("2001:db8::1"), False),
        (InNetworks((ip_network("2001:db8::/32"),)), ip_address("2001:db8::1"), True),
    ],
)  # fmt: skip
def test_a_value_finds_the_rules_that_name_it_or_what_it_belongs_to(operand, value, named):
    values = NamedValues()
    assert values.add(operand, 4)
    assert values.add(OneOf(frozenset({"elsewhere"})), 2)

    assert values.rules(value) == (4 if named else 0)


def test_every_rule_is_found_that_names_a_value_in_its_own_way():
    values = NamedValues()
    for number, operand in enumerate([
        InNetworks((ip_network("10.0.0.0/8"),)), InNetworks((ip_network("10.9.0.0/16"),)),
        InNetworks((ip_network("0.0.0.0/0"),)),
        HostsWithin(names=frozenset(), suffixes=(".example",)), HostsWithin(names=frozenset(), suffixes=(".a.example",)),
        OneOf(frozenset({"x.a.example"})), StartsWith(("x",)), StartsWith(("x.a",)),
    ]):  # fmt: skip
        assert values.add(operand, 1 << number)

    assert values.rules(ip_address("10.9.8.7")) == 0b111
    assert values.rules("x.a.example") == 0b11111000
