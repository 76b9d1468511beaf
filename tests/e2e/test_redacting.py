"""Real clients whose prompts hold what must not leave: it arrives replaced, and the rest of the prompt with it."""

import gzip
import json

import httpx
import pytest
from harness.clients import CHAT_URL, CLIENTS, ChatClient, chat_body, http_client, new_body, whole_again
from harness.components import need
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, PUTTING_BACK, REDACTING, SECRET
from harness.upstream import Since, Upstream

MASK = "[codename]"
SPEAKING = tuple(client for client in CLIENTS if client.operation != "token_count")
"""Not those that count the words of what arrives."""


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(REDACTING, files=DETECTOR_FILES, breakable=True)


@pytest.mark.parametrize("client", SPEAKING, ids=lambda client: client.id)
def test_a_prompt_arrives_without_what_must_not_leave(client: ChatClient, gateway: Gateway, reached: Since) -> None:
    for command in client.needs:
        need(command)
    watch = gateway.watch()
    if client.operation == "upload":
        with pytest.raises(Exception, match="cannot be replaced"):
            client.ask(gateway.device, f"tell me of {SECRET}, {client.id}", "gpt-5")
        assert reached.arrivals() == []
        assert watch.record(kind="request")["reason"] == "cannot_redact"
        return
    shown = client.ask(gateway.device, f"tell me of {SECRET}, {client.id}", "gpt-5")
    (arrival,) = reached.arrivals()
    assert arrival.ended == "complete"
    assert SECRET.encode() not in arrival.body
    assert MASK in shown or client.operation != "send_prompt"
    assert SECRET not in shown
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"]) == ("allow", "default")
    assert record["redactions"] == [{"rule": "masked", "detector": "e2e-codename", "count": record["redactions"][0]["count"]}]
    assert record["findings"][0]["mask"] == MASK


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_a_compressed_body_arrives_whole_and_unencoded(gateway: Gateway, reached: Since, *, http2: bool) -> None:
    body = gzip.compress(json.dumps(chat_body(f"of {SECRET} and more")).encode())
    with http_client(gateway.device, http2=http2) as client:
        answer = client.post(CHAT_URL, content=body, headers={"content-type": "application/json", "content-encoding": "gzip"})
    assert answer.status_code == 200
    (arrival,) = reached.arrivals()
    assert json.loads(arrival.body)["messages"][0]["content"] == f"of {MASK} and more"
    assert "content-encoding" not in arrival.headers
    assert arrival.headers["content-length"] == str(len(arrival.body))


def test_a_chunked_body_arrives_with_its_new_length(gateway: Gateway, reached: Since) -> None:
    body = json.dumps(chat_body(f"in pieces, {SECRET}")).encode()
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, content=iter([body[:20], body[20:]]), headers={"content-type": "application/json"})
    assert answer.status_code == 200
    (arrival,) = reached.arrivals()
    assert json.loads(arrival.body)["messages"][0]["content"] == f"in pieces, {MASK}"


def test_a_history_that_is_sent_again_leaves_without_it_each_time(gateway: Gateway, reached: Since) -> None:
    with http_client(gateway.device) as client:
        for history in ((), (f"first of {SECRET}",), (f"first of {SECRET}", "then of something else")):
            assert client.post(CHAT_URL, json=chat_body(f"now {SECRET}, {len(history)}", history=history)).status_code == 200
    bodies = [arrival.body for arrival in reached.arrivals()]
    assert [body.count(MASK.encode()) for body in bodies] == [1, 2, 2]
    assert not any(SECRET.encode() in body for body in bodies)


def test_a_signed_request_is_stopped_and_told_why(gateway: Gateway, reached: Since) -> None:
    url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude/converse"
    body = {"messages": [{"role": "user", "content": [{"text": f"of {SECRET}"}]}]}
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.post(url, json=body, headers={"authorization": "AWS4-HMAC-SHA256 Credential=none"})
    assert answer.status_code >= 400
    assert "signed" in answer.text
    assert reached.arrivals() == []
    assert (watch.record(kind="request")["reason"], watch.record(kind="request")["rule"]) == ("cannot_redact", "masked")


def test_a_crash_while_rewriting_lets_nothing_out(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with gateway.broken("rewrite:crash"), http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, json=chat_body(f"of {SECRET} again"))
        harmless = client.post(CHAT_URL, json=new_body())
    assert answer.headers["x-lockgate-reason"] == "gate_failed"
    assert harmless.status_code == httpx.codes.OK
    assert [SECRET.encode() in arrival.body for arrival in reached.arrivals()] == [False]
    assert watch.record(reason="gate_failed")["verdict"] == "block"
    whole_again(gateway.device)


@pytest.fixture(scope="module")
def putting_back(start_gateway: StartGateway) -> Gateway:
    return start_gateway(PUTTING_BACK, files=DETECTOR_FILES)


KEEP_PLACEHOLDERS = frozenset({"gemini-web", "gemini-array"})
"""Their answers are no events that are taken apart: they keep their placeholders."""


@pytest.mark.parametrize("model", ["gpt-5", "chopped"])
@pytest.mark.parametrize("client", [each for each in SPEAKING if each.operation == "send_prompt"], ids=lambda client: client.id)
def test_an_answer_shows_the_person_what_never_left(
    client: ChatClient, putting_back: Gateway, reached: Since, model: str
) -> None:
    for command in client.needs:
        need(command)
    shown = client.ask(putting_back.device, f"tell me of {SECRET}, {client.id}", model)
    (arrival,) = reached.arrivals()
    assert SECRET.encode() not in arrival.body
    assert b"E2E_CODENAME_" in arrival.body
    assert (f"You said: tell me of {SECRET}" in shown) is (client.id not in KEEP_PLACEHOLDERS)
    assert ("[E2E_CODENAME_" in shown) is (client.id in KEEP_PLACEHOLDERS)


def test_a_value_has_the_same_placeholder_each_time_whichever_worker_has_it(putting_back: Gateway, reached: Since) -> None:
    for _ in range(4):
        with http_client(putting_back.device) as client:
            assert client.post(CHAT_URL, json=chat_body(f"{SECRET} and {SECRET}")).status_code == 200
    texts = {json.loads(arrival.body)["messages"][0]["content"] for arrival in reached.arrivals()}
    (text,) = texts
    first, second = text.split(" and ")
    assert first == second


def test_an_answer_streams_on_while_placeholders_are_put_back(putting_back: Gateway, upstream: Upstream) -> None:
    """Each event that needs not wait is there before the next is sent."""
    stream = upstream.paced()
    with http_client(putting_back.device) as client:
        body = chat_body(f"one two {SECRET}", stream=True, model=stream.model)
        stream.grant()
        with client.stream("POST", CHAT_URL, json=body) as answer:
            lines = (line for line in answer.iter_lines() if line.startswith("data:"))
            for number in range(1, 4):
                assert next(lines)
                assert stream.sent == number
                stream.grant()
            stream.finish()
            events = [json.loads(line[5:]) for line in lines if "[DONE]" not in line]
    assert SECRET in "".join(event["choices"][0]["delta"].get("content", "") for event in events)
