"""Answers that come elsewhere than in the response: heard through the real proxy, kept, and found from the prompt."""

import json
import subprocess
from typing import Any

import httpx
import pytest
from harness import names
from harness.clients import http_client
from harness.device import Device
from harness.gateway import Gateway, Record, StartGateway
from upstream.answering import answer_to
from upstream.answers_elsewhere import HANDED_OFF, PICTURE, PREDICTION
from websockets.sync.client import connect

POLICY = """
version: 1
default: allow
rules:
  - {id: keep, when: {operation.carries_payload: true}, then: {capture: full}}
"""
CHATGPT = "https://chatgpt.com/backend-api/f/conversation"
PREDICTIONS = "https://api.replicate.com/v1/predictions"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    """Two workers: which of them carries a prompt and which its answer must not matter."""
    return start_gateway(POLICY, workers=2)


def opened(gateway: Gateway, record: Record) -> dict[str, Any]:
    """What was captured with a record."""
    command = names.command(gateway.home, "log", "show", record["id"], "--open", "--reason", "a test")
    ran = subprocess.run(command, capture_output=True, env=names.environment(), check=True, text=True, timeout=60)
    return json.loads(ran.stdout[ran.stdout.index("\n\n{") :])


def ask_chatgpt(device: Device, prompt: str) -> str:
    """The topic under which the answer comes."""
    message = {"id": "m1", "author": {"role": "user"}, "content": {"content_type": "text", "parts": [prompt]}}
    with http_client(device) as client:
        answer = client.post(CHATGPT, json={"action": "next", "messages": [message], "model": HANDED_OFF}).raise_for_status()
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    (handed_off,) = [said for said in events if said["type"] == "stream_handoff"]
    return handed_off["options"][1]["topic_id"]


def listen(device: Device, *topics: str) -> None:
    """As the page does, on one WebSocket, until every turn is complete."""
    commands = [{"id": number, "command": {"type": "subscribe", "topic_id": topic}} for number, topic in enumerate(topics)]
    left = len(topics)
    with connect("wss://ws.chatgpt.com/ws/user/u-1?token=token-4", proxy=device.proxy, ssl=device.tls_of_sockets) as socket:
        socket.send(json.dumps(commands))
        while left:
            left -= str(socket.recv(timeout=20)).count("message_stream_complete")


def test_a_turn_of_chatgpt_that_is_handed_off_has_its_answer(gateway: Gateway) -> None:
    watch = gateway.watch()
    topics = [ask_chatgpt(gateway.device, f"name a {thing}") for thing in ("river", "lake")]
    listen(gateway.device, *topics)
    asked = watch.several(2, kind="request")
    (socket,) = watch.several(1, kind="websocket")
    answers = watch.several(2, kind="answer")
    for thing, prompt, topic in zip(("river", "lake"), asked, topics, strict=True):
        (answer,) = [one for one in answers if topic in one["tasks"]]
        assert (answer["app"], answer["holds_answer"], answer["socket"]) == ("chatgpt", True, socket["id"])
        assert prompt["conversation"] == answer["conversation"] != ""
        assert set(prompt["tasks"]) & set(answer["tasks"])
        assert opened(gateway, answer)["answer"] == answer_to(f"name a {thing}")
        page, back = gateway.shown(prompt["id"]), gateway.shown(answer["id"])
        others = {one["id"] for one in (*asked, *answers)} - {prompt["id"], answer["id"]}
        assert "Answered by" in page
        assert answer["id"] in page
        assert "The answer to" in back
        assert prompt["id"] in back
        assert not any(other in page + back for other in others)
    assert "token-" not in str(watch.records())


def test_a_prediction_that_is_asked_after_has_its_answer(gateway: Gateway) -> None:
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        client.post(PREDICTIONS, json={"version": "v", "input": {"prompt": "a lighthouse"}}).raise_for_status()
    for wanted in ("processing", "succeeded"):
        with http_client(gateway.device) as client:  # over a connection of its own, so that any worker may carry it
            assert ask_after(client) == wanted
    prompt, under_way, done = watch.several(3, kind="request")
    assert prompt["tasks"] == under_way["tasks"] == done["tasks"] == [PREDICTION]
    assert [one["holds_answer"] for one in (prompt, under_way, done)] == [False, False, True]
    assert [one["captured"] for one in (prompt, under_way, done)] == [True, False, True]
    assert opened(gateway, done)["answer"] == f"{answer_to('a lighthouse')}\n{PICTURE}"
    page = gateway.shown(prompt["id"])
    assert done["id"] in page
    assert under_way["id"] not in page
    assert prompt["id"] in gateway.shown(done["id"])


def ask_after(client: httpx.Client) -> str:
    return client.get(f"{PREDICTIONS}/{PREDICTION}").raise_for_status().json()["status"]
