"""A set of detectors is built whole or not at all, and its version says what it is."""

import pickle

import pytest

from lockgate.dlp.scan import Scanner
from lockgate.dlp.value_mark import value_mark
from lockgate.facts.problem import UsageError

BADGE = """
id: badge
description: A badge number.
family: badge
label: badge
source: own
patterns:
  - name: number
    regex: 'BDG-[0-9]{6}'
    detection_confidence: medium
examples:
  match: ["badge BDG-{digits:6} lost"]
  ignore: ["badge BDG-12 lost"]
"""
STAFF = """
id: staff
name: Staff
description: Staff numbers.
detectors:
  - {family: badge}
"""


def problems(error: UsageError) -> str:
    return "\n".join(str(problem) for problem in error.problems)


def test_a_detector_that_misses_its_own_example_does_not_load(build):
    with pytest.raises(UsageError) as caught:
        build(BADGE.replace("BDG-[0-9]", "BDX-[0-9]"))
    assert str(caught.value.problems[0].place) == "detector-0.yaml:12:11"
    assert "does not find this example" in problems(caught.value)


def test_a_detector_that_finds_what_it_should_ignore_does_not_load(build):
    with pytest.raises(UsageError) as caught:
        build(BADGE.replace("BDG-12 lost", "BDG-123456 lost"))
    assert str(caught.value.problems[0].place) == "detector-0.yaml:13:12"


def test_a_problem_with_an_example_never_shows_what_the_template_stands_for(build):
    with pytest.raises(UsageError) as caught:
        build(BADGE.replace("BDG-12 lost", "BDG-{digits:6} lost"))
    assert "BDG-" not in problems(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  match: [", "  match: []\n  ignore: [", "at least one example"),
        ("BDG-[0-9]{6}", "BDG-[0-9]+", "more than 512"),
        ("BDG-[0-9]{6}", "BDG-(?=[0-9])", "looks around"),
        ("BDG-[0-9]{6}", "(?:B?D?){2,30}x", "repeats a repetition"),
        ("BDG-[0-9]{6}", "BDG-[0-9", "not a valid pattern"),
        ("detection_confidence: medium", "needs_context: true", "no context words"),
        ("source: own", "source: own\nvalidators: [luhm]", "did you mean `luhn`?"),
        ("source: own", "source: own\nveto: [placeholders]", "did you mean `placeholder`?"),
        ("source: own", "source: own\nkeywords: [badge]", "means nothing to engine `pattern`"),
        ("source: own", "source: own\ncontext: {words: ['--']}", "is not a word"),
        ("source: own", "source: own\ncontext: {words: [a], before: 5000}", "outside 0 to 200"),
        ("id: badge", "id: The Badge", "is not an id"),
    ],
)
def test_an_unsound_file_is_refused_with_its_place_and_the_next_step(build, old, new, told):
    text = BADGE.replace(old, new)
    if old == "  match: [":
        text = BADGE.replace('  match: ["badge BDG-{digits:6} lost"]', "  match: []")
    with pytest.raises(UsageError) as caught:
        build(text)
    assert told in problems(caught.value)
    assert all(problem.place is not None for problem in caught.value.problems)


def test_all_problems_of_all_files_are_told_at_once(build):
    with pytest.raises(UsageError) as caught:
        build(BADGE, BADGE, profiles=(STAFF.replace("badge", "bagde"),))
    assert "already used by detector-0.yaml" in problems(caught.value)
    assert "did you mean `badge`?" in problems(caught.value)


def test_a_profile_member_names_a_detector_or_a_family_but_not_both(build):
    with pytest.raises(UsageError, match="either a `detector` or a `family`"):
        build(BADGE, profiles=(STAFF.replace("{family: badge}", "{family: badge, detector: badge}"),))


def test_the_version_changes_with_any_file(build):
    versions = {
        build(BADGE, profiles=(STAFF,)).version,
        build(BADGE.replace("A badge", "Some badge"), profiles=(STAFF,)).version,
        build(BADGE, profiles=(STAFF.replace("{family: badge}", "{family: badge, at_least: high}"),)).version,
    }
    assert len(versions) == 3
    assert build(BADGE, profiles=(STAFF,)).version in versions


def test_a_profile_asks_for_no_less_than_its_detection_confidence(build):
    text = "badge BDG-482915 lost"
    lenient = Scanner.open(build(BADGE, profiles=(STAFF,)))
    strict = Scanner.open(build(BADGE, profiles=(STAFF.replace("{family: badge}", "{family: badge, at_least: high}"),)))
    assert [hit.detector for hit in lenient.scan(text, frozenset({"staff"})).hits] == ["badge"]
    assert strict.scan(text, frozenset({"staff"})).hits == ()


def test_equal_values_have_one_mark_and_nobody_else_can_tell_it(build):
    detectors, wanted = build(BADGE, profiles=(STAFF,)), frozenset({"staff"})
    text = "badge BDG-482915, badge BDG-482915, badge BDG-111111"
    first, again, other = (hit.value_mark for hit in Scanner.open(detectors, key=b"k" * 32).scan(text, wanted).hits)
    assert first == again != other
    assert b"482915" not in first
    assert Scanner.open(detectors, key=b"o" * 32).scan(text, wanted).hits[0].value_mark != first
    assert {hit.value_mark for hit in Scanner.open(detectors).scan(text, wanted).hits} == {b""}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("4111 1111-1111.1111", "4111111111111111", True),
        ("DE89 3704", "de893704", True),
        ("a.b@x.example", "ab@x.example", False),
        ("(030) 12-34", "0301235", False),
    ],
)
def test_spellings_of_a_value_have_one_mark(one, other, same):
    assert (value_mark(one, b"key") == value_mark(other, b"key")) is same


def test_a_detector_named_in_a_profile_outranks_its_family(build):
    both = STAFF.replace("  - {family: badge}", "  - {family: badge, at_least: high}\n  - {detector: badge, at_least: low}")
    assert Scanner.open(build(BADGE, profiles=(both,))).scan("badge BDG-482915", frozenset({"staff"})).hits


def test_a_list_of_words_is_found_as_whole_words(build):
    words = (
        "id: code-names\ndescription: Names of projects.\nfamily: code-name\nlabel: code name\nsource: own\nengine: keywords\n"
        "keywords: [blue heron, Zürich Süd, 東京]\nexamples:\n  match: [ask about Blue  Heron, in zürich süd, 東京 launch]\n"
        "  ignore: [bluest heronry, north Zürich]\n"
    )
    assert build(words).detectors["code-names"].keywords


def test_a_set_survives_the_way_into_another_process(build):
    detectors = build(BADGE, profiles=(STAFF,))
    copy = pickle.loads(pickle.dumps(detectors))
    assert copy.version == detectors.version
    wanted = frozenset({"staff"})
    assert Scanner.open(copy).scan("BDG-482915", wanted) == Scanner.open(detectors).scan("BDG-482915", wanted)


def test_the_compiled_form_is_taken_only_for_its_own_version(build):
    detectors = build(BADGE, profiles=(STAFF,))
    other = build(BADGE.replace("BDG", "XYZ"), profiles=(STAFF,))
    for compiled in (
        Scanner.open(detectors).dump(),
        Scanner.open(other).dump(),
        b"",
        b"not a database",
        detectors.version.encode() + b"\n!",
    ):
        scanner = Scanner.open(detectors, compiled)
        assert [hit.detector for hit in scanner.scan("BDG-482915", frozenset({"staff"})).hits] == ["badge"]


def test_a_set_that_was_proven_is_not_proven_again_unless_asked(build, monkeypatch):
    first = build(BADGE, profiles=(STAFF,))
    asked = []
    monkeypatch.setattr("lockgate.dlp.detectors.example_problems", lambda *_: asked.append(1) or ())
    assert build(BADGE, profiles=(STAFF,), compiled=first.compiled, prove=False) == first
    assert not asked
    assert build(BADGE, profiles=(STAFF,), compiled=first.compiled) == first
    assert asked


@pytest.mark.parametrize(
    "files",
    [(BADGE.replace("lost", "found"),), (BADGE, BADGE), (BADGE, BADGE.replace("id: badge", "id: badge-2"))],
    ids=["changed", "twice", "one-more"],
)
def test_what_changed_since_it_was_proven_is_proven(build, files, monkeypatch):
    first = build(BADGE, profiles=(STAFF,))
    asked = []
    monkeypatch.setattr("lockgate.dlp.detectors.detector_problems", lambda *_: asked.append(1) or ())
    build(*files, profiles=(STAFF,), compiled=first.compiled, prove=False)
    assert asked


def test_other_programs_are_told_the_entity_or_the_family(build):
    profile = (STAFF,)
    (by_family,) = Scanner.open(build(BADGE, profiles=profile)).scan("badge BDG-123456", frozenset({"staff"})).hits
    named = BADGE.replace("family: badge\n", "family: badge\nentity: STAFF_ID\n")
    (by_entity,) = Scanner.open(build(named, profiles=profile)).scan("badge BDG-123456", frozenset({"staff"})).hits
    assert (by_family.entity, by_entity.entity) == ("BADGE", "STAFF_ID")


def test_an_entity_is_written_in_capitals(build):
    with pytest.raises(UsageError) as raised:
        build(BADGE.replace("family: badge\n", "family: badge\nentity: staff-id\n"))
    assert "`staff-id` is not a kind of value" in problems(raised.value)
