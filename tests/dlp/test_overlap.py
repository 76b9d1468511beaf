"""Of hits on the same characters one stays, and no profile loses sight of the value."""

from hypothesis import given
from hypothesis import strategies as st

from lockgate.dlp.hit import Hit
from lockgate.dlp.overlap import resolve
from lockgate.facts.finding import DetectionConfidence


def hit(start: int, end: int, confidence: int = 2, profiles: tuple[str, ...] = ("pii",), detector: str = "d") -> Hit:
    return Hit(
        detector=detector,
        entity="D",
        profiles=profiles,
        detection_confidence=DetectionConfidence(confidence),
        start=start,
        end=end,
        mask="[d]",
    )


hits = st.lists(
    st.builds(
        lambda start, length, confidence, profiles: hit(start, start + length, confidence, tuple(sorted(profiles))),
        st.integers(0, 60), st.integers(1, 20), st.integers(1, 3), st.sets(st.sampled_from("abc"), min_size=1),
    ),
    max_size=15,
)  # fmt: skip


@given(found=hits)
def test_what_stays_is_in_order_and_apart(found):
    kept = resolve(found)
    places = [place for one in kept for place in (one.start, one.end)]
    assert places == sorted(places)


@given(found=hits)
def test_every_hit_is_covered_by_one_that_stays_and_knows_its_profiles(found):
    kept = resolve(found)
    for one in found:
        over = [other for other in kept if other.start < one.end and one.start < other.end]
        assert over
        assert any(set(one.profiles) <= set(other.profiles) for other in over)


@given(found=hits)
def test_the_order_of_finding_does_not_matter(found):
    assert [(h.start, h.end) for h in resolve(found)] == [(h.start, h.end) for h in resolve(found[::-1])]


def test_the_surest_stays_then_the_longest():
    assert [h.detector for h in resolve([hit(0, 9, 2, detector="long"), hit(2, 4, 3, detector="sure")])] == ["sure"]
    assert [h.detector for h in resolve([hit(0, 9, detector="long"), hit(0, 4, detector="short")])] == ["long"]


def test_what_yields_gives_way_however_sure_it_is_and_hands_its_profiles_on():
    (kept,) = resolve([hit(0, 9, 1, ("pii",))], [hit(2, 5, 3, ("names",))])
    assert (kept.start, kept.end, kept.profiles) == (0, 9, ("names", "pii"))
    assert [each.start for each in resolve([hit(0, 2)], [hit(2, 5)])] == [0, 2]
