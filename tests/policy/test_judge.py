"""Patterns with `*` agree with a reference implementation and stay linear."""

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.decision import Truth
from lockgate.policy.judge import judge_of
from lockgate.policy.operand import Like

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
