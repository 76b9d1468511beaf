"""What the head of a request says of the account and of the program behind it: asked by rules, kept by the record."""

from lockgate.facts.decision import Verdict
from lockgate.facts.traffic import Headers, Response
from lockgate.gate.effects import Forward, Note, PassResponse, Refuse
from lockgate.gate.events import Closed, ResponseHeadersSeen
from lockgate.testing.builders import head

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
MESSAGES = "https://api.anthropic.com/v1/messages"
AGENT = {"user_agent": "claude-cli/2.1.9 (external, claude-vscode)", "x_claude_code_session_id": "s-1"}
ALLOW_ALL = "default: allow\nrules: []\n"


def record_of(exchange):
    exchange >> CLOSED << Note
    return exchange.last.record


def test_the_record_names_the_program_and_the_kind_of_account(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> head("POST", MESSAGES, authorization="Bearer sk-ant-oat01-sample", **AGENT) << Forward(streamed=True)
        record = record_of(exchange)
    program = (record.client_kind, record.client_product, record.client_version, record.client_via)
    assert program == ("coding_agent", "claude-code", "2.1.9", "vscode")
    assert (record.account_kind, record.credential, record.conversation) == ("unknown", "subscription", "s-1")
    assert "sample" not in repr(record)


def test_a_rule_about_a_program_or_an_account_needs_no_body(play):
    policy = """
default: allow
rules:
  - id: no-subscriptions-of-agents
    when: {client.product: claude-code, account.credential: subscription, client.via: vscode}
    then: block
"""
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES, authorization="Bearer sk-ant-oat01-sample", **AGENT) << Refuse
        assert record_of(exchange).verdict is Verdict.BLOCK
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES, x_api_key="sk-ant-api03-sample", **AGENT) << Forward(streamed=True)


def test_a_program_that_says_nothing_of_itself_is_of_unknown_kind(play):
    policy = "default: allow\nrules: [{id: unknown, when: {client.kind: unknown}, then: block}]\n"
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES) << Refuse
        assert record_of(exchange).client_kind == "unknown"


def test_a_tenant_that_only_the_answer_shows_is_in_the_record_and_unknown_to_rules(play):
    policy = """
default: allow
rules: [{id: no-tenant, when: {tenant.id: {known: false}, response.status: 200}, then: block, mode: monitor}]
"""
    answer = Response(status=200, headers=Headers((("anthropic-organization-id", "org-7"),)))
    with play(policy) as exchange:
        exchange >> head("POST", MESSAGES) << Forward(streamed=True)
        exchange >> ResponseHeadersSeen(response=answer) << PassResponse
        record = record_of(exchange)
    assert (record.tenant, record.monitored) == ("org-7", ("no-tenant:block",))
