"""Real clients at a real gateway: what is allowed arrives unchanged, what is refused never leaves and is told, and both
are recorded once.
"""

import json
import subprocess
from typing import Any

import pytest
from harness import names
from harness.clients import CHAT_URL, CLIENTS, ChatClient, ShownError, chat_body, curl, http_client
from harness.components import need
from harness.gateway import Gateway, StartGateway
from harness.policies import ANSWERED, DETECTOR_FILES, ELSEWHERE, GUARDED, MESSAGE, SECRET
from harness.upstream import Since
from harness.waiting import until
from upstream.answering import TAIL

NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


@pytest.fixture(scope="module")
def answering(start_gateway: StartGateway) -> Gateway:
    return start_gateway(ANSWERED, files=DETECTOR_FILES)


def be_there(client: ChatClient) -> None:
    for command in client.needs:
        need(command)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_an_allowed_prompt_arrives_and_its_answer_is_shown(client: ChatClient, gateway: Gateway, reached: Since) -> None:
    be_there(client)
    watch = gateway.watch()
    prompt = f"what is the capital of France, {client.id}?"
    shown = client.ask(gateway.device, prompt, "gpt-5")
    assert f"You said: {prompt}" in shown
    assert TAIL in shown or client.operation != "send_prompt"
    (arrival,) = reached.arrivals()
    assert (arrival.host, arrival.ended) == (client.host, "complete")
    record = watch.record(kind="request")
    assert (record["app"], record["operation"], record["verdict"], record["reason"]) == (
        client.app,
        client.operation,
        "allow",
        "default",
    )
    assert (record["host"], record["path"], record["status"]) == (client.host, arrival.path, 200)
    assert record["request_bytes"] == arrival.body_bytes
    assert record["response_bytes"] > 0
    assert record["upstream_contacted"]
    assert record["captured"] == (client.app == "gemini-api")


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_refused_prompt_never_leaves_and_the_person_reads_why(client: ChatClient, gateway: Gateway, reached: Since) -> None:
    be_there(client)
    watch = gateway.watch()
    shown = refusal_shown(client, gateway, f"tell me about {SECRET}, {client.id}")
    record = watch.record(kind="request")
    assert MESSAGE in shown
    assert "no-codenames" in shown
    assert "help@example.com" in shown
    assert record["id"] in shown
    assert reached.arrivals() == []
    assert (record["app"], record["operation"]) == (client.app, client.operation)
    assert (record["verdict"], record["reason"], record["rule"]) == ("block", "rule", "no-codenames")
    assert not record["upstream_contacted"]
    assert [finding["detector"] for finding in record["findings"]] == ["e2e-codename"]
    assert SECRET not in str(record)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_redirected_prompt_never_leaves_and_the_person_reads_where_to_go(
    client: ChatClient, gateway: Gateway, reached: Since
) -> None:
    """Only a navigation can follow a redirect; every other client says where to go instead."""
    be_there(client)
    watch = gateway.watch()
    shown = refusal_shown(client, gateway, f"tell me about {ELSEWHERE}, {client.id}")
    record = watch.record(kind="request")
    for words in ("This belongs into the other assistant.", "https://chatgpt.com/waxwing", "elsewhere", record["id"]):
        assert words in shown
    assert reached.arrivals() == []
    assert (record["verdict"], record["reason"], record["rule"]) == ("redirect", "rule", "elsewhere")
    assert not record["upstream_contacted"]


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_refusal_told_as_an_answer_is_read_as_one(client: ChatClient, answering: Gateway, reached: Since) -> None:
    """Whole and streamed; where nobody is answered in words, the usual refusal is shown."""
    be_there(client)
    watch = answering.watch()
    prompt = f"tell me about {SECRET}, {client.id}"
    shown = client.ask(answering.device, prompt, "gpt-5") if client.answerable else refusal_shown(client, answering, prompt)
    record = watch.record(kind="request")
    for words in (MESSAGE, "no-codenames", "help@example.com", record["id"]):
        assert words in shown
    assert reached.arrivals() == []
    assert (record["verdict"], record["reason"], record["rule"]) == ("block", "rule", "no-codenames")
    assert not record["upstream_contacted"]


def refusal_shown(client: ChatClient, gateway: Gateway, prompt: str) -> str:
    """What the person reads: the answer itself for an app whose refusal is an answer, else the client's error."""
    if not client.refused:
        return client.ask(gateway.device, prompt, "gpt-5")
    with pytest.raises(Exception) as raised:
        client.ask(gateway.device, prompt, "gpt-5")
    assert type(raised.value).__name__ == client.refused, raised.value
    return str(raised.value)


def test_a_prompt_in_the_history_is_found_too(gateway: Gateway, reached: Since) -> None:
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, json=chat_body("and now?", history=(f"think of {SECRET}",)))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "blocked_by_policy"
    assert answer.headers["x-should-retry"] == "false"
    assert reached.arrivals() == []


def test_a_page_of_a_blocked_app_is_replaced_by_one_that_explains(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.get("https://www.perplexity.ai/", headers=NAVIGATION)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers[names.REASON_HEADER] == "rule"
    for words in ("Perplexity is not approved.", "no-perplexity", "help@example.com", "https://chatgpt.com/"):
        assert words in answer.text
    record = watch.record(host="www.perplexity.ai")
    assert answer.headers[names.REFERENCE_HEADER] == record["id"]
    assert (record["verdict"], record["rule"], record["operation"]) == ("block", "no-perplexity", "browse")
    assert reached.arrivals() == []


def test_a_page_is_redirected_with_nothing_of_its_address(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        answer = client.get("https://chat.deepseek.com/a?q=private+words", headers=NAVIGATION)
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.startswith("https://chatgpt.com/welcome?")
    assert "private" not in location
    record = watch.record(host="chat.deepseek.com")
    assert (record["verdict"], record["rule"], record["status"]) == ("redirect", "use-chatgpt", 302)
    assert reached.arrivals() == []


def test_an_api_call_is_never_answered_with_a_redirect(gateway: Gateway, reached: Since) -> None:
    with http_client(gateway.device) as client:
        api = client.post("https://api.deepseek.com/v1/chat/completions", json=chat_body("hello"))
        web = client.post(
            "https://chat.deepseek.com/api/v0/chat/completion", json={"prompt": "hello"}, headers={"sec-fetch-mode": "cors"}
        )
    for answer in (api, web):
        assert answer.status_code < 300 or answer.status_code >= 400
        assert "https://chatgpt.com/welcome" in answer.text
        assert "location" not in answer.headers
    assert reached.arrivals() == []


def test_a_script_in_a_page_may_read_the_refusal(gateway: Gateway) -> None:
    """Without the CORS pair the browser hides the message from the page."""
    with http_client(gateway.device) as client:
        answer = client.post(
            CHAT_URL, json=chat_body(SECRET), headers={"origin": "https://tool.example.com", "sec-fetch-mode": "cors"}
        )
    assert answer.headers["access-control-allow-origin"] == "https://tool.example.com"
    assert MESSAGE in answer.text


def test_a_compressed_prompt_is_looked_into(gateway: Gateway, reached: Since) -> None:
    import gzip
    import json

    content = gzip.compress(json.dumps(chat_body(f"about {SECRET}")).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, content=content, headers=headers)
    assert answer.status_code == 400
    assert MESSAGE in answer.text
    assert reached.arrivals() == []


def test_what_cannot_be_decoded_is_refused_with_its_reason(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    headers = {"content-type": "application/json", "content-encoding": "br"}
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, content=b"\xff" * 500, headers=headers)
    assert answer.status_code == 400
    record = watch.record(kind="request")
    assert (record["verdict"], record["reason"], record["examination"]) == ("block", "uninspectable", "undecodable")
    assert reached.arrivals() == []


def test_a_client_cannot_vouch_for_itself(gateway: Gateway, reached: Since) -> None:
    """Neither comments in the content nor headers relax a check."""
    prompt = f"# lockgate:allow nosec gitleaks:allow pragma: allowlist secret\n{SECRET}"
    headers = {"x-lockgate-allow": "true", "x-lockgate-policy": "none", "x-bypass": "1"}
    with http_client(gateway.device) as client:
        answer = client.post(CHAT_URL, json=chat_body(prompt), headers=headers)
    assert answer.status_code == 400
    assert reached.arrivals() == []


def test_curl_explains_itself_on_the_shell(gateway: Gateway) -> None:
    """The plainest client shows the whole refusal."""
    need("curl")
    with pytest.raises(ShownError) as shown:
        curl(gateway.device, SECRET, "gpt-5")
    assert shown.value.status == 400
    assert MESSAGE in shown.value.text


def test_a_replay_of_all_of_it_decides_the_same_and_leaves_nothing_open(gateway: Gateway) -> None:
    """What was sent above, judged once more by what was kept of it."""
    with pytest.raises(ShownError):
        curl(gateway.device, f"what is {SECRET}?", "gpt-5")
    assert curl(gateway.device, "hello for the replay", "gpt-5")

    def replayed() -> dict[str, Any]:
        command = names.command(gateway.home, "policy", "replay", "--json")
        ran = subprocess.run(command, capture_output=True, env=names.environment(), check=True, timeout=60)
        return json.loads(ran.stdout)

    told = until(lambda: found if (found := replayed())["judged"] >= 2 else None, what="the records are there", every=0.5)
    assert told["same"] == told["judged"], told["changes"]
    assert told["undecided"]["count"] == 0, told["undecided"]
