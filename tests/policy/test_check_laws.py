"""What the checker claims is true of every exchange: a rule that it calls unreachable never decides, an impossible one never
matches, and to leave either out changes nothing."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.facts.app import AccountKind, Operation, ReviewStatus
from lockgate.facts.client_software import ClientKind, ClientSoftware
from lockgate.facts.decision import Truth
from lockgate.facts.discovery import ENOUGH, Discovery, Noticed
from lockgate.facts.finding import DetectionConfidence, ExaminationState, TextKind
from lockgate.facts.mcp import McpCall
from lockgate.facts.problem import Document, UsageError
from lockgate.facts.traffic import Client, Headers, Phase, Request, Response
from lockgate.policy import Settled, Walk, compile_policy, compiler, do_not_inspect, evaluate
from lockgate.policy.vocabulary import AppFacts

law = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])

HOSTS = ["a.example", "x.a.example", "y.x.a.example", "b.example", "ab.example"]
PATHS = ["/", "/api", "/api/chat", "/api/chat/x", "/a"]
STATUSES = [str(status) for status in ReviewStatus]
OPERATIONS = ["send_prompt", "upload", "browse", "sign_in", "unrecognised"]
LEVELS = ["low", "medium", "high"]
TOOLS = ["read", "write"]
APPS = {
    "chatgpt": AppFacts(vendor="OpenAI", category="chat-assistant"),
    "claude": AppFacts(vendor="Anthropic", category="chat-assistant"),
}
PROFILES = ["credentials", "financial", "pii"]
NUMBERS = st.integers(min_value=0, max_value=4)


def some(words, most=3):
    return st.lists(st.sampled_from(words), min_size=1, max_size=most, unique=True)


def of(selector, operators):
    return st.one_of(*(st.builds(lambda v, o=o: {selector: {o: v}}, values) for o, values in operators.items()))


def numbers(selector):
    ranges = st.tuples(NUMBERS, NUMBERS).map(sorted)
    scalar = dict.fromkeys(["is", "above", "at_least", "at_most"], NUMBERS)
    return of(selector, {**scalar, "between": ranges, "in": st.lists(NUMBERS, min_size=1, max_size=3)})


def sets(selector, words):
    return of(selector, dict.fromkeys(["any", "all", "none"], some(words)))


PATTERNS = ["/*", "/api*", "*chat*", "/api", "/*/x", "*"]
TESTS = st.one_of(
    of("host", {"in": some(HOSTS), "is": st.sampled_from(HOSTS), "within": some([*HOSTS, "*.a.example", "example"])}),
    sets("host.category", ["as", "bs", "below-a"]),
    numbers("port"),
    of("source.address", {"within": some(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.168.0.0/16", "2001:db8::/32"])}),
    of("user", {"known": st.booleans(), "in": some(["alice", "bob"]), "starts_with": some(["a", "al", "b"])}),
    sets("user.groups", ["staff", "finance", "it"]),
    of("app.known", {"is": st.booleans()}),
    of("app.discovered", {"is": st.booleans()}),
    of("app.id", {"in": some(["chatgpt", "claude"]), "known": st.booleans()}),
    of("app.status", {"in": some(STATUSES, 4), "known": st.booleans()}),
    of("app.vendor", {"in": some(["OpenAI", "Anthropic"])}),
    of("app.category", {"in": some(["chat-assistant", "coding-assistant"])}),
    of("app.gen_ai_score", {"below": st.sampled_from([0.01, 0.03]), "at_least": st.just(0.02), "scored": st.booleans()}),
    of("app.tier_known", {"is": st.booleans()}),
    of("account.kind", {"in": some([str(kind) for kind in AccountKind]), "known": st.booleans()}),
    of("operation", {"in": some(OPERATIONS), "known": st.booleans()}),
    of("operation.carries_payload", {"is": st.booleans()}),
    of("client.kind", {"in": some([str(kind) for kind in ClientKind], 8)}),
    of("request.path", {"contains": some(["chat", "a"]), "matches": some(["^/api", "chat$"])}),
    of("request.path", {"starts_with": some(PATHS), "like": some(PATTERNS), "in": some(PATHS), "known": st.booleans()}),
    sets("mcp.tool", ["read", "write", "re*", "*"]),
    of("mcp.tool", {"outside": some(["read", "w*"]), "known": st.booleans()}),
    sets("dlp.profiles", PROFILES),
    numbers("dlp.count.pii"),
    of("dlp.detection_confidence.pii", {"at_least": st.sampled_from(LEVELS), "in": some(LEVELS)}),
    sets("dlp.found_in.pii", [str(kind) for kind in TextKind]),
    sets("dlp.found_in", [str(kind) for kind in TextKind]),
    numbers("attachment.count"),
    of("examination.state", {"in": some([str(state) for state in ExaminationState], 8)}),
)  # fmt: skip
LATE = numbers("response.status")
EARLY = of("host", {"within": some([*HOSTS, "*.a.example"]), "in": some(HOSTS)}) | sets(
    "host.category", ["as", "bs", "below-a"]
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)


CONTENT = st.one_of(
    sets("dlp.profiles", PROFILES),
    numbers("dlp.count.pii"),
    sets("dlp.found_in.pii", [str(kind) for kind in TextKind]),
    numbers("attachment.count"),
)
"""What an examination that was cut short leaves open."""
NUMBERS_OF_CONTENT = numbers("dlp.count.pii")
SORTS = {"anything": (CONDITIONS, TESTS), "content": (CONTENT, CONTENT), "numbers": (NUMBERS_OF_CONTENT, NUMBERS_OF_CONTENT)}


def narrowed(condition, other):
    """Something that implies `condition`, more often than chance would have it."""
    return {"all": [condition, other]}


@st.composite
def rule_lists(draw, sort="anything"):
    """Conditions that have to do with each other: the same, narrower, wider, split by the values of a subject."""
    conditions, tests = SORTS[sort]
    pool = draw(st.lists(conditions, min_size=1, max_size=4))
    written = []
    for number in range(draw(st.integers(min_value=2, max_value=6))):
        base = draw(st.sampled_from(pool))
        when = draw(
            st.sampled_from([base, narrowed(base, draw(tests)), {"any": [base, draw(tests)]}, {"not": base}, draw(tests)])
        )
        if draw(st.integers(0, 9)) == 0:
            when = {"all": [draw(LATE), when]}
            then = draw(st.sampled_from(["allow", "block"]))
        else:
            redirect = {"redirect": {"to": "https://assistant.test/"}}
            then = draw(st.sampled_from(["allow", "block", "block", redirect, {"tag": "x"}, [{"capture": "full"}, "allow"]]))
        mode = draw(st.sampled_from(["enforce", "enforce", "enforce", "monitor"]))
        written.append({"id": f"r{number}", "when": when, "then": then, "mode": mode})
    return written


def random_sheet(tools, pick):
    """Any state of knowledge about any exchange. `pick` is a random number generator: it is not worth shrinking."""
    phase, host = pick.choice(list(Phase)), pick.choice(HOSTS)
    client = Client(
        address=pick.choice(["10.1.2.3", "10.2.0.1", "192.168.1.1", "2001:db8::1", "?"]),
        user=pick.choice([None, "alice", "bob"]),
        groups=tuple(pick.sample(["staff", "finance", "it"], pick.randrange(4))),
    )
    name = pick.choice([*APPS, "another"])
    facts = APPS.get(name, APPS["claude"])
    app = tools["app"](
        id=name, vendor=facts.vendor, category=facts.category, status=pick.choice(list(ReviewStatus)),
        operation=Operation(pick.choice(OPERATIONS)), gen_ai=pick.choice([None, 0, 1, 2, 3]),
        account=pick.choice(list(AccountKind)), tier_known=False,
    )  # fmt: skip
    if pick.random() < 0.2:
        app = replace(app, operation=None)
    covered = set(pick.sample(PROFILES, pick.randrange(4)))
    found = [
        replace(
            tools["finding"](pick.choice(PROFILES), pick.choice(list(DetectionConfidence))),
            found_in=pick.choice(list(TextKind)),
        )
        for _ in range(pick.randrange(5))
    ]
    look = tools["examination"](
        *(each for each in found if set(each.profiles) & covered), state=pick.choice(list(ExaminationState)), profiles=covered
    )
    sheet = tools["sheet"](
        phase, client=client, host=host, port=pick.randrange(5), app=pick.choice([None, app, app]),
        request=Request(method="GET", scheme="https", host=host, port=443, path=pick.choice(PATHS)),
        software=ClientSoftware(kind=pick.choice(list(ClientKind)), product="", version="", via=""),
        examination=pick.choice([None, look]), response=Response(status=pick.randrange(5), headers=Headers(())),
        mcp=pick.choice([None, McpCall(server="s", methods=("call",), tools=tuple(pick.sample(TOOLS, pick.randrange(3))))]),
        noticed=Noticed(discovery=pick.choice([Discovery(), Discovery(signs=("x",), weight=ENOUGH)])),
    )  # fmt: skip
    if phase is Phase.CONNECT and pick.random() < 0.5:
        return replace(sheet, app_known=True, app=None)
    if sheet.conversation is not None:
        return replace(sheet, conversation=replace(sheet.conversation, unread=pick.choice([(), ("file",)])))
    return sheet


def random_sheets(data, tools, number=25):
    pick = random.Random(data.draw(st.integers(min_value=0, max_value=2**32)))
    return [random_sheet(tools, pick) for _ in range(number)]


@pytest.fixture(scope="session")
def vocabulary(vocabulary):
    return replace(vocabulary, app_facts=APPS)


@pytest.fixture(scope="session")
def tools(app, sheet, examination, finding):
    return {"app": app, "sheet": sheet, "examination": examination, "finding": finding}


def unchecked(policy, vocabulary):
    """The policy compiled as it is, whatever the checker says of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiler, "check_policy", lambda _report, _whole: None)
        return compile_policy(Document(file="policy.yaml", data=policy, places={}), vocabulary)


def claims(policy, vocabulary):
    """What the checker says of each rule: `{code: ids}`."""
    try:
        problems = compile_policy(Document(file="policy.yaml", data=policy, places={}), vocabulary).notes
    except UsageError as error:
        problems = error.problems
    said = {}
    for problem in problems:
        said.setdefault(problem.code, set()).update(re.findall(r"^`(r\d)`", problem.problem))
    return said


def seen(outcome):
    decision = outcome.decision if isinstance(outcome, Settled) else outcome.standing
    return isinstance(outcome, Settled), replace(decision, trace=(), policy_version="")


def policy_of(rules, data):
    lists = {"as": ["a.example"], "bs": ["b.example"], "below-a": ["*.a.example"]}
    return {
        "version": 1, "default": data.draw(st.sampled_from(["allow", "block"])), "lists": lists, "rules": rules,
        "on_uninspectable": data.draw(st.sampled_from(["allow", "block"])),
    }  # fmt: skip


@pytest.mark.parametrize("sort", SORTS)
@law
@given(data=st.data())
def test_a_rule_that_is_said_to_do_nothing_does_nothing(sort, data, tools, vocabulary):
    policy = policy_of(data.draw(rule_lists(sort)), data)
    said = claims(policy, vocabulary)
    unreachable, impossible = said.get("never-reached", set()), said.get("never-matches", set())
    if not unreachable | impossible:
        return
    ruleset = unchecked(policy, vocabulary)
    rest = [rule for rule in policy["rules"] if rule["id"] not in unreachable]
    without = unchecked({**policy, "rules": rest}, vocabulary)
    for facts in random_sheets(data, tools):
        for rule in ruleset.rules:
            assert rule.id not in impossible or rule.check(facts).truth is not Truth.YES, rule.id
        for walk in Walk:
            outcome = evaluate(ruleset, walk, facts)
            assert seen(outcome)[1] == seen(evaluate(without, walk, facts))[1]
            assert seen(outcome)[1].rule not in unreachable


@law
@given(data=st.data())
def test_a_rule_that_is_said_to_decide_only_unread_never_decides_by_matching(data, tools, vocabulary):
    policy = policy_of(data.draw(rule_lists()), data)
    said = claims(policy, vocabulary).get("reached-only-unread", set())
    if not said:
        return
    ruleset = unchecked(policy, vocabulary)
    for facts in random_sheets(data, tools):
        for walk in Walk:
            outcome = evaluate(ruleset, walk, facts)
            decision = seen(outcome)[1]
            assert decision.rule not in said or decision.reason == "uninspectable"


@law
@given(data=st.data())
def test_rules_that_are_said_to_be_left_alone_never_match_a_connection_that_is_not(data, tools, vocabulary):
    policy = policy_of(data.draw(rule_lists()), data)
    policy["do_not_inspect"] = [{"id": f"d{number}", "when": data.draw(EARLY)} for number in range(2)]
    said = claims(policy, vocabulary).get("never-inspected", set())
    if not said:
        return
    ruleset = unchecked(policy, vocabulary)
    for facts in random_sheets(data, tools):
        if do_not_inspect(ruleset, facts) is None:
            assert not any(rule.id in said and rule.check(facts).truth is Truth.YES for rule in ruleset.rules)
