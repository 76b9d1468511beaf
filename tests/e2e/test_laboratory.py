"""The laboratory itself: every client works through a plain decrypting proxy, so that what fails through the gateway is
the gateway's.
"""

import socket
import ssl
from pathlib import Path

import pytest
from harness.browser import browser_on, chromium
from harness.clients import CLIENTS, ChatClient, http_client
from harness.components import absent, need
from harness.plain_proxy import PlainProxy
from harness.upstream import Since, Upstream
from upstream.answering import TAIL
from websockets.sync.client import connect


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
@pytest.mark.parametrize("model", ["gpt-5", "chopped"])
def test_every_client_shows_the_answer(client: ChatClient, model: str, plain_proxy: PlainProxy, reached: Since) -> None:
    for command in client.needs:
        need(command)
    prompt = f"what is the capital of France, {client.id}?"
    shown = client.ask(plain_proxy.device, prompt, model)
    assert f"You said: {prompt}" in shown
    assert TAIL in shown or client.operation != "send_prompt"
    (arrival,) = reached.arrivals(client.host)
    assert arrival.ended == "complete"
    assert arrival.body_bytes > 0


def test_a_websocket_carries_messages_both_ways(plain_proxy: PlainProxy, reached: Since) -> None:
    device = plain_proxy.device
    with connect("wss://api.openai.com/v1/responses", proxy=device.proxy, ssl=device.tls_of_sockets) as socket:
        socket.send("hello")
        assert socket.recv() == "hello"
    (arrival,) = reached.wait(lambda found: [one for one in found if one.ended], "the WebSocket ended")
    assert arrival.messages == ("hello",)


def test_a_request_that_breaks_off_is_recorded_as_far_as_it_came(plain_proxy: PlainProxy, reached: Since) -> None:
    def body():
        yield b"x" * 1000
        reached.wait(lambda found: found and found[0].body_bytes == 1000, "the first thousand bytes arrived")
        raise KeyboardInterrupt

    with http_client(plain_proxy.device) as client, pytest.raises(KeyboardInterrupt):
        client.post("https://www.example.com/swallow", content=body())
    (arrival,) = reached.wait(lambda found: found and found[0].ended, "the request broke off")
    assert (arrival.ended, arrival.body_bytes) == ("disconnected", 1000)


def test_a_paced_stream_sends_an_event_only_when_it_may(plain_proxy: PlainProxy, upstream: Upstream) -> None:
    paced = upstream.paced()
    with http_client(plain_proxy.device) as client:
        request = {"model": paced.model, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
        paced.grant()
        with client.stream("POST", "https://api.openai.com/v1/chat/completions", json=request) as answer:
            lines = answer.iter_lines()
            assert "assistant" in next(lines)
            assert paced.sent == 1
            paced.finish()
            assert "data: [DONE]" in list(lines)


@pytest.mark.parametrize("kind", ["expired", "not-yet-valid", "wrong-host", "self-signed", "untrusted-root"])
def test_wrong_certificates_are_wrong(kind: str, upstream: Upstream) -> None:
    host, _, port = upstream.wrong[kind].partition(":")
    trusting = ssl.create_default_context(cafile=str(upstream.root))
    with socket.create_connection((host, int(port))) as connection, pytest.raises(ssl.SSLCertVerificationError):
        trusting.wrap_socket(connection, server_hostname="api.openai.com")


def test_the_chatgpt_page_shows_the_answer_in_a_browser(plain_proxy: PlainProxy, tmp_path: Path, reached: Since) -> None:
    if chromium() is None:
        absent("chromium")
    with browser_on(plain_proxy.device, tmp_path) as browser:
        page = browser.new_page()
        page.goto("https://chatgpt.com/?model=chopped")
        page.fill("#prompt-textarea", "hello from a browser")
        page.click("#send")
        page.wait_for_selector('article[data-role="assistant"][data-ended]')
        assert page.inner_text('article[data-role="assistant"]') == f"You said: hello from a browser | {TAIL}"
        assert not page.is_visible("#error")
    paths = [arrival.path for arrival in reached.arrivals("chatgpt.com")]
    assert "/backend-api/f/conversation/prepare" in paths
