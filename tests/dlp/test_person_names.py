"""Names of people are found by lists and by how they stand, and ordinary words that are also names are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.dlp.person_names import NameEngine, NameLists
from lockgate.dlp.scan import Scanner
from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.problem import UsageError
from lockgate.home.home import make_home
from lockgate.home.load import load_detectors

PROFILE = frozenset({"person-names"})


@pytest.fixture
def named(scanner):
    def find(text):
        return [text[hit.start : hit.end] for hit in scanner.scan(text, PROFILE).hits]

    return find


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ms. Oyelaran-Fitch flew to Oslo", ["Oyelaran-Fitch"]),
        ("signed by Guðrún van der Berg and Seán O'Malley", ["Guðrún van der Berg", "Seán O'Malley"]),
        ("give Natasja's number to Lars", ["Natasja", "Lars"]),
        ("Lundblad, who wrote first; Margrethe Lundblad wrote again", ["Lundblad", "Margrethe Lundblad"]),
        ("from: Tamsin Quellhorst <tamsinquellhorst@example.com>", ["Tamsin Quellhorst"]),
        ("Xov Zorbland, xovzorbland@example.com", ["Xov Zorbland"]),
        ("name,phone\nJennifer Brown,1", ["Jennifer Brown"]),
        ("the patient, katarzyna nowak, was seen", ["katarzyna nowak"]),
        ("my name is rose", ["rose"]),
        ("MARGARET STOUFFER\n12 MAIN", ["MARGARET STOUFFER"]),
        ("Елена Смирнова просит перезвонить", ["Елена Смирнова"]),
        ("田中さんに電話", ["田中"]),
    ],
)
def test_names_are_found_in_the_forms_people_write_them(text, names, named):
    assert named(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Rose petals and a hunter in the grace of May",
        "turn left at Madison Avenue, past 12 Jackson Street",
        "lives at Rua João Dutra 1154",
        "the Washington Post and the Kelley Blue Book Company",
        "use WireGuard, GitHub, JWT and OAuth with PostgreSQL",
        "Will Mark bill the client? Frank words, a long faith.",
        "가장 중요한 것은 이 도구를 사용하는 것입니다",
        "jennifer@example.com and https://example.com/Jennifer",
        "Claude and Gemini in April",
    ],
)
def test_what_only_looks_like_a_name_is_none(text, named):
    assert named(text) == []


def test_a_value_of_a_format_is_not_split_by_a_name_in_it(scanner):
    text = "ship it to 1600 Jennifer Johnson Street, Springfield, IL 62701"
    hits = scanner.scan(text, frozenset({"pii", "person-names"})).hits
    assert [hit.detector for hit in hits] == ["street-address"]


def test_how_sure_a_name_is_and_why_is_told(scanner):
    (hit,) = scanner.scan("Jennifer Brewer called", PROFILE).hits
    assert (hit.detection_confidence, hit.mask) == (DetectionConfidence.MEDIUM, "[name]")
    assert hit.contributions == ("a given name, then a family name that is a word, too: medium",)


def test_a_home_adds_names_of_its_own(ready_home, tmp_path):
    home = ready_home(tmp_path / "home")
    before = load_detectors(home)
    (home.path / "dlp" / "names" / "given.txt").write_text("# ours\n\n  Zzyzxa   # and no other\n")
    after = load_detectors(home)
    assert after.version != before.version

    def found(detectors):
        return [hit.start for hit in Scanner.open(detectors).scan("ask Zzyzxa-- about # ours", PROFILE).hits]

    assert (found(before), found(after)) == ([], [4])


def test_a_list_that_is_no_text_is_told(tmp_path):
    home = make_home(tmp_path / "home")
    (home.path / "dlp" / "names" / "family.txt").write_bytes(b"\xff\xfe\n")
    with pytest.raises(UsageError, match=r"family\.txt` is not UTF-8 text"):
        load_detectors(home)


LISTS = NameLists(given="anna\nrose", family="berg\nrose", ordinary="rose\nthe")


@given(
    st.lists(
        st.sampled_from(["Anna", "Rose", "Berg", "The", "A.", "Dr.", "van", "der", "ß", "İ", "@", ",", "12", "\n"]), max_size=12
    )
)
def test_offsets_slice_the_text_and_hold_words_only(words):
    text = " ".join(words)
    for find in NameEngine(LISTS).find(text):
        assert 0 <= find.start < find.end <= len(text)
        assert text[find.start : find.end].strip(" ,\n@") == text[find.start : find.end]


@given(st.text(max_size=300))
def test_no_text_is_too_odd(text):
    assert all(0 <= find.start < find.end <= len(text) for find in NameEngine(LISTS).find(text))
