"""The law of the selector table after the exchange: what a selector reads off a fact sheet, it reads off the kept facts.

Random sheets are made from the types of the facts, so that a fact or a selector that is added is covered without a word here:
it is kept, or this fails.
"""

from collections import Counter
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import TypeAliasType, Union, get_args, get_origin, get_type_hints

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.facts import authorship
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, chain
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Headers, Phase
from lockgate.facts.usage import UsageSeen
from lockgate.gate.kept_facts import Kept, keep, kept_from
from lockgate.policy.case_usage import CaseUsage
from lockgate.policy.operators import ValueType
from lockgate.policy.reading import Unknowable, Waiting
from lockgate.policy.selector import Surroundings
from lockgate.policy.selectors import SELECTORS

law = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)  # fmt: skip
WORDS = st.sampled_from(["", " ", "a", "credentials", "card-number", "card-number_2", "US", "chatgpt", "curl", "x/y", "Größe"])
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "upgrade", "content-length", "accept", "user-agent", "host", "x-device"]),
        st.sampled_from(["application/JSON; charset=utf-8", "websocket", "12", "text/html", ""]),
    ),
    max_size=3,
).map(lambda pairs: Headers(tuple(pairs)))


def made(hint):
    """Values of a type as its annotation says."""
    if isinstance(hint, TypeAliasType):
        return made(hint.__value__)
    special = {
        str: WORDS, int: st.integers(0, 3000), float: st.floats(0, 1), bool: st.booleans(), bytes: st.binary(max_size=3),
        NoneType: st.none(), datetime: st.datetimes(timezones=st.just(UTC)), Headers: HEADERS,
        Conversation: st.deferred(lambda: CONVERSATIONS), UsageSeen: st.none(),  # counts are not kept: see below
    }  # fmt: skip
    if hint in special:
        return special[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of([made(each) for each in inner])
    if origin is tuple and inner[-1:] == (...,):
        return st.lists(made(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(made, inner))
    if origin is frozenset:
        return st.frozensets(made(inner[0]), max_size=3)
    if (origin is not None and issubclass(origin, dict)) or str(origin).endswith("Mapping'>"):
        return st.dictionaries(made(inner[0]), made(inner[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return st.builds(hint, **all_fields(hint))
    raise TypeError(f"say how to make a {hint}")


def all_fields(kind, *but):
    hints = get_type_hints(kind)
    return {each.name: made(hints[each.name]) for each in fields(kind) if each.init and each.name not in but}


PARTS = st.builds(Part, text=WORDS, path=st.just(()), kind=st.sampled_from(PartKind), name=WORDS)
FILES = st.builds(
    Attachment,
    name=st.sampled_from(["", "Plan.PDF", "table.csv"]),
    media_type=st.sampled_from(["", "image/png", "text/csv; a=b", "application/pdf"]),
    detected=st.sampled_from(["", "image/png", "application/zip"]),
    size=st.none() | st.integers(0, 9),
    content=st.none() | st.just(b"x"),
    path=st.just(()),
)
TURNS = st.tuples(
    st.sampled_from(Role), st.lists(PARTS, max_size=3).map(tuple), st.lists(FILES, max_size=2).map(tuple)
)  # fmt: skip
CONVERSATIONS = st.builds(
    Conversation,
    turns=st.lists(TURNS, max_size=6).map(chain),
    is_outline=st.sampled_from([False]),
    unread=st.sampled_from([(), ("bytes of a file",), ("truncated",), ("a query that cannot be read",)]),
    **all_fields(Conversation, "turns", "is_outline", "unread"),
)
SHEETS = st.builds(FactSheet, **all_fields(FactSheet)).map(
    # A path that was left out is what keeping does, not what an exchange has.
    lambda sheet: replace(sheet, request=replace(sheet.request, path_known=True)) if sheet.request else sheet
)
SURROUNDINGS = st.frozensets(st.sampled_from(["credentials", "pii"]), min_size=1)


def readings(vocabulary, examined, *, content):
    """Every reading function there is, under the selector's name."""
    surroundings = Surroundings(vocabulary=vocabulary, examined=examined)
    for row in SELECTORS:
        if row.is_content is not content:
            continue
        members = sorted(row.family.members(vocabulary)) if row.family else [""]
        for member in members:
            if row.type is not ValueType.NAMES:
                yield row.prefix + member, row.read(surroundings, member)
                continue
            for name in sorted(row.known(surroundings)) if row.known else ["a", "staff"]:
                if row.read_member is not None:
                    yield f"{row.prefix}{member} {name}", row.read_member(surroundings, member, name)
                else:
                    yield f"{row.name} {name}", row.read(surroundings, name)


def seen(reading):
    """A reading as something that can be compared."""
    match reading:
        case Waiting(demands=demands):
            return ("waiting", demands)
        case Unknowable(why=why):
            return ("unknowable", why)
        case _:
            return reading


def after(sheet, **how):
    kept = kept_from(keep(Kept(sheet=sheet), **how))
    assert kept is not None
    return kept.sheet


@law
@given(sheet=SHEETS, examined=SURROUNDINGS)
def test_what_a_selector_reads_is_kept(sheet, examined, vocabulary):
    kept = after(sheet)
    for name, read in readings(vocabulary, examined, content=False):
        assert seen(read(kept)) == seen(read(sheet)), name


@law
@given(sheet=SHEETS, examined=SURROUNDINGS)
def test_content_is_not_kept_and_reads_as_not_known_never_as_absent(sheet, examined, vocabulary):
    kept = after(sheet)
    for name, read in readings(vocabulary, examined, content=True):
        then, now = read(sheet), read(kept)
        if isinstance(then, frozenset | str) or hasattr(then, "names"):
            assert isinstance(now, Waiting), name
        else:
            assert isinstance(now, Waiting) or seen(now) == seen(then), name


@law
@given(sheet=SHEETS.filter(lambda sheet: sheet.request is not None), other=WORDS, examined=SURROUNDINGS)
def test_whatever_depends_on_a_path_that_was_left_out_is_not_known(sheet, other, examined, vocabulary):
    sheet = replace(sheet, request=replace(sheet.request, path="/said/secret"))
    changed = replace(sheet, request=replace(sheet.request, path="/other/" + other))
    kept = after(sheet, shown_path="/said/[said]")
    for name, read in readings(vocabulary, examined, content=False):
        if seen(read(sheet)) != seen(read(changed)):
            assert isinstance(read(kept), Waiting), name
        else:
            assert isinstance(read(kept), Waiting) or seen(read(kept)) == seen(read(sheet)), name


def test_counts_of_use_are_not_kept_and_read_as_not_known(sheet, vocabulary):
    facts = sheet(usage=CaseUsage(meets=True, history={(False, "prompts", 3600): 5}))
    kept = after(facts)
    of_history = [each for each in readings(vocabulary, frozenset(), content=False) if each[0].startswith("history.")]
    assert len(of_history) > 5
    for name, read in of_history:
        assert not isinstance(read(facts), Waiting), name
        assert isinstance(read(kept), Waiting), name


def test_no_words_names_queries_or_headers_are_kept(sheet):
    facts = sheet(Phase.RESPONSE_HEADERS)
    said = Part(text="SECRETWORDS", path=())
    file = Attachment(name="SECRETNAME.pdf", media_type="application/pdf", content=b"SECRETBYTES", reference="SECRETREF")
    headers = (("content-type", "multipart/form-data; boundary=SECRETBOUNDARY"), ("cookie", "SECRETCOOKIE"))
    request = replace(facts.request, query="q=SECRETQUERY", headers=Headers(headers))
    conversation = replace(facts.conversation, turns=chain([(Role.USER, (said,), (file,))]))
    kept = after(replace(facts, request=request, conversation=conversation))
    (turn,) = kept.conversation.turns
    assert "SECRET" not in f"{kept!r}{kept.request.headers.pairs!r}{turn.parts[0].text!r}"


@law
@given(conversation=CONVERSATIONS)
def test_who_wrote_how_much_of_what_is_kept(conversation, sheet):
    kept = after(sheet(Phase.REQUEST_BODY, conversation=conversation)).conversation
    for of in (authorship.kinds, authorship.authors, lambda said: said.tools):
        assert of(kept) == of(conversation)
    assert +Counter(authorship.characters(kept)) == +Counter(authorship.characters(conversation))


def test_facts_of_another_version_are_not_read_and_damaged_ones_neither(sheet):
    raw = keep(Kept(sheet=sheet()))
    assert kept_from(raw) is not None
    assert kept_from(b"none" + raw[4:]) is None
    assert kept_from(raw[:-3]) is None
    assert kept_from(b"") is None


def test_a_path_in_no_encoding_is_not_known_and_other_broken_text_costs_the_facts(sheet):
    facts = sheet()
    kept = after(replace(facts, request=replace(facts.request, path="/\udcff")))
    assert (kept.request.path, kept.request.path_known) == ("/\\udcff", False)
    assert keep(Kept(sheet=replace(facts, host="\udcff"))) == b""
    assert kept_from(b"") is None


def test_equal_values_stay_equal_and_their_marks_are_not_kept(sheet, examination, finding):
    marks = (b"SECRET-1", b"SECRET-2", b"SECRET-1", b"")
    found = [finding("pii", mark=mark) for mark in marks]
    kept = after(sheet(examination=examination(*found))).examination.findings
    assert sorted(Counter(each.value_mark for each in kept).values()) == [1, 1, 2]
    assert not any(b"SECRET" in each.value_mark for each in kept)
