"""A rule that notifies: the record asks for it, whatever becomes of the exchange."""

from lockgate.facts.notice import Notice
from lockgate.gate.effects import Forward, Note, Refuse
from lockgate.gate.events import Closed
from lockgate.testing.builders import head

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
POLICY = """
default: allow
rules:
  - {id: watched, when: {app.known: true}, then: {notify: {to: [security, chat], at_most_per_minute: 5}}}
  - {id: only-told, then: {notify: chat}, mode: monitor}
  - {id: no-claude, when: {app.id: claude}, then: [{notify: security}, block]}
"""


def notices_of(play, url, effect):
    with play(POLICY) as exchange:
        exchange >> head("GET", url) << effect
        exchange >> CLOSED << Note
        return exchange.last.record.notices


def test_the_record_asks_for_each_webhook_and_rule(play):
    watched = tuple(Notice(webhook=name, rule="watched", per_minute=5) for name in ("security", "chat"))
    assert notices_of(play, "https://chatgpt.com/", Forward) == watched
    assert notices_of(play, "https://claude.ai/", Refuse) == (
        *watched,
        Notice(webhook="security", rule="no-claude", per_minute=30),
    )


def test_who_matches_no_rule_is_told_of_to_nobody(play):
    assert notices_of(play, "http://other.example/", Forward) == ()
