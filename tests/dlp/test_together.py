"""Hits that count only together: enough different entities, near enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.dlp.hit import Hit
from lockgate.dlp.schema import Together
from lockgate.dlp.together import only_together
from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.problem import UsageError

RECORD = frozenset({"pii-record"})


def hit(start, length, entity, profiles=("record",)):
    return Hit(
        detector=entity.lower(), entity=entity, profiles=profiles, detection_confidence=DetectionConfidence.MEDIUM,
        start=start, end=start + length, mask="[m]",
    )  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 9), st.sampled_from("ABC")), max_size=14),
    st.integers(2, 3),
    st.integers(1, 60),
)
def test_a_hit_stays_where_some_stretch_around_it_has_enough(steps, entities, within):
    hits, position = [], 0
    for gap, length, entity in steps:
        hits.append(hit(position + gap, length, entity))
        position += gap + length
    stretches = [hits[first:last] for first in range(len(hits)) for last in range(first + 1, len(hits) + 1)]
    good = [s for s in stretches if s[-1].end - s[0].start <= within and len({each.entity for each in s}) >= entities]
    expected = tuple(each for each in hits if any(each in stretch for stretch in good))
    assert only_together(hits, {"record": Together(entities=entities, within=within)}) == expected


def test_a_profile_that_wants_no_company_keeps_the_hit():
    alone = hit(0, 4, "EMAIL", ("pii", "record"))
    (kept,) = only_together([alone], {"record": Together(entities=2, within=9)})
    assert kept.profiles == ("pii",)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Margrethe Lundblad, margrethe@northwind.example, +45 32 12 34 56", {"PERSON_NAME", "EMAIL", "PHONE"}),
        ("write to margrethe@northwind.example or jane@northwind.example, ask for Margrethe Lundblad", set()),
        ("Margrethe Lundblad, margrethe@northwind.example" + " and so on" * 60 + " phone +45 32 12 34 56", set()),
    ],
)
def test_a_record_is_three_different_things_near_each_other(text, kinds, scanner):
    assert {hit.entity for hit in scanner.scan(text, RECORD).hits} == kinds


def test_beside_another_profile_each_says_what_it_asks_for(scanner):
    hits = scanner.scan("write to jane@northwind.example", RECORD | {"pii"}).hits
    assert [hit.profiles for hit in hits] == [("pii",)]


@pytest.mark.parametrize(
    ("rule", "said"), [("{entities: 1, within: 9}", "1 is outside 2 to 10"), ("{entities: 2, within: 0}", "0 is")]
)
def test_a_rule_that_can_mean_nothing_is_refused(rule, said, build):
    detector = """
id: badge
description: d
family: badge
label: badge
source: own
patterns: [{name: n, regex: 'BDG-[0-9]{6}', detection_confidence: medium}]
examples: {match: ["badge BDG-{digits:6}"], ignore: ["badge BDG-1"]}
"""
    profile = f"id: p\nname: P\ndescription: d\ndetectors: [{{family: badge}}]\ntogether: {rule}\n"
    with pytest.raises(UsageError) as raised:
        build(detector, profiles=(profile,))
    assert said in str(raised.value.problems[0])
