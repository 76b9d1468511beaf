"""Redaction where prompts are not only typed: results of tools, a chat page in a browser, WebSockets, tools of MCP servers."""

import json
from typing import Any
from unittest.mock import patch

import pytest
from anthropic import Anthropic
from harness.browser import browser_on, chromium
from harness.clients import http_client
from harness.components import absent
from harness.device import Device
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, PUTTING_BACK, SECRET
from harness.sockets import heard, messages_of, open_socket, prompt
from harness.upstream import Since
from openai import OpenAI
from upstream.mcp_servers import HOST

TOOL = "look_up"
CALL = {"id": "call_1", "type": "function", "function": {"name": TOOL, "arguments": json.dumps({"name": SECRET})}}


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    policy = PUTTING_BACK.replace(
        "{operation.carries_payload: true}", "{any: [{operation.carries_payload: true}, {mcp.method: tools/call}]}"
    )
    return start_gateway(policy, files=DETECTOR_FILES, decrypt="all")


def on(device: Device) -> Any:
    return patch.dict("os.environ", device.environment())


@pytest.mark.parametrize("stream", [False, True])
def test_calls_and_results_of_tools_leave_without_it(gateway: Gateway, reached: Since, *, stream: bool) -> None:
    messages = [
        {"role": "system", "content": f"You know of {SECRET}."},
        {"role": "user", "content": "what is it?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"found": [f"{SECRET} is a bird"]})},
        {"role": "user", "content": f"and {SECRET}?"},
    ]
    with on(gateway.device), OpenAI(api_key="test", max_retries=0) as client:
        answer = client.chat.completions.create(model="gpt-5", messages=messages, stream=stream)
        shown = (
            "".join(chunk.choices[0].delta.content or "" for chunk in answer) if stream else answer.choices[0].message.content
        )
    (arrival,) = reached.arrivals()
    assert SECRET.encode() not in arrival.body
    sent = json.loads(arrival.body)["messages"]
    word = sent[0]["content"].removeprefix("You know of ").removesuffix(".")
    assert json.loads(sent[2]["tool_calls"][0]["function"]["arguments"]) == {"name": word}
    assert json.loads(sent[3]["content"]) == {"found": [f"{word} is a bird"]}
    assert f"and {SECRET}?" in shown


@pytest.mark.parametrize("stream", [False, True])
def test_so_do_those_of_another_vendor(gateway: Gateway, reached: Since, *, stream: bool) -> None:
    messages = [
        {"role": "user", "content": "what is it?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": TOOL, "input": {"name": SECRET}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": f"{SECRET} is a bird"}]},
            {"type": "text", "text": f"and {SECRET}?"},
        ]},
    ]  # fmt: skip
    asked = {"model": "gpt-5", "max_tokens": 50, "system": f"You know of {SECRET}.", "messages": messages}
    with on(gateway.device), Anthropic(api_key="test", max_retries=0) as client:
        if stream:
            with client.messages.stream(**asked) as answer:
                shown = "".join(answer.text_stream)
        else:
            shown = client.messages.create(**asked).content[0].text
    (arrival,) = reached.arrivals()
    assert SECRET.encode() not in arrival.body
    sent = json.loads(arrival.body)
    assert sent["messages"][1]["content"][0]["input"]["name"] in sent["system"]
    assert f"and {SECRET}?" in shown


def test_a_person_at_a_chat_page_reads_what_never_left(
    gateway: Gateway, reached: Since, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as browser:
        page = browser.new_context().new_page()
        page.goto("https://chatgpt.com/?model=chopped")
        page.fill("#prompt-textarea", f"what is {SECRET}?")
        page.click("#send")
        page.wait_for_selector('article[data-role="assistant"][data-ended]')
        assert f"You said: what is {SECRET}?" in page.inner_text('article[data-role="assistant"]')
    bodies = [arrival.body for arrival in reached.arrivals("chatgpt.com")]
    assert not any(SECRET.encode() in body for body in bodies)
    assert any(b"[E2E_CODENAME_" in body for body in bodies)


def test_a_message_on_a_websocket_leaves_without_it(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with open_socket(gateway) as socket:
        socket.send(prompt(f"of {SECRET} over a socket"))
        assert "[E2E_CODENAME_" in heard(socket)
    (message,) = messages_of(reached)
    assert SECRET not in message
    assert watch.record(kind="message")["redactions"][0]["count"] == 1


def test_arguments_of_an_mcp_tool_leave_without_it(gateway: Gateway, reached: Since) -> None:
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "echo", "arguments": {"text": f"of {SECRET}"}},
    }
    with http_client(gateway.device) as client:
        client.post(f"https://{HOST}/mcp", json=call, headers={"accept": "application/json, text/event-stream"})
    (arrival,) = reached.arrivals()
    assert json.loads(arrival.body)["params"]["arguments"]["text"].startswith("of [E2E_CODENAME_")
