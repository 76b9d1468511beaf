"""What messages of WebSockets show of apps: every one of the library that speaks there, and those nobody described."""

import json

import pytest
from on_socket import ALLOW_ALL, CLOSED, NO_SECRETS, OnSocket

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.apps.sample_exchange import sample_message, sample_request
from lockgate.apps.schema import AppFile
from lockgate.facts.traffic import SocketMessage
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Examine, Note, PassMessage, RefuseMessage
from lockgate.gate.events import MessageSeen
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.home.home import built_in_data
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml
from lockgate.testing.builders import NOON, client, examined, said
from lockgate.testing.playbook import Playbook


def spoken_samples():
    for file in sorted((built_in_data() / "apps").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if "wss://" not in text:
            continue
        for number, sample in enumerate(read_as(parse_yaml(text, str(file)), AppFile).samples):
            if sample.prompt and sample.request.startswith("GET wss://"):
                yield pytest.param(sample, id=f"{file.stem}-{number}")


@pytest.mark.parametrize("sample", tuple(spoken_samples()))
def test_what_is_said_in_any_app_is_examined_and_its_refusal_is_told(context_of, sample):
    socket = Socket(client(), sample_request(sample))
    message = Playbook(MessageExchange("message-1", context_of(NO_SECRETS), socket))
    event = MessageSeen(at=NOON, message=sample_message(sample))
    with message:
        message >> event << Examine
        assert message.last.conversation.prompt.typed_text == sample.prompt
        message >> examined("credentials", found=("credentials",)) << RefuseMessage
        refuse = message.last
    told = refuse.format.refuse_message(Refusal(message="No.", code="rule", reference="r"), socket.request, refuse.message)
    assert told.replies or told.close
    assert refuse.format is not GENERIC_SOCKET


def test_what_is_written_beside_sound_is_examined_every_time(on_socket):
    """That a piece of sound was let pass unread says nothing of the words that come along with the next one."""
    policy = NO_SECRETS.replace("on_uninspectable: block", "on_uninspectable: allow")
    socket = on_socket(policy, "https://api.openai.com/v1/realtime?model=gpt-realtime")
    sound = {"type": "input_audio_buffer.append", "audio": "/+MYxAAAAANIAAAAAExBTUUzLjk4LjIAAAAAAAAAAAAAAAAAAAAA"}
    with socket.next() as message:
        message >> said(json.dumps(sound)) << Examine
        message >> examined("credentials") << PassMessage
    with socket.next() as message:
        message >> said(json.dumps(sound)) << PassMessage(recorded=False)
    with socket.next() as message:
        message >> said(json.dumps({**sound, "event_id": "not an id but a secret"})) << Examine
        message >> examined("credentials", found=("credentials",)) << RefuseMessage


UNKNOWN_SOCKET = "wss://socket.example.net/ws"
TALK = [{"role": "user", "content": "private words"}, {"role": "assistant", "content": "more of them"}]
CHAT_MESSAGE = json.dumps({"model": "acme-1", "messages": [{"role": "user", "content": "private words"}]})


def on_unknown(context_of, policy=ALLOW_ALL):
    return OnSocket(context_of(policy, decrypt=DecryptScope.ALL), UNKNOWN_SOCKET)


def test_a_chat_over_a_socket_nobody_described_is_noticed(context_of):
    socket = on_unknown(context_of)
    for content, found in (
        (CHAT_MESSAGE, True),
        (f"42{json.dumps(['send', {'talk': TALK}])}", True),
        ('{"op": 1}', False),
    ):
        with socket.next() as playing:
            playing >> said(content) << PassMessage(recorded=found)
            if found:
                playing >> CLOSED << Note
                assert playing.last.record.discovered
                assert "private" not in repr(playing.last.record)


def test_a_message_that_is_too_long_or_binary_is_not_weighed(context_of):
    socket = on_unknown(context_of)
    long = json.dumps({"talk": TALK, "more": "x" * 70_000})
    for message in (SocketMessage(content=long.encode()), SocketMessage(content=CHAT_MESSAGE.encode(), is_text=False)):
        with socket.next() as playing:
            playing >> MessageSeen(at=NOON, message=message) << PassMessage(recorded=False)


def test_only_the_first_messages_of_a_socket_are_looked_at_to_notice_an_app(context_of):
    socket = on_unknown(context_of)
    for _ in range(20):
        with socket.next() as playing:
            playing >> said('{"op": "move"}') << PassMessage(recorded=False)
    with socket.next() as playing:
        playing >> said(CHAT_MESSAGE) << PassMessage(recorded=False)


def test_a_rule_on_discovered_apps_stops_a_message_and_lets_others_pass(context_of):
    socket = on_unknown(context_of, "default: allow\nrules:\n  - {id: shadow, when: {app.discovered: true}, then: block}\n")
    with socket.next() as playing:
        playing >> said(CHAT_MESSAGE) << RefuseMessage
    for _ in range(30):
        with socket.next() as playing:
            playing >> said('{"op": "move", "to": "a corner of the map"}') << PassMessage
    with socket.next() as playing:
        playing >> said(CHAT_MESSAGE) << RefuseMessage
