"""The algebra of not knowing."""

from itertools import product

import pytest

from lockgate.facts.decision import Truth
from lockgate.facts.sheet import Demand
from lockgate.facts.traffic import Phase
from lockgate.policy.outcome import Outcome, all_of, any_of, negate

OUTCOMES = {
    Truth.YES: Outcome(Truth.YES, "y"),
    Truth.NO: Outcome(Truth.NO, "n"),
    Truth.PENDING: Outcome(Truth.PENDING, "p", (Demand(phase=Phase.REQUEST_BODY, profiles=frozenset({"pii"})),)),
    Truth.UNINSPECTABLE: Outcome(Truth.UNINSPECTABLE, "u"),
}


def check(truth):
    return lambda _sheet: OUTCOMES[truth]


def could_be(truth):
    """What it may turn out to be once everything is known."""
    return {truth} if truth in (Truth.YES, Truth.NO) else {Truth.YES, Truth.NO}


@pytest.mark.parametrize("parts", list(product(Truth, repeat=3)), ids="-".join)
@pytest.mark.parametrize(("combine", "python"), [(all_of, all), (any_of, any)])
def test_a_combination_is_certain_exactly_when_every_way_it_could_turn_out_agrees(combine, python, parts):
    possible = {python(part is Truth.YES for part in world) for world in product(*(could_be(part) for part in parts))}
    truth = combine([check(part) for part in parts])(None).truth
    if len(possible) == 1:
        assert truth is (Truth.YES if possible.pop() else Truth.NO)
    else:
        assert truth is (Truth.PENDING if Truth.PENDING in parts else Truth.UNINSPECTABLE)


@pytest.mark.parametrize("parts", list(product(Truth, repeat=2)), ids="-".join)
def test_only_what_waits_demands(parts):
    for combine in (all_of, any_of):
        outcome = combine([check(part) for part in parts])(None)
        assert bool(outcome.demands) is (outcome.truth is Truth.PENDING)


@pytest.mark.parametrize("truth", Truth)
def test_not_swaps_what_is_certain_and_nothing_else(truth):
    swapped = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}
    outcome = negate(check(truth))(None)
    assert outcome.truth is swapped.get(truth, truth)
    assert outcome.demands == OUTCOMES[truth].demands


def test_the_part_that_decided_is_the_reason():
    assert all_of([check(Truth.YES), check(Truth.PENDING), check(Truth.NO)])(None).why == "n"
    assert any_of([check(Truth.NO), check(Truth.YES)])(None).why == "y"
    assert all_of([check(Truth.YES), check(Truth.UNINSPECTABLE), check(Truth.PENDING)])(None).why == "p"
