"""Chats over WebSockets through the real proxy: read, answered, and refused in the words of each app."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, GUARDED, MESSAGE, SECRET
from harness.upstream import Since
from upstream.answering import answer_to
from websockets.sync.client import ClientConnection, connect

CONVERSATION = "0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b"
TENANT = "66666666-7777-8888-9999-000000000000"
END = "\x1e"
HUB = f"wss://substrate.office.com/m365Copilot/Chathub/11111111-2222-3333-4444-555555555555@{TENANT}"


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


def copilot(prompt: str) -> str:
    return json.dumps(
        {"event": "send", "conversationId": CONVERSATION, "content": [{"type": "text", "text": prompt}], "mode": "smart"}
    )


def copilot_text(socket: ClientConnection) -> str:
    text = ""
    while (event := json.loads(socket.recv(timeout=20)))["event"] != "done":
        text += event.get("text", "")
    return text


def m365(prompt: str) -> str:
    chat = {"type": 4, "target": "chat", "invocationId": "0", "arguments": [{"tone": "magic", "message": {"text": prompt}}]}
    return json.dumps(chat) + END + json.dumps({"type": 1, "target": "Metrics", "arguments": [{}]}) + END


def m365_text(socket: ClientConnection) -> str:
    text = ""
    while True:
        for record in map(json.loads, filter(None, str(socket.recv(timeout=20)).split(END))):
            for said in record.get("arguments", []):
                text += said.get("writeAtCursor", "") + "".join(message["text"] for message in said.get("messages", []))
            if record.get("type") == 3:
                return text


def character(prompt: str) -> str:
    turn = {"turn_key": {"chat_id": CONVERSATION}, "author": {"is_human": True}, "candidates": [{"raw_content": prompt}]}
    return json.dumps(
        {"command": "create_and_generate_turn", "request_id": "r-1", "payload": {"character_id": "pilot", "turn": turn}}
    )


def character_text(socket: ClientConnection) -> str:
    while True:
        said = json.loads(socket.recv(timeout=20))
        if said["command"] == "neo_error":
            assert said["request_id"] == "r-1"
            return said["comment"]
        if said["command"] == "update_turn" and said["turn"]["candidates"][0]["is_final"]:
            return said["turn"]["candidates"][0]["raw_content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """An app, what its client says, and how it hears the answer."""

    app: str
    format: str
    url: str
    model: str
    say: Callable[[str], str]
    hear: Callable[[ClientConnection], str]
    first: tuple[str, ...] = ()
    known: tuple[tuple[str, Any], ...] = ()


CHATS = (
    Chat(app="ms-copilot", format="ms-copilot/prompt", url="wss://copilot.microsoft.com/c/api/chat?api-version=2",
         model="smart", say=copilot, hear=copilot_text),
    Chat(app="m365-copilot", format="m365-copilot", url=f"{HUB}?ConversationId={CONVERSATION}&licenseType=Premium",
         model="magic", say=m365, hear=m365_text, first=(json.dumps({"protocol": "json", "version": 1}) + END,),
         known=(("tenant", TENANT), ("tier", "enterprise"))),
    Chat(app="character-ai", format="character-ai/prompt", url="wss://neo.character.ai/ws/", model="pilot",
         say=character, hear=character_text),
)  # fmt: skip
every_chat = pytest.mark.parametrize("chat", CHATS, ids=lambda chat: chat.app)


@contextmanager
def opened(gateway: Gateway, chat: Chat) -> Iterator[ClientConnection]:
    with connect(chat.url, proxy=gateway.device.proxy, ssl=gateway.device.tls_of_sockets) as socket:
        for said in chat.first:
            socket.send(said)
            assert socket.recv(timeout=20)
        yield socket


@every_chat
def test_a_prompt_is_read_and_answered(gateway: Gateway, reached: Since, chat: Chat) -> None:
    watch = gateway.watch()
    with opened(gateway, chat) as socket:
        socket.send(chat.say("name a river"))
        assert chat.hear(socket) == answer_to("name a river")
    record = watch.record(kind="message")
    assert (record["verdict"], record["app"], record["format"]) == ("allow", chat.app, chat.format)
    assert (record["model"], record["conversation"], record["examination"]) == (chat.model, CONVERSATION, "complete")
    for name, value in chat.known:
        assert record[name] == value
    assert chat.say("name a river") in [message for arrival in reached.arrivals() for message in arrival.messages]


@every_chat
def test_a_secret_is_refused_in_the_words_of_the_app_and_the_chat_goes_on(gateway: Gateway, reached: Since, chat: Chat) -> None:
    watch = gateway.watch()
    with opened(gateway, chat) as socket:
        socket.send(chat.say(f"what is {SECRET} about?"))
        assert MESSAGE in chat.hear(socket)
        socket.send(chat.say("name a lake"))
        assert chat.hear(socket) == answer_to("name a lake")
    watch.record(kind="websocket")
    refused, allowed = watch.records(kind="message")
    assert (refused["verdict"], refused["rule"], refused["upstream_contacted"]) == ("block", "no-codenames", False)
    assert allowed["verdict"] == "allow"
    messages = [message for arrival in reached.arrivals() for message in arrival.messages]
    assert not any(SECRET in message for message in messages)
