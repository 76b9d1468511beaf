"""Every operator of every type says yes to what it means and no to everything else."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lockgate.facts.decision import Truth
from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.mcp import McpCall
from lockgate.facts.traffic import Client
from lockgate.policy import Walk, evaluate
from lockgate.policy.operators import OPERATORS, ValueType

# (type, operator): a condition on the selector that stands for the type, values that match, values that do not.
EXAMPLES = {
    (ValueType.TEXT, "is"): ("alice", ["alice"], ["Alice", "alice2", "", None]),
    (ValueType.TEXT, "in"): ("[alice, bob]", ["alice", "bob"], ["carol", None]),
    (ValueType.TEXT, "starts_with"): ("[svc-, bot-]", ["svc-", "bot-1"], ["my-svc-1", "", None]),
    (ValueType.TEXT, "contains"): ("['mini', 'a.b']", ["mini", "gpt-mini-2", "xa.by"], ["Mini", "min", "aXb", "", None]),
    (ValueType.TEXT, "like"): ("a*b*c", ["abc", "a-b-b-c"], ["ab", "xabc", "abcx", "acb", None]),
    (ValueType.TEXT, "matches"): (
        "['^gpt-[45]', '(?i)mini$']",
        ["gpt-4", "gpt-5-pro", "o4-MINI", "\U0001f600 mini"],
        ["my-gpt-4", "gpt-3", "minis", "", None],
    ),
    (ValueType.TEXT, "known"): ("false", [None], ["alice"]),
    (ValueType.WORD, "is"): ("writing", ["writing"], ["chat-assistant"]),
    (ValueType.WORD, "in"): ("[writing, coding-assistant]", ["writing", "coding-assistant"], ["chat-assistant"]),
    (ValueType.WORD, "known"): ("true", ["writing"], []),
    (ValueType.HOST, "is"): ("A.Example", ["a.example"], ["b.a.example", "xa.example"]),
    (ValueType.HOST, "in"): ("[a.example, b.example]", ["a.example", "b.example"], ["c.example"]),
    (ValueType.HOST, "within"): (
        "[a.example, '*.b.example']",
        ["a.example", "x.a.example", "x.b.example", "x.y.b.example"],
        ["b.example", "xa.example", "a.example.evil", "example"],
    ),
    (ValueType.HOST, "starts_with"): ("[Chat., ai.]", ["chat.example", "ai.b.example"], ["a.chat.example", "chatexample"]),
    (ValueType.HOST, "contains"): ("GPT", ["chatgpt.example", "gpt.example"], ["g.pt.example"]),
    (ValueType.HOST, "like"): ("'*.AI.*.example'", ["x.ai.b.c.example"], ["ai.b.example", "x.ai.b.example.com"]),
    (ValueType.HOST, "matches"): (
        "'^AI[0-9]+\\.'",
        ["ai1.example", "ai42.b.example"],
        ["ai.example", "xai1.example", "ai1xexample"],
    ),
    (ValueType.ADDRESS, "is"): ("10.0.0.7", ["10.0.0.7", "::ffff:10.0.0.7"], ["10.0.0.70", "not an address", "::1"]),
    (ValueType.ADDRESS, "in"): ("[10.0.0.7, '2001:db8::1']", ["10.0.0.7", "2001:DB8::1"], ["10.0.0.8"]),
    (ValueType.ADDRESS, "within"): (
        "[10.0.0.0/8, '2001:db8::/32']",
        ["10.255.0.1", "2001:db8:1::9"],
        ["11.0.0.1", "2001:db9::1"],
    ),
    (ValueType.NAMES, "any"): ("[staff, finance]", [("staff",), ("x", "finance")], [("x",), ()]),
    (ValueType.NAMES, "all"): ("[staff, finance]", [("finance", "staff", "x")], [("staff",), ()]),
    (ValueType.NAMES, "none"): ("[staff, finance]", [("x",), ()], [("staff",), ("x", "finance")]),
    (ValueType.WORDS, "any"): ("[get, 'put_*']", [{"get"}, {"x", "put_it"}, {"put_"}], [{"got"}, {"output_it"}, set(), None]),
    (ValueType.WORDS, "all"): ("[get, 'put_*']", [{"get", "put_a", "x"}], [{"get"}, {"put_a"}, set(), None]),
    (ValueType.WORDS, "none"): ("[get, 'put_*']", [{"x"}, set()], [{"get", "x"}, {"put_a"}, None]),
    (ValueType.WORDS, "outside"): ("[get, 'put_*']", [{"x"}, {"get", "x"}], [{"get"}, {"get", "put_a"}, set(), None]),
    (ValueType.WORDS, "known"): ("false", [None], [set(), {"get"}]),
    (ValueType.NUMBER, "is"): ("443", [443], [442, 444]),
    (ValueType.NUMBER, "in"): ("[80, 443]", [80, 443], [81, 442]),
    (ValueType.NUMBER, "below"): ("443", [442, 0], [443, 444]),
    (ValueType.NUMBER, "above"): ("443", [444, 65535], [443, 442]),
    (ValueType.NUMBER, "at_least"): ("443", [443, 444], [442]),
    (ValueType.NUMBER, "at_most"): ("443", [443, 0], [444]),
    (ValueType.NUMBER, "between"): ("[80, 443]", [80, 81, 443], [79, 444]),
    (ValueType.SCORE, "is"): ("2.5", [250], [249, 251, None]),
    (ValueType.SCORE, "in"): ("[2.5, 3]", [250, 300], [275, None]),
    (ValueType.SCORE, "below"): ("2.95", [294, 0], [295, 500, None]),
    (ValueType.SCORE, "above"): ("2.95", [296, 500], [295, None]),
    (ValueType.SCORE, "at_least"): ("3.0", [300, 500], [299, None]),
    (ValueType.SCORE, "at_most"): ("3.0", [300, 0], [301, None]),
    (ValueType.SCORE, "between"): ("[1.0, 2.0]", [100, 150, 200], [99, 201, None]),
    (ValueType.SCORE, "scored"): ("false", [None], [0, 250]),
    (ValueType.LEVEL, "is"): ("medium", ["medium"], ["low", "high", None]),
    (ValueType.LEVEL, "in"): ("[low, high]", ["low", "high"], ["medium", None]),
    (ValueType.LEVEL, "at_least"): ("medium", ["medium", "high"], ["low", None]),
    (ValueType.YES_NO, "is"): ("true", [True], [False]),
    (ValueType.TIME_OF_DAY, "between"): (
        "[9:00, '17:30']",
        ["2026-01-05T09:00", "2026-01-05T17:30:59"],
        ["2026-01-05T08:59:59", "2026-01-05T17:31", "2026-01-05T00:00"],
    ),
    (ValueType.TIME_OF_DAY, "at_least"): (
        "18:00",
        ["2026-01-05T18:00", "2026-01-05T23:59"],
        ["2026-01-05T17:59", "2026-01-06T00:00"],
    ),
    (ValueType.TIME_OF_DAY, "at_most"): ("08:00", ["2026-01-05T08:00", "2026-01-05T00:00"], ["2026-01-05T08:01"]),
    (ValueType.DATE, "is"): ("2026-01-15", ["2026-01-15T00:00", "2026-01-15T23:59"], ["2026-01-14T23:59", "2026-01-16T00:00"]),
    (ValueType.DATE, "in"): ("[2026-01-15, '2026-02-28']", ["2026-02-28T12:00"], ["2026-02-27T12:00"]),
    (ValueType.DATE, "between"): (
        "[2026-01-15, 2026-03-01]",
        ["2026-01-15T00:00", "2026-03-01T23:59"],
        ["2026-01-14T23:59", "2026-03-02T00:00"],
    ),
    (ValueType.DATE, "at_least"): ("2026-01-15", ["2026-01-15T00:00", "2027-01-01T00:00"], ["2026-01-14T23:59"]),
    (ValueType.DATE, "at_most"): ("2026-01-15", ["2026-01-15T23:59", "2025-01-16T00:00"], ["2026-01-16T00:00"]),
}

SELECTORS = {
    ValueType.TEXT: "user", ValueType.WORD: "app.category", ValueType.HOST: "host", ValueType.ADDRESS: "source.address",
    ValueType.NAMES: "user.groups", ValueType.WORDS: "mcp.tool", ValueType.NUMBER: "port", ValueType.SCORE: "app.gen_ai_score",
    ValueType.LEVEL: "dlp.detection_confidence.pii", ValueType.YES_NO: "app.tier_known",
    ValueType.TIME_OF_DAY: "time.of_day", ValueType.DATE: "time.date",
}  # fmt: skip


@pytest.fixture
def facts_with(app, sheet, examination, finding):
    """Facts in which the selector that stands for a type has this value."""

    def of_level(value):
        found = [finding("pii", DetectionConfidence[value.upper()])] if value else []
        return sheet(examination=examination(*found))

    def at(value):
        return replace(sheet(), at=datetime.fromisoformat(value).replace(tzinfo=UTC))

    build = {
        ValueType.TEXT: lambda value: sheet(client=Client(address="10.0.0.7", user=value)),
        ValueType.WORD: lambda value: sheet(app=app(category=value)),
        ValueType.HOST: lambda value: sheet(host=value),
        ValueType.ADDRESS: lambda value: sheet(client=Client(address=value)),
        ValueType.NAMES: lambda value: sheet(client=Client(address="10.0.0.7", groups=value)),
        ValueType.WORDS: lambda value: sheet(mcp=None if value is None else McpCall(server="a.example/", tools=tuple(value))),
        ValueType.NUMBER: lambda value: sheet(port=value),
        ValueType.SCORE: lambda value: sheet(app=app(gen_ai=value)),
        ValueType.LEVEL: of_level,
        ValueType.YES_NO: lambda value: sheet(app=app(tier_known=value)),
        ValueType.TIME_OF_DAY: at,
        ValueType.DATE: at,
    }
    return lambda kind, value: build[kind](value)


def truth_of(compiled, facts):
    return evaluate(compiled, Walk.REQUEST, facts).decision.trace[0].truth


def compiled_test(ruleset, condition):
    return ruleset(f"version: 1\ndefault: allow\nrules: [{{id: a, when: {{{condition}}}, then: block}}]")


def test_every_operator_of_every_type_has_an_example():
    assert set(EXAMPLES) == {(kind, name) for kind, operators in OPERATORS.items() for name in operators}


@pytest.mark.parametrize(("kind", "operator"), EXAMPLES, ids=str)
def test_an_operator_means_what_it_says(kind, operator, ruleset, facts_with):
    written, matching, others = EXAMPLES[kind, operator]
    compiled = compiled_test(ruleset, f"{SELECTORS[kind]}: {{{operator}: {written}}}")
    assert [truth_of(compiled, facts_with(kind, value)) for value in matching] == [Truth.YES] * len(matching)
    assert [truth_of(compiled, facts_with(kind, value)) for value in others] == [Truth.NO] * len(others)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("app.category: writing", "app.category: {is: writing}"),
        ("app.category: [writing]", "app.category: {in: [writing]}"),
        ("port: [80, 443]", "port: {in: [80, 443]}"),
        ("user.groups: staff", "user.groups: {any: [staff]}"),
        ("user.groups: [a, b]", "user.groups: {any: [b, a]}"),
        ("mcp.tool: [a, b]", "mcp.tool: {any: [b, a]}"),
        ("app.category: [writing, chat-assistant]", "app.category: {in: [chat-assistant, writing, writing]}"),
        ("app.gen_ai_score: {below: 3}", "app.gen_ai_score: {below: 3.0}"),
        ("all: [{port: 1}, {user: a}]", "user: a, port: 1"),
    ],
)
def test_a_shorthand_has_the_same_meaning_as_what_it_is_short_for(short, long, ruleset):
    assert compiled_test(ruleset, short).version == compiled_test(ruleset, long).version


def test_operators_side_by_side_hold_together(ruleset, facts_with):
    compiled = compiled_test(ruleset, "port: {above: 80, below: 443}")
    assert [truth_of(compiled, facts_with(ValueType.NUMBER, port)) for port in (80, 81, 443)] == [Truth.NO, Truth.YES, Truth.NO]


def test_any_below_a_selector_is_its_operator_and_beside_selectors_a_combination(ruleset, sheet):
    compiled = compiled_test(ruleset, "any: [{user.groups: {any: [nobody]}}, {port: 443}], user.groups: {any: [staff]}")
    client = Client(address="10.0.0.7", groups=("staff",))
    assert truth_of(compiled, sheet(client=client)) is Truth.YES
    assert truth_of(compiled, sheet(client=client, port=80)) is Truth.NO
    assert truth_of(compiled, sheet(client=replace(client, groups=("x",)))) is Truth.NO
