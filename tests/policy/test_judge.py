"""What operators say of a value, also of one known in part, agrees with a reference implementation; patterns stay linear."""

import re
import time
from fnmatch import fnmatchcase
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.decision import Truth
from lockgate.policy.judge import judge_of
from lockgate.policy.operand import UNBOUNDED, Among, InRanges, Like, Quantifier
from lockgate.policy.reading import AtLeast, Some

letters = st.text(alphabet="ab*", max_size=8)


@given(pattern=letters.filter(bool), text=st.text(alphabet="ab", max_size=12))
def test_a_pattern_matches_what_the_same_regular_expression_would(pattern, text):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
    assert (judge_of(Like((pattern,)))(text) is Truth.YES) is expected


def test_a_hostile_text_does_not_make_a_pattern_slow():
    judge = judge_of(Like(("*a" * 50 + "b",)))
    began = time.process_time()
    assert judge("a" * 200_000) is Truth.NO
    assert time.process_time() - began < 0.5


words = st.frozensets(st.sampled_from(["a", "b", "b1", "c", "d"]))
among = st.builds(
    Among,
    quantifier=st.sampled_from(Quantifier),
    patterns=st.sets(st.sampled_from(["a", "b*", "c"]), min_size=1).map(lambda patterns: tuple(sorted(patterns))),
)


@given(operand=among, names=words)
def test_of_several_words_a_quantifier_means_what_it_says(operand, names):
    fitting = {pattern: {name for name in names if fnmatchcase(name, pattern)} for pattern in operand.patterns}
    fits_any = frozenset().union(*fitting.values())
    expected = {
        Quantifier.ANY: bool(fits_any),
        Quantifier.ALL: all(fitting.values()),
        Quantifier.NONE: not fits_any,
        Quantifier.OUTSIDE: fits_any != names,
    }
    assert judge_of(operand)(names) is (Truth.YES if expected[operand.quantifier] else Truth.NO)


@given(operand=among, names=words)
def test_words_of_which_there_may_be_more_are_judged_as_every_longer_list_would_be(operand, names):
    judge = judge_of(operand)
    possible = {judge(names | frozenset(more)) for size in range(4) for more in combinations(["a", "b", "c", "d"], size)}
    assert judge(Some(names)) is (possible.pop() if len(possible) == 1 else Truth.UNINSPECTABLE)


@given(
    ranges=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6) | st.just(UNBOUNDED)), min_size=1, max_size=3),
    number=st.integers(0, 6),
)
def test_a_number_that_may_be_higher_is_judged_as_every_higher_one_would_be(ranges, number):
    judge = judge_of(InRanges(tuple(ranges)))
    possible = {judge(higher) for higher in range(number, 9)}
    said = judge(AtLeast(number))
    assert said is Truth.UNINSPECTABLE or possible == {said}
    one_range_says_it = any(low <= number and high == UNBOUNDED for low, high in ranges)
    none_reaches_it = all(high < number for _, high in ranges)
    assert (said is Truth.YES, said is Truth.NO) == (one_range_says_it, none_reaches_it)
