"""Messages of a WebSocket leave redacted, or not at all."""

import json

from looking import look
from on_socket import record_of, turn

from lockgate.facts.decision import Reason
from lockgate.gate.effects import Examine, PassMessage, RefuseMessage
from lockgate.testing.builders import said

CLEAN = "default: allow\nrules:\n  - {id: clean, then: {redact: [credentials]}}\n"
SECRET = "key-1234-abcd"


def sent(exchange, message):
    exchange >> said(message) << object
    while isinstance(exchange.last, Examine):
        exchange >> look(exchange.last) << object
    return exchange.last


def test_a_message_leaves_with_masks_and_is_recorded(on_socket):
    with on_socket(CLEAN).next() as exchange:
        effect = sent(exchange, turn(f"use {SECRET}"))
        record = record_of(exchange)
    assert isinstance(effect, PassMessage)
    assert json.loads(effect.content)["input"] == "use [key ****]"
    assert [each.count for each in record.redactions] == [1]


def test_an_unknown_notation_is_rewritten_where_it_is_text(on_socket):
    socket = on_socket(CLEAN, url="https://api.openai.com/v1/elsewhere")
    with socket.next() as exchange:
        effect = sent(exchange, f'42["chat",{{"text":"use {SECRET}"}}]')
        record_of(exchange)
    assert effect.content == b'42["chat",{"text":"use [key ****]"}]'


def test_a_value_typed_over_two_messages_stops_the_second(on_socket):
    """Its beginning has left: what is left of it cannot be replaced for the whole."""
    socket = on_socket(CLEAN, url="https://api.openai.com/v1/elsewhere")
    with socket.next() as exchange:
        assert isinstance(sent(exchange, '{"text":"key-1234"}'), PassMessage)
        record_of(exchange)
    with socket.next() as exchange:
        assert isinstance(sent(exchange, '{"text":"-abcd"}'), RefuseMessage)
        assert record_of(exchange).reason is Reason.CANNOT_REDACT


def test_what_left_is_what_the_next_message_goes_on_from(on_socket):
    socket = on_socket(CLEAN, url="https://api.openai.com/v1/elsewhere")
    for text in (f"use {SECRET}", "and go on"):
        with socket.next() as exchange:
            assert isinstance(sent(exchange, json.dumps({"text": text})), PassMessage)
            record_of(exchange)
