"""Headers that rules change: told to the shell with the word to forward, and by name alone in the record."""

from lockgate.gate.effects import Forward, Note, Refuse
from lockgate.gate.events import Closed
from lockgate.testing.builders import client, head

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
POLICY = """
default: allow
rules:
  - {id: no-claude, when: {app.id: claude}, then: block}
  - id: ours
    when: {app.known: true}
    then:
      - tenant_control: {openai: [w-000000001]}
      - set_headers: {X-Who: "${user}"}
"""
UPGRADE = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_key": "x"}


def test_a_request_leaves_with_what_rules_set(play):
    with play(POLICY) as exchange:
        exchange >> head("GET", "https://chatgpt.com/", who=client("ada")) << Forward
        assert exchange.last.headers.added == (("ChatGPT-Allowed-Workspace-Id", "w-000000001"), ("X-Who", "ada"))
        exchange >> CLOSED << Note
        record = exchange.last.record
    assert record.headers == ("set:chatgpt-allowed-workspace-id", "set:x-who")
    assert "w-000000001" not in repr(record)


def test_so_does_the_request_that_opens_a_websocket(play):
    with play(POLICY) as exchange:
        exchange >> head("GET", "https://chatgpt.com/ws", **UPGRADE) << Forward
        assert exchange.last.headers.added == (("ChatGPT-Allowed-Workspace-Id", "w-000000001"),)
        assert exchange.last.headers.left_out == ("x-who",)


def test_what_is_refused_or_not_meant_changes_nothing(play):
    with play(POLICY) as exchange:
        exchange >> head("GET", "https://claude.ai/") << Refuse
        exchange >> CLOSED << Note
        assert exchange.last.record.headers == ()
    with play(POLICY, decrypt="all") as exchange:
        exchange >> head("GET", "https://other.example/") << Forward(streamed=True)
