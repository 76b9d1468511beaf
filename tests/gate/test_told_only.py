"""What an exchange records of a policy that only tells, and of exceptions that spared somebody."""

from ended import CHAT, record_of

from lockgate.facts.decision import Reason, Verdict
from lockgate.gate.effects import Forward, Tunnel
from lockgate.testing.builders import connecting, head

WATCHING = """
mode: monitor
default: block
rules:
  - {id: tagged, when: {app.id: openai-api}, then: {tag: seen}}
  - {id: no-openai, when: {app.id: openai-api, user.groups: {none: [staff]}}, then: block}
"""


def test_a_policy_in_monitor_mode_lets_pass_what_it_would_stop_and_tells_what_acted(play):
    with play(WATCHING) as exchange:
        exchange >> head("GET", CHAT, has_body=False) << Forward
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.rule, record.tags) == (Verdict.ALLOW, Reason.MONITOR_MODE, "", ())
    assert record.monitored == ("tagged:tag", "no-openai:block")
    assert record.trace == ("tagged: yes (app.id is openai-api)", record.trace[1])


def test_a_tunnel_tells_too_what_the_default_would_have_done(play):
    with play(WATCHING) as exchange:
        exchange >> connecting("www.example.org") << Tunnel()
        record = record_of(exchange)
    assert (record.verdict, record.monitored) == (Verdict.TUNNEL, ("default:block",))


def test_a_websocket_whose_messages_are_judged_would_not_have_been_refused(play):
    policy = """
mode: monitor
default: block
on_uninspectable: block
rules: [{id: good-model, when: {prompt.model: gpt-5}, then: allow}]
"""
    with play(policy) as exchange:
        exchange >> head("GET", "https://api.openai.com/v1/responses", has_body=False, upgrade="websocket")
        exchange << Forward(streamed=False)
        record = record_of(exchange)
    assert (record.kind, record.reason, record.monitored) == ("websocket", Reason.MONITOR_MODE, ())


EXCEPTED = """
default: allow
rules:
  - {id: no-openai, when: {app.id: openai-api}, then: block}
  - {id: nobody, when: {host: nowhere.example}, then: block}
exceptions:
  - id: research
    rules: [no-openai]
    when: {source.address: {within: 0.0.0.0/0}}
    owner: Research
    reason: They build on it.
    expires: 9999-12-31
"""


def test_whom_an_exception_spared_is_in_the_record_with_the_rule(play):
    with play(EXCEPTED) as exchange:
        exchange >> head("GET", CHAT, has_body=False) << Forward
        record = record_of(exchange)
    assert (record.verdict, record.reason, record.exceptions) == (Verdict.ALLOW, Reason.DEFAULT, ("research:no-openai",))
    (step,) = record.trace
    assert step.startswith("no-openai: excepted (excepted by research: source.address is ")
