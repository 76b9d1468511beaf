"""What exchanges count, with real counters: once each, only what went on, and never more than a limit has places."""

import json

import pytest

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.traffic import Response
from lockgate.facts.usage import CounterKey
from lockgate.gate.effects import Forward, Hold, PassMessage, Refuse, RefuseMessage
from lockgate.gate.events import Closed, NoPlaceLeft, ResponseHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.gate.judging import UnexpectedEventError
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.runtime.usage_ledger import FrozenUsage, UsageLedger
from lockgate.testing.builders import body, chat, client, head, request, said

AT = 1_800_000_000.0
URL = "https://api.openai.com/v1/chat/completions"
LIMIT = "default: allow\nrules:\n  - {id: few, when: {app.known: true}, then: {limit: {%s, per: user, window: 1h}}}\n"


class Shell:
    """As the proxy does it: count what may go on before it goes, and what is known at the end."""

    def __init__(self, context):
        self.context, self.ledger = context, UsageLedger()

    def exchange(self):
        return Exchange("exchange-1", self.context, usage=FrozenUsage(self.ledger, AT))

    def admit(self, exchange, effects):
        """What becomes of the effects."""
        (effect,) = effects
        if isinstance(effect, Forward | PassMessage):
            use = exchange.use()
            if full := self.ledger.take(use.counts, AT):
                return exchange.handle(NoPlaceLeft(usage=exchange.sheet.usage.anew(full, AT)))[0]
            if use.meets:
                self.ledger.meet(*use.meets, AT)
        return effect

    def send(self, content=None, *, sent=0, who=None, method="POST", url=URL, **headers):
        """One exchange from beginning to end; what was said of it."""
        exchange = self.exchange()
        who = who or client("alice", "staff")
        effects = exchange.handle(head(method, url, has_body=content is not None, who=who, **headers))
        if isinstance(effects[0], Hold):
            effects = exchange.handle(body(content))
        effect = self.admit(exchange, effects)
        (note,) = exchange.handle(Closed(duration_ms=1.0, request_bytes=sent))
        self.ledger.add(note.counts, AT)
        return effect, note.record

    def counts(self):
        return {(key.scope, key.subject, key.measure): self.ledger.used(key, 3600, AT) for key in self.ledger.counters()}


@pytest.fixture
def shell(context_of):
    return lambda policy, **how: Shell(context_of(policy, **how))


def test_a_prompt_counts_once_and_the_one_beyond_the_limit_is_refused_and_does_not_count(shell):
    here = shell(LIMIT % "prompts: 2, requests: 100")
    outcomes = [here.send(chat(f"hello {number}")) for number in range(4)]
    assert [type(effect) for effect, _ in outcomes] == [Forward, Forward, Refuse, Refuse]
    assert [record.reason for _, record in outcomes[2:]] == [Reason.LIMIT_REACHED] * 2
    assert here.counts() == {("limit:few", "user:alice", "prompts"): 2, ("limit:few", "user:alice", "requests"): 2}
    assert isinstance(here.send(chat("hello"), who=client("bob"))[0], Forward)


def test_many_at_the_edge_at_once_do_not_all_pass(shell):
    here = shell(LIMIT % "prompts: 3")
    waiting = []
    for number in range(10):  # all are decided while nothing is counted yet
        exchange = here.exchange()
        exchange.handle(head("POST", URL, who=client("alice")))
        waiting.append((exchange, exchange.handle(body(chat(f"hello {number}")))))
    assert [type(effects[0]) for _, effects in waiting] == [Forward] * 10
    ends = [here.admit(exchange, effects) for exchange, effects in waiting]
    assert [type(end) for end in ends] == [Forward] * 3 + [Refuse] * 7
    assert {end.decision.reason for end in ends[3:]} == {Reason.LIMIT_REACHED}
    assert {(end.decision.rule, end.decision.limit.most) for end in ends[3:]} == {("few", 3)}
    assert here.counts() == {("limit:few", "user:alice", "prompts"): 3}


def test_what_does_not_go_on_cannot_lose_its_place(shell):
    exchange = shell("default: block\n").exchange()
    exchange.handle(head("POST", URL, who=client("alice")))
    with pytest.raises(UnexpectedEventError):
        exchange.handle(NoPlaceLeft(usage=exchange.sheet.usage))


def test_bytes_count_when_they_are_announced_and_the_rest_when_they_were_sent(shell):
    here = shell(LIMIT % "bytes: 1000")
    assert isinstance(here.send(b"x" * 400, sent=400, url="https://chatgpt.com/unknown", content_length="300")[0], Forward)
    assert here.counts() == {("limit:few", "user:alice", "bytes"): 400}
    here.send(b"x" * 700, sent=700, url="https://chatgpt.com/unknown", content_length="700")
    assert isinstance(here.send(b"x", url="https://chatgpt.com/unknown", content_length="1")[0], Refuse)
    assert isinstance(here.send(method="GET", url="https://chatgpt.com/unknown")[0], Forward)


def test_tokens_are_of_what_is_new(shell):
    here = shell(LIMIT % "tokens: 100")
    here.send(chat("a" * 40, "b" * 4000, "c" * 4000))
    assert 10 <= here.counts()["limit:few", "user:alice", "tokens"] < 1100


def test_what_another_rule_stops_counts_for_no_limit_and_for_history_as_blocked(shell):
    policy = """default: allow
rules:
  - {id: few, then: {limit: {requests: 5, per: user, window: 1h}}}
  - {id: h, when: {history.blocked.1h: {above: 90}, history.requests.1h: {above: 90}}, then: {tag: x}}
  - {id: no, when: {request.method: DELETE}, then: block}
"""
    here = shell(policy)
    here.send(method="DELETE")
    here.send(method="GET")
    assert here.counts() == {
        ("app:openai-api", "user:alice", "blocked"): 1, ("app:openai-api", "user:alice", "requests"): 1,
        ("limit:few", "user:alice", "requests"): 1,
    }  # fmt: skip


def test_a_limit_in_monitor_mode_counts_as_if_it_enforced(shell):
    here = shell((LIMIT % "prompts: 2").replace("then:", "mode: monitor, then:"))
    outcomes = [here.send(chat(f"hello {number}")) for number in range(4)]
    assert [type(effect) for effect, _ in outcomes] == [Forward] * 4
    assert [record.monitored for _, record in outcomes] == [(), (), ("few:limit",), ("few:limit",)]
    assert here.counts() == {("limit:few", "user:alice", "prompts"): 2}


def test_nothing_is_counted_that_no_rule_asks_about(shell):
    here = shell("default: allow\n")
    here.send(chat("hello"), sent=100)
    assert here.counts() == {}


def test_prompts_are_read_for_a_limit_and_other_requests_are_not_held_for_it(shell):
    here = shell(LIMIT % "prompts: 2")
    held = here.exchange().handle(head("POST", URL, who=client("alice")))
    free = here.exchange().handle(head("POST", "https://api.openai.com/v1/embeddings", who=client("alice")))
    assert (type(held[0]), type(free[0])) == (Hold, Forward)


def test_an_app_is_met_by_what_takes_content_along_and_goes_on(shell):
    here = shell("default: allow\nrules:\n  - {id: a, when: {history.first_use: true}, then: {tag: first}}\n")
    assert here.send(method="GET", url="https://api.openai.com/v1/models")[1].tags == ("first",)
    assert not here.ledger.met_before("user:alice", "openai-api", AT + 601)
    assert here.send(chat("hello"))[1].tags == ("first",)
    assert here.ledger.met_before("user:alice", "openai-api", AT + 601)


def test_messages_of_a_websocket_count_one_by_one(shell):
    here = shell(LIMIT % "prompts: 2")
    socket = Socket(client("alice"), request("GET", "https://api.openai.com/v1/responses", upgrade="websocket"))
    ends = []
    for number in range(4):
        message = MessageExchange("m", here.context, socket, usage=FrozenUsage(here.ledger, AT))
        create = {"type": "response.create", "model": "gpt-5", "input": [{"role": "user", "content": f"hello {number}"}]}
        ends.append(here.admit(message, message.handle(said(json.dumps(create)))))
        message.handle(Closed(duration_ms=1.0))
    assert [type(end) for end in ends] == [PassMessage, PassMessage, RefuseMessage, RefuseMessage]
    assert here.counts() == {("limit:few", "user:alice", "prompts"): 2}


def test_the_bytes_of_a_websocket_are_those_of_its_messages(shell):
    here = shell(LIMIT % "bytes: 100000")
    exchange = here.exchange()
    upgrade = head("GET", "https://api.openai.com/v1/responses", has_body=False, who=client("alice"), upgrade="websocket")
    assert isinstance(here.admit(exchange, exchange.handle(upgrade)), Forward)
    exchange.handle(ResponseHeadersSeen(response=Response(status=101)))
    (note,) = exchange.handle(Closed(duration_ms=1.0, request_bytes=5000))
    assert note.counts == ()


def test_a_limit_on_a_group_counts_for_each_of_a_users_groups(shell):
    policy = "default: allow\nrules:\n  - {id: few, then: {limit: {requests: 2, per: group, window: 1d}}}\n"
    here = shell(policy)
    here.send(method="GET", who=client("alice", "staff", "finance"))
    here.send(method="GET", who=client("bob", "staff"))
    effect, record = here.send(method="GET", who=client("alice", "staff", "finance"))
    assert (type(effect), record.verdict) == (Refuse, Verdict.BLOCK)
    assert here.ledger.used(CounterKey("limit:few", "group:finance", "requests", 900), 86_400, AT) == 1
