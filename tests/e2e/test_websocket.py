"""WebSockets through the real proxy: each message is read, judged, refused and recorded by itself, and the rest goes on."""

import asyncio
import json
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from google import genai
from google.genai.errors import APIError
from harness.browser import browser_on, chromium
from harness.components import absent
from harness.device import Device
from harness.gateway import Gateway, StartGateway
from harness.policies import ALLOW_ALL, DETECTOR_FILES, GUARDED, MESSAGE, NO_CODENAMES, SECRET
from harness.sockets import ELSEWHERE, heard, messages_of, open_socket, prompt
from harness.upstream import Arrival, Since
from harness.waiting import until
from openai import OpenAI
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed

KEEP_ALL = f"""
version: 1
default: allow
on_uninspectable: block
rules:
  - id: keep
    when: {{app.known: true}}
    then: {{capture: full}}
{NO_CODENAMES}
"""


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


def has_ended(arrivals: list[Arrival]) -> bool:
    return any(arrival.ended for arrival in arrivals)


def test_a_prompt_is_allowed_and_answered_and_recorded_by_itself(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with open_socket(gateway) as socket:
        socket.send(prompt("hello over a socket"))
        assert heard(socket).startswith("You said: hello over a socket")
    record = watch.record(kind="message")
    upgrade = watch.record(kind="websocket")
    assert (record["verdict"], record["app"], record["operation"]) == ("allow", "openai-api", "send_prompt")
    assert (record["format"], record["model"], record["examination"]) == ("openai-responses", "gpt-5", "complete")
    assert record["socket"] == upgrade["id"]
    assert record["upstream_contacted"]
    assert record["response_bytes"] > record["request_bytes"] > 0
    assert (upgrade["verdict"], upgrade["status"], upgrade["messages"]) == ("allow", 101, 1)
    assert messages_of(reached) == [prompt("hello over a socket")]


def test_a_prompt_with_a_secret_is_refused_in_band_and_the_socket_lives_on(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with open_socket(gateway) as socket:
        socket.send(prompt("first"))
        assert heard(socket).startswith("You said: first")
        socket.send(prompt(f"what is {SECRET} about?"))
        shown = heard(socket)
        assert shown.startswith("error: ")
        assert MESSAGE in shown
        socket.send(prompt("third"))
        assert heard(socket).startswith("You said: third")
    watch.record(kind="websocket")
    records = watch.records(kind="message")
    assert [record["verdict"] for record in records] == ["allow", "block", "allow"]
    refused = records[1]
    assert (refused["reason"], refused["rule"]) == ("rule", "no-codenames")
    assert not refused["upstream_contacted"]
    assert refused["id"] in shown
    assert messages_of(reached) == [prompt("first"), prompt("third")]


def test_messages_leave_in_the_order_in_which_they_were_said(gateway: Gateway, reached: Since) -> None:
    texts = [f"number {number}" + " and so on" * (number * 37 % 200) for number in range(40)]
    with open_socket(gateway, ELSEWHERE) as socket:
        for text in texts:
            socket.send(json.dumps({"content": text}))
        for text in texts:
            assert json.loads(socket.recv(timeout=20))["content"] == text
    assert [json.loads(message)["content"] for message in messages_of(reached)] == texts


def test_what_says_nothing_passes_without_a_record_and_is_counted(gateway: Gateway) -> None:
    watch = gateway.watch()
    with open_socket(gateway, ELSEWHERE) as socket:
        for _ in range(5):
            socket.send('{"type":"ping"}')
            assert socket.recv(timeout=20) == '{"type":"ping"}'
        socket.ping(b"one").wait(20)
    assert watch.record(kind="websocket")["messages"] == 5
    assert watch.records(kind="message") == []


def test_text_without_a_format_is_read_and_its_refusal_ends_the_socket(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with open_socket(gateway, ELSEWHERE) as socket:
        socket.send("plain words are fine")
        assert socket.recv(timeout=20) == "plain words are fine"
        socket.send(f"but not {SECRET}")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert MESSAGE in closed.value.rcvd.reason
    assert messages_of(reached) == ["plain words are fine"]
    assert watch.record(kind="message", verdict="block")["rule"] == "no-codenames"
    assert watch.record(kind="message", verdict="allow")["request_bytes"] == len("plain words are fine")


def test_binary_that_nobody_can_read_is_not_passed_on(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with open_socket(gateway, ELSEWHERE) as socket:
        socket.send(b"words in a binary frame")
        assert socket.recv(timeout=20) == b"words in a binary frame"
        socket.send(b"\x00\x81\xfe" * 100)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)
    assert messages_of(reached) == ["words in a binary frame"]
    refused = watch.record(kind="message", verdict="block")
    assert (refused["reason"], refused["examination"]) == ("uninspectable", "undecodable")


def test_a_secret_in_pieces_is_put_together(gateway: Gateway, reached: Since) -> None:
    half = len(SECRET) // 2
    with open_socket(gateway) as socket:
        socket.send(prompt(SECRET[:half]))
        heard(socket)
        socket.send(prompt(SECRET[half:]))
        assert MESSAGE in heard(socket)
    assert messages_of(reached) == [prompt(SECRET[:half])]


def test_an_answer_is_captured_with_its_prompt(start_gateway: StartGateway) -> None:
    gateway = start_gateway(KEEP_ALL, files=DETECTOR_FILES)
    watch = gateway.watch()
    with open_socket(gateway) as socket:
        socket.send(prompt("remember this"))
        heard(socket)
        record = watch.record(kind="message")  # while the socket is still open: the answer was complete
    assert record["capture"] == "full"
    assert record["response_bytes"] > 0


def test_fragments_stay_fragments(gateway: Gateway, reached: Since) -> None:
    with open_socket(gateway, ELSEWHERE) as socket:
        socket.send(["one ", "zwei ", "三"])
        assert socket.recv(timeout=20) == "one zwei 三"
        socket.send("ß" * 70_000)
        assert socket.recv(timeout=20) == "ß" * 70_000
    assert messages_of(reached) == ["one zwei 三", "ß" * 70_000]


def test_the_end_of_either_side_reaches_the_other(gateway: Gateway, reached: Since) -> None:
    with open_socket(gateway, ELSEWHERE) as socket:
        socket.send("words")
        socket.recv(timeout=20)
        socket.close(1000, f"because of {SECRET}")
    reached.wait(has_ended, "the upstream saw the end")
    assert SECRET not in repr(reached.arrivals())


def test_a_message_that_is_said_right_before_the_end_still_leaves(gateway: Gateway, reached: Since) -> None:
    with open_socket(gateway, ELSEWHERE) as socket:
        socket.send("last words, said in a hurry")
    reached.wait(has_ended, "the upstream saw the end")
    assert messages_of(reached) == ["last words, said in a hurry"]


def test_a_policy_that_changes_holds_for_open_sockets(start_own_gateway: StartGateway, reached: Since) -> None:
    gateway = start_own_gateway(ALLOW_ALL, files=DETECTOR_FILES)

    def told() -> bool:
        socket.send(prompt(f"about {SECRET}"))
        return MESSAGE in heard(socket)

    with open_socket(gateway) as socket:
        assert not told()
        gateway.write_policy(GUARDED)
        until(told, what="the changed policy")
        passed = len(messages_of(reached))
        assert told()
        assert len(messages_of(reached)) == passed


# --- the vendors' own clients, and a page


def ask_realtime(device: Device, text: str) -> str:
    said = ""
    with (
        patch.dict("os.environ", device.environment()),
        OpenAI(api_key="test") as client,
        client.realtime.connect(
            model="gpt-realtime", websocket_connection_options={"ssl": device.tls_of_sockets}
        ) as connection,
    ):
        connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        connection.conversation.item.create(item=item)
        connection.response.create()
        for event in connection:
            if event.type == "response.output_text.delta":
                said += event.delta
            elif event.type == "error":
                return f"error: {event.error.message}"
            elif event.type == "response.done":
                break
    return said


def ask_responses(device: Device, text: str) -> str:
    said = ""
    with (
        patch.dict("os.environ", device.environment()),
        OpenAI(api_key="test") as client,
        client.responses.connect(websocket_connection_options={"ssl": device.tls_of_sockets}) as connection,
    ):
        connection.response.create(model="gpt-5", input=text)
        for event in connection:
            if event.type == "response.output_text.delta":
                said += event.delta
            elif event.type == "error":
                return f"error: {event}"
            elif event.type == "response.completed":
                break
    return said


def ask_live(device: Device, text: str) -> str:
    async def talk() -> str:
        client = genai.Client(api_key="test", vertexai=False)
        async with client.aio.live.connect(model="gemini-live", config={"response_modalities": ["TEXT"]}) as session:
            await session.send_client_content(turns={"role": "user", "parts": [{"text": text}]}, turn_complete=True)
            try:
                return "".join([message.text or "" async for message in session.receive()])
            except APIError as error:
                return f"error: {error}"

    with patch.dict("os.environ", device.environment()):
        return asyncio.run(talk())


ASKING = {"openai-realtime": ask_realtime, "openai-responses": ask_responses, "gemini-live": ask_live}


@pytest.mark.filterwarnings("ignore:connect\\(\\) must be used as a context manager")  # how OpenAI's library calls it
@pytest.mark.parametrize("format_id", ASKING)
def test_a_vendors_own_client_is_read_answered_and_refused(gateway: Gateway, reached: Since, format_id: str) -> None:
    watch = gateway.watch()
    ask = ASKING[format_id]
    assert ask(gateway.device, "hello there").startswith("You said: hello there")
    told = ask(gateway.device, f"what is {SECRET} about?")
    assert told.startswith("error: ")
    assert MESSAGE in told
    assert SECRET not in "".join(messages_of(reached))
    refused = watch.record(kind="message", verdict="block")
    assert (refused["format"], refused["rule"]) == (format_id, "no-codenames")
    allowed = [record for record in watch.records(kind="message", verdict="allow") if record["prompt_digest"]]
    assert {record["format"] for record in allowed} == {format_id}


def test_sound_is_one_exchange_until_it_is_answered(start_own_gateway: StartGateway, reached: Since) -> None:
    gateway = start_own_gateway(KEEP_ALL.replace("on_uninspectable: block", "on_uninspectable: allow"), files=DETECTOR_FILES)
    watch = gateway.watch()
    sound = json.dumps({"type": "input_audio_buffer.append", "audio": "//79/P3+/w==" * 100})
    with open_socket(gateway, "wss://api.openai.com/v1/realtime?model=gpt-realtime") as socket:
        socket.recv(timeout=20)
        for _ in range(2):
            for _ in range(20):
                socket.send(sound)
            socket.send('{"type":"input_audio_buffer.commit"}')
            socket.send('{"type":"response.create"}')
            while json.loads(socket.recv(timeout=20))["type"] != "response.done":
                pass
    upgrade = watch.record(kind="websocket")
    spoken = watch.records(kind="message")
    assert upgrade["messages"] == 44
    assert [record["examination"] for record in spoken] == ["undecodable", "undecodable"]
    assert all(record["request_bytes"] >= 20 * len(sound) for record in spoken)
    assert len(messages_of(reached)) == 44


def test_sound_that_a_rule_would_have_to_read_is_refused_once_and_dropped(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    sound = json.dumps({"type": "input_audio_buffer.append", "audio": "//79/P3+/w==" * 100})
    with open_socket(gateway, "wss://api.openai.com/v1/realtime?model=gpt-realtime") as socket:
        socket.recv(timeout=20)
        for _ in range(20):
            socket.send(sound)
        assert json.loads(socket.recv(timeout=20))["type"] == "error"
        socket.send('{"type":"response.create"}')
        assert json.loads(socket.recv(timeout=20))["type"] == "response.output_text.delta"
    assert watch.record(kind="message")["reason"] == "uninspectable"
    assert messages_of(reached) == ['{"type":"response.create"}']


@pytest.fixture(scope="module")
def browser(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as running:
        yield running


def test_a_person_reads_in_the_page_why_a_message_was_refused(browser: Browser, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    page = browser.new_context().new_page()
    page.goto("https://platform.openai.com/realtime")
    page.wait_for_selector("body[data-open]")
    page.fill("#prompt", "hello from a page")
    page.click("#send")
    page.wait_for_selector("article[data-ended]")
    assert page.inner_text("article").startswith("You said: hello from a page")
    page.fill("#prompt", f"tell me about {SECRET}")
    page.click("#send")
    page.wait_for_selector("#error:visible")
    shown = page.inner_text("#error")
    record = watch.record(kind="message", verdict="block")
    for words in (MESSAGE, "no-codenames", "help@example.com", record["id"]):
        assert words in shown
    assert not page.is_visible("#closed")
    assert SECRET not in "".join(messages_of(reached))
    page.context.close()
