"""The action `limit`: whom it counts for, what it concerns, and when it ends the walk."""

from dataclasses import replace
from itertools import product

import pytest

from lockgate.facts.app import Operation
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.discovery import Discovery, Noticed
from lockgate.facts.finding import ExaminationState
from lockgate.facts.prompt import Attachment, Conversation, Part, PartKind, Role, chain
from lockgate.facts.sheet import Demand
from lockgate.facts.traffic import Client, Headers, Phase, Request
from lockgate.facts.usage import Limit, Measure
from lockgate.policy import Pending, Settled, Walk, evaluate
from lockgate.policy.amounts import counts_as, tokens_of

POLICY = """
version: 1
default: allow
rules:
  - {id: first, then: {limit: %s}}
  - {id: second, then: {tag: seen}}
"""


class Counted:
    """Counts by subject and measure; remembers what it was asked."""

    def __init__(self, **used):
        self.counts, self.asked = {}, []
        for name, amount in used.items():
            subject, _, measure = name.rpartition("__")
            self.counts[subject.replace("__", ":"), measure] = amount

    def used(self, key, seconds):
        self.asked.append((key.scope, key.subject, key.measure, seconds))
        return self.counts.get((key.subject, key.measure), 0)

    def free_after(self, key, _seconds, _most):
        return 100 * len(key.subject)

    def first_use(self, _subject, _app):
        return False


def decide(ruleset, limit, known, *, policy=POLICY):
    return evaluate(ruleset(policy % limit), Walk.REQUEST, known)


def decided(*arguments, **more):
    settled = decide(*arguments, **more)
    assert isinstance(settled, Settled)
    return settled.decision


def test_below_the_limit_the_walk_goes_on_and_what_counts_is_carried(ruleset, sheet):
    usage = Counted(user__alice__prompts=49)
    decision = decided(ruleset, "{prompts: 50, per: user, window: 1h}", sheet(usage=usage))
    assert (decision.verdict, decision.reason, decision.tags) == (Verdict.ALLOW, Reason.DEFAULT, ("seen",))
    ((rule, limit),) = decision.additions(Limit)
    assert (rule, limit.key(rule, "user:alice", Measure.PROMPTS)) == ("first", ("limit:first", "user:alice", "prompts", 60))
    assert decision.limit is None


def test_at_the_limit_it_ends_and_says_until_when(ruleset, sheet):
    usage = Counted(user__alice__prompts=50)
    decision = decided(ruleset, "{prompts: 50, per: user, window: 1h}", sheet(usage=usage))
    assert {scope for scope, *_ in usage.asked} == {"limit:first"}
    assert (decision.verdict, decision.reason, decision.rule) == (Verdict.BLOCK, Reason.LIMIT_REACHED, "first")
    assert (decision.limit.measure, decision.limit.most, decision.limit.retry_after) == (Measure.PROMPTS, 50, 1000)


def test_in_monitor_mode_it_tells_only_when_it_would_have_stopped(ruleset, sheet):
    policy = POLICY.replace("then: {limit: %s}", "then: {limit: %s}, mode: monitor")
    below, at = (
        decided(ruleset, "{prompts: 2, per: user, window: 1h}", sheet(usage=Counted(user__alice__prompts=n)), policy=policy)
        for n in (1, 2)
    )
    assert (below.verdict, below.monitored, len(below.watched), below.added) == (Verdict.ALLOW, (), 1, ())
    assert (at.verdict, at.monitored, at.watched) == (Verdict.ALLOW, ("first:limit",), ())


def test_in_a_policy_that_only_tells_it_counts_all_the_same(ruleset, sheet):
    policy = POLICY.replace("version: 1\n", "version: 1\nmode: monitor\n")
    decision = decided(ruleset, "{prompts: 2, per: user, window: 1h}", sheet(usage=Counted()), policy=policy)
    assert ([each.rule for each in decision.watched], decision.added) == (["first"], ())


def test_a_limit_is_only_told_where_it_is_what_stops(ruleset, sheet, examination):
    """A rule above that nobody could judge is the reason then."""
    policy = POLICY.replace("rules:\n", "rules:\n  - {id: keys, when: {dlp.profiles: credentials}, then: allow}\n")
    facts = sheet(usage=Counted(user__alice__prompts=9), examination=examination(state=ExaminationState.CRASHED))
    decision = decided(ruleset, "{prompts: 2, per: user, window: 1h}", facts, policy=policy)
    assert (decision.reason, decision.rule, decision.limit) == (Reason.UNINSPECTABLE, "keys", None)


def test_what_several_rules_in_monitor_mode_count_is_all_carried(ruleset, sheet):
    policy = """
version: 1
default: allow
rules:
  - {id: first, then: {limit: {prompts: 2, per: user, window: 1h}}, mode: monitor}
  - {id: second, then: {limit: {requests: 5, per: user, window: 1h}}, mode: monitor}
"""
    decision = decided(ruleset, (), sheet(usage=Counted()), policy=policy)
    assert [each.rule for each in decision.watched] == ["first", "second"]


STAFF = Client(address="2001:db8::1:2:3", user="alice", groups=("staff", "finance"))


@pytest.mark.parametrize(("limit", "client", "subjects"), [
    ("per: user", STAFF, {"user:alice"}),
    ("per: user", Client(address="10.0.0.7"), {"address:10.0.0.7"}),
    ("per: user", Client(address="::ffff:10.0.0.7"), {"address:10.0.0.7"}),
    ("per: address", STAFF, {"address:2001:db8::/64"}),
    ("per: group", STAFF, {"group:staff", "group:finance"}),
    ("per: group, groups: [finance, other]", STAFF, {"group:finance"}),
    ("per: group, groups: [other]", STAFF, set()),
    ("per: group", Client(address="10.0.0.7"), set()),
    ("per: everyone", STAFF, {"everyone"}),
])  # fmt: skip
def test_for_whom_it_counts(ruleset, sheet, limit, client, subjects):
    usage = Counted()
    decided(ruleset, f"{{requests: 5, {limit}, window: 10m}}", sheet(usage=usage, client=client))
    assert {subject for _, subject, _, _ in usage.asked} == subjects


def test_a_user_in_several_groups_waits_for_the_last_of_those_that_are_full(ruleset, sheet):
    usage = Counted(group__staff__requests=5, group__finance__requests=5)
    decision = decided(ruleset, "{requests: 5, per: group, window: 10m}", sheet(usage=usage))
    assert decision.limit.retry_after == 100 * len("group:finance")


AGENT_STEP = chain([
    (Role.USER, (Part(text="do it", path=()),), ()),
    (Role.ASSISTANT, (Part(text="call", path=(), kind=PartKind.TOOL_CALL),), ()),
    (Role.TOOL, (Part(text="result", path=(), kind=PartKind.TOOL_RESULT),), ()),
])  # fmt: skip
TYPED = chain([(Role.USER, (Part(text="hello there", path=()),), ())])
NO_HEADERS = Request(method="GET", scheme="https", host="chatgpt.com", port=443)


@pytest.mark.parametrize(("facts", "expected"), [
    ({}, {"prompts", "tokens", "bytes"}),
    ({"conversation": Conversation(turns=AGENT_STEP)}, {"tokens", "bytes"}),
    ({"conversation": Conversation(turns=TYPED, background=True)}, {"tokens", "bytes"}),
    ({"conversation": Conversation(turns=(), unread=("opaque",))}, {"prompts", "tokens", "bytes"}),
    ({"conversation": Conversation(turns=())}, {"bytes"}),
    ({"conversation": Conversation(turns=()), "request": NO_HEADERS}, set()),
    ({"conversation": Conversation(turns=chain([(Role.USER, (), (Attachment(name="a.png"),))]))},
     {"prompts", "tokens", "bytes"}),
    ({"operation": Operation.BROWSE}, {"bytes"}),
    ({"operation": Operation.EMBEDDING}, {"tokens", "bytes"}),
    ({"app": None}, {"bytes"}),
    ({"app": None, "noticed": Noticed(discovery=Discovery(signs=("x",), weight=100))}, {"prompts", "tokens", "bytes"}),
])  # fmt: skip
def test_what_it_concerns(sheet, app, facts, expected):
    facts = dict(facts)
    if "operation" in facts:
        facts["app"] = app(operation=facts.pop("operation"))
    known = sheet(Phase.REQUEST_BODY, **facts)
    assert {measure.value for measure in Measure if counts_as(measure, known)} - {"requests", "blocked"} == expected


def test_a_request_that_does_not_count_passes_a_full_limit(ruleset, sheet, app):
    usage = Counted(user__alice__prompts=50, user__alice__tokens=50)
    browse = sheet(usage=usage, app=app(operation=Operation.BROWSE))
    assert decided(ruleset, "{prompts: 50, tokens: 50, per: user, window: 1h}", browse).verdict is Verdict.ALLOW


@pytest.mark.parametrize("operation", [None, Operation.SEND_PROMPT])
def test_a_full_limit_waits_for_the_body_to_tell_whether_it_is_a_prompt_and_an_empty_one_for_nothing(
    ruleset, sheet, app, operation
):
    limit, facts = "{prompts: 50, per: user, window: 1h}", {"app": app(operation=operation)}
    waits = decide(ruleset, limit, sheet(Phase.REQUEST_HEADERS, usage=Counted(user__alice__prompts=50), **facts))
    assert isinstance(waits, Pending)
    assert waits.demand == Demand(phase=Phase.REQUEST_BODY)
    assert decided(ruleset, limit, sheet(Phase.REQUEST_HEADERS, usage=Counted(), **facts)).verdict is Verdict.ALLOW


@pytest.mark.parametrize("conversation", [Conversation(turns=TYPED), Conversation(turns=AGENT_STEP), Conversation(turns=())])
@pytest.mark.parametrize("how", list(product(["enforce", "monitor"], [0, 50], [Operation.SEND_PROMPT, Operation.BROWSE])))
def test_learning_more_never_turns_what_was_settled(ruleset, sheet, app, conversation, how):
    mode, used, operation = how
    policy = POLICY.replace("then: {limit: %s}", "then: {limit: %s}, mode: " + mode)
    rules = ruleset(policy % "{prompts: 50, tokens: 50, per: user, window: 1h}")
    usage = Counted(user__alice__prompts=used, user__alice__tokens=used)
    complete = sheet(Phase.REQUEST_BODY, usage=usage, conversation=conversation, app=app(operation=operation))
    early = replace(complete, phase=Phase.REQUEST_HEADERS, conversation=None, examination=None, noticed=None, mcp_known=False)
    unknown = replace(early, app=replace(early.app, operation=None))
    last = evaluate(rules, Walk.REQUEST, complete)
    for known in (unknown, early):
        outcome = evaluate(rules, Walk.REQUEST, known)
        if isinstance(outcome, Settled):
            assert outcome.decision.verdict is last.decision.verdict


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("abcde", 2), ("日本語", 3), ("a" * 4000, 1000)])
def test_tokens_are_estimated_from_what_is_new(text, tokens):
    turns = chain([
        (Role.USER, (Part(text="long ago " * 100, path=()),), ()),
        (Role.ASSISTANT, (), ()),
        (Role.USER, (Part(text=text, path=()),), ()),
    ])  # fmt: skip
    assert tokens_of(Conversation(turns=turns)) == tokens


def test_what_cannot_be_read_has_no_tokens_yet():
    assert tokens_of(None) is None
    assert tokens_of(Conversation(turns=(), unread=("opaque",))) is None


def test_bytes_concern_what_brings_a_body_along(sheet):
    post, get = Request(method="POST", scheme="https", host="a.example", port=443), NO_HEADERS
    with_length = replace(get, headers=Headers((("content-length", "5"),)))
    socket = replace(get, headers=Headers((("upgrade", "websocket"),)))
    found = [counts_as(Measure.BYTES, sheet(request=each)) for each in (post, get, with_length, socket)]
    assert found == [True, False, True, True]
