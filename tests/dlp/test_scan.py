"""What a scan promises: places in the original text, no content in its answer, bounded work."""

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate.dlp import automaton, cascade
from lockgate.dlp.mask import masked
from lockgate.dlp.templates import expand
from lockgate.facts.finding import DetectionConfidence

ALL = frozenset({"credentials", "pii", "financial", "person-names"})
VALUES = (
    "card 4111 1111 1111 1111",
    "jane.roe@northwind.example",
    "SSN 536-22-8726",
    "IBAN DE89 3704 0044 0532 0130 00",
    expand('password = "{alnum:12}#9"'),
    expand("AKIA{base32:15}2"),
    expand("postgres://app:{alnum:16}@db.internal:5432/orders"),
    expand("-----BEGIN PRIVATE KEY-----\n{base64:64}\n-----END PRIVATE KEY-----"),
    expand("ghp_{alnum:36}"),
    "call +44 20 7946 0958",
    "the password for the box is " + expand("{alnum:9}!4"),
)
texts = st.lists(st.one_of(st.text(max_size=30), st.sampled_from(VALUES)), max_size=6).map(" ".join)


@given(text=texts)
@settings(max_examples=150, deadline=None)
def test_hits_are_in_order_inside_the_text_and_apart(scanner, text):
    hits = scanner.scan(text, ALL).hits
    places = [place for hit in hits for place in (hit.start, hit.end)]
    assert places == sorted(places)
    assert all(0 <= hit.start < hit.end <= len(text) for hit in hits)


@given(text=texts)
@settings(max_examples=150, deadline=None)
def test_nothing_found_survives_masking_and_masking_again_changes_nothing(scanner, text):
    hits = scanner.scan(text, ALL).hits
    once = masked(text, hits)
    assert masked(once, scanner.scan(once, ALL).hits) == once
    kept = "".join(text[a.end : b.start] for a, b in pairwise(hits))
    for hit in hits:
        value = text[hit.start : hit.end]
        if len(value) >= 8 and value not in kept and text.count(value) == 1:
            assert value not in once


@given(text=texts)
@settings(max_examples=100, deadline=None)
def test_an_answer_never_holds_the_matched_text(scanner, text):
    for hit in scanner.scan(text, ALL).hits:
        value = text[hit.start : hit.end]
        if len(value) >= 8:
            assert value not in repr(hit)


@given(text=texts)
@settings(max_examples=60, deadline=None)
def test_a_profile_alone_finds_no_less_than_among_others(scanner, text):
    together = {name for hit in scanner.scan(text, ALL).hits for name in hit.profiles}
    alone = {name for name in ALL if scanner.scan(text, frozenset({name})).hits}
    assert alone == together


def test_the_offsets_are_code_points_whatever_stands_before(scanner):
    text = "🔑🔑 naïve \u2013 東京: jane.roe@northwind.example"
    (hit,) = scanner.scan(text, frozenset({"pii"})).hits
    assert text[hit.start : hit.end] == "jane.roe@northwind.example"


@pytest.mark.parametrize(
    "text",
    [
        "card 4111\u200b1111\u200b1111\u200b1111",
        "card ４１１１ １１１１ １１１１ １１１１",  # noqa: RUF001 - the look-alike digits are the point
        "card &#52;111111111111111",
        "card 4111\u00ad 1111 1111 1111",
        "card ٤١١١١١١١١١١١١١١١",
        "card 4111\U000e00201111\U000e00201111\U000e00201111",
        "card%204111%201111%201111%201111",
        "Y2FyZCA0MTExIDExMTEgMTExMSAxMTEx",
    ],
)
def test_a_disguised_value_is_found_and_its_whole_disguise_is_masked(scanner, text):
    (hit,) = scanner.scan(text, frozenset({"financial"})).hits
    assert hit.detector == "payment-card"
    assert masked(text, [hit]).count("1") == 4


def test_no_comment_in_the_text_switches_detection_off(scanner):
    for marker in (
        "gitleaks:allow",
        "betterleaks:allow",
        "kingfisher:ignore",
        "pragma: allowlist secret",
        "nosec",
        "trufflehog:ignore",
    ):
        text = expand("token = 'ghp_{alnum:36}'") + f"  # {marker}"
        assert scanner.scan(text, frozenset({"credentials"})).hits, marker


def test_a_null_character_hides_nothing_behind_it(scanner):
    assert scanner.scan("\x00" + expand("ghp_{alnum:36}"), frozenset({"credentials"})).hits


def test_confidence_says_where_it_came_from(scanner):
    (hit,) = scanner.scan("my card: 4111111111111111", frozenset({"financial"})).hits
    assert hit.detection_confidence is DetectionConfidence.HIGH
    assert hit.contributions == ("pattern plain: low", "validator card: medium", "context `card`: high")


def test_a_table_names_its_columns_once_for_all_rows(scanner):
    rows = "name,mobile,birthday\nRoe,0699 4820195,4/12/1987\nDoe,0699 4820196,5/12/1988\n"
    found = [hit.detector for hit in scanner.scan(rows, frozenset({"pii"})).hits]
    assert found.count("date-of-birth") == 2
    assert sum(name.startswith("phone") for name in found) == 2


def test_more_candidates_than_the_budget_allows_is_said_and_what_was_found_counts(scanner, monkeypatch):
    monkeypatch.setattr(cascade, "_CANDIDATES_AT_LEAST", 50)
    monkeypatch.setattr(cascade, "_CANDIDATES_PER_CHARACTER", 0)
    result = scanner.scan("jane.roe@northwind.example " * 80, ALL)
    assert not result.complete
    assert len(result.hits) == 50


@pytest.mark.parametrize("text", ["jane.roe@northwind.example " * 50, "account number: " + "130692544 " * 50])
def test_more_sightings_than_are_followed_is_said(text, scanner, monkeypatch):
    """Also of patterns that are asked only because a context word stands somewhere."""
    monkeypatch.setattr(automaton, "_EVENTS_AT_LEAST", 50)
    monkeypatch.setattr(automaton, "_EVENTS_PER_CHARACTER", 0)
    assert not scanner.scan(text, ALL).complete


@pytest.mark.parametrize(
    "piece",
    [
        "0", "a.", "1-", "130692544 ", "password is ", "tel 0171 4820195 ", "4111 1111 1111 1111 ", "QUJD", "a\u200b",
        "jennifer nowak ", "Jennifer B. Nowak van der Berg jennifernowak@northwind.example ",
        "&amp;" + "".join(map(chr, range(0x3300, 0x3340))),
    ],
)  # fmt: skip
def test_four_times_the_text_is_no_more_than_about_four_times_the_work(scanner, piece):
    """Linear in the text, whatever it is made of; the factor leaves room for a busy machine."""

    def work(length: int) -> float:
        text = piece * (length // len(piece))
        return min(_seconds(lambda: scanner.scan(text, ALL)) for _ in range(2))

    assert work(24_000) < 12 * work(6_000) + 0.02


def _seconds(call) -> float:
    started = process_time()
    call()
    return process_time() - started


def test_an_ordinary_text_is_looked_at_completely(scanner):
    assert scanner.scan("Please summarise the meeting notes. " * 200, ALL).complete


def test_an_unknown_profile_is_an_error_of_the_caller(scanner):
    with pytest.raises(KeyError):
        scanner.scan("text", frozenset({"nothing"}))


def test_no_profiles_find_nothing(scanner):
    assert scanner.scan("card 4111 1111 1111 1111", frozenset()).hits == ()


def test_a_pattern_beside_words_is_found_wherever_the_word_stands(scanner):
    """The second look is made because of the word, not where it is."""
    filler = "nothing of interest here. " * 40
    assert [hit.detector for hit in scanner.scan(f"{filler}my account number is 4482019375 {filler}", ALL).hits] == [
        "bank-account-number"
    ]
    assert scanner.scan(f"{filler}4482019375 {filler}my account number is secret", ALL).hits == ()
