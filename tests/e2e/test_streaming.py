"""Streams stay streams: an event passes before the next one exists, in every framing, also while the answer is being kept."""

from collections.abc import Callable

import pytest
from harness.clients import CHAT_URL, chat_body, http_client
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, NO_CODENAMES
from harness.upstream import Since, Upstream
from upstream.answering import TAIL
from websockets.sync.client import connect

CAPTURING = f"""
version: 1
default: allow
on_uninspectable: allow
rules:
  - {{id: keep, when: {{app.known: true}}, then: {{capture: full}}}}
{NO_CODENAMES}
"""

STREAMS: dict[str, Callable[[str], tuple[str, dict[str, object]]]] = {
    "openai-chat": lambda model: (CHAT_URL, chat_body("hi", model=model, stream=True)),
    "openai-responses": lambda model: ("https://api.openai.com/v1/responses", {"model": model, "input": "hi", "stream": True}),
    "anthropic": lambda model: (
        "https://api.anthropic.com/v1/messages",
        {"model": model, "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "hi"}]},
    ),
    "gemini-sse": lambda model: (
        f"https://generativelanguage.googleapis.com/v1beta/models/{model}:streamGenerateContent?alt=sse",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
    "gemini-array": lambda model: (
        f"https://generativelanguage.googleapis.com/v1beta/models/{model}:streamGenerateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
    "ollama-ndjson": lambda model: ("https://ollama.com/api/chat", chat_body("hi", model=model, stream=True)),
    "chatgpt-web": lambda model: (
        "https://chatgpt.com/backend-api/f/conversation",
        {
            "action": "next",
            "model": model,
            "messages": [{"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hi"]}}],
        },
    ),
    "claude-web": lambda model: (
        "https://claude.ai/api/organizations/0c1f8f1e-0000-4000-8000-000000000001/chat_conversations/0c1f8f1e-0000-4000-8000-000000000002/completion",
        {"prompt": "hi", "model": model, "attachments": [], "files": [], "timezone": "UTC"},
    ),
}


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(CAPTURING, files=DETECTOR_FILES)


@pytest.mark.parametrize("framing", STREAMS)
def test_an_event_passes_before_the_next_one_exists(framing: str, gateway: Gateway, upstream: Upstream) -> None:
    """Proved by order: the next event is released only after the one before has arrived."""
    paced = upstream.paced()
    url, body = STREAMS[framing](paced.model)
    with http_client(gateway.device) as client:
        paced.grant()
        with client.stream("POST", url, json=body) as answer:
            chunks = answer.iter_raw()
            assert next(chunks)
            for sent in (1, 2, 3):
                assert paced.sent == sent
                paced.grant()
                assert next(chunks)
            paced.finish()
            rest = b"".join(chunks)
    assert answer.status_code == 200
    assert rest


@pytest.mark.parametrize("framing", STREAMS)
def test_a_stream_cut_anywhere_arrives_byte_for_byte(framing: str, gateway: Gateway) -> None:
    url, body = STREAMS[framing]("chopped")
    whole_url, whole = STREAMS[framing]("gpt-5")
    with http_client(gateway.device) as client:
        chopped = client.post(url, json=body).text
        unchopped = client.post(whole_url, json=whole).text
    assert chopped.replace("chopped", "gpt-5") == unchopped


def test_the_kept_answer_is_the_one_that_was_shown(gateway: Gateway) -> None:
    """Read back with the reviewer's key, as `lockgate log show --open` does."""
    import subprocess

    from harness import names

    watch = gateway.watch()
    with http_client(gateway.device) as client:
        client.post(CHAT_URL, json=chat_body("keep this", model="chopped", stream=True))
    record = watch.record(kind="request")
    assert record["captured"]
    command = names.command(gateway.home, "log", "show", record["id"], "--open", "--reason", "a test")
    shown = subprocess.run(command, capture_output=True, env=names.environment(), check=True, text=True, timeout=60).stdout
    assert "keep this" in shown
    assert f"You said: keep this | {TAIL}" in shown


def test_the_first_byte_is_in_the_record_before_the_last_is(gateway: Gateway, upstream: Upstream) -> None:
    watch = gateway.watch()
    paced = upstream.paced()
    with http_client(gateway.device) as client:
        paced.grant()
        with client.stream("POST", CHAT_URL, json=chat_body("hi", model=paced.model, stream=True)) as answer:
            chunks = answer.iter_raw()
            assert next(chunks)
            assert watch.records(kind="request") == []
            paced.finish()
            assert list(chunks)
    record = watch.record(kind="request")
    assert 0 < record["first_byte_ms"] < record["duration_ms"]


def test_a_client_that_leaves_in_the_middle_still_gets_its_record(gateway: Gateway, upstream: Upstream) -> None:
    watch = gateway.watch()
    paced = upstream.paced()
    with http_client(gateway.device) as client:
        paced.grant(2)
        with client.stream("POST", CHAT_URL, json=chat_body("hi", model=paced.model, stream=True)) as answer:
            assert next(answer.iter_raw())
    record = watch.record(kind="request")
    paced.finish()
    assert (record["verdict"], record["status"]) == ("allow", 200)
    assert record["error"]


def test_a_websocket_that_may_pass_carries_messages_both_ways(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    device = gateway.device
    with connect("wss://api.openai.com/v1/responses", proxy=device.proxy, ssl=device.tls_of_sockets) as socket:
        for text in ("hello", "naïve 日本語", "x" * 100_000):
            socket.send(text)
            assert socket.recv() == text
    record = watch.record(kind="websocket")
    assert (record["verdict"], record["status"]) == ("allow", 101)
    assert record["request_bytes"] > 100_000
    assert record["response_bytes"] == record["request_bytes"]
    (arrival,) = reached.arrivals()
    assert len(arrival.messages) == 3


def test_an_upload_nobody_needs_to_read_passes_while_it_is_sent(start_gateway: StartGateway, upstream: Upstream) -> None:
    """The first part reaches the upstream before the client has sent the second."""
    gateway = start_gateway("version: 1\ndefault: allow\nrules: []\n")
    reached = upstream.mark()

    def parts():
        yield b"a" * 100_000
        reached.wait(lambda found: found and found[0].body_bytes == 100_000, "the first part arrived")
        yield b"b" * 100_000

    with http_client(gateway.device) as client:
        answer = client.post("https://api.openai.com/swallow", content=parts())
    assert answer.text == "200000"
