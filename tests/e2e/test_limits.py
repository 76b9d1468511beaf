"""Limits at a real gateway with two workers: what SDKs, a page and an operator see."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from harness.browser import browser_on, chromium
from harness.clients import CHAT_URL, anthropic_messages, chat_body, http_client, openai_chat
from harness.components import absent
from harness.gateway import Gateway, StartGateway, children_of, command_line
from harness.upstream import Since
from harness.waiting import until

MESSAGE = "Three prompts an hour are enough for this test."
POLICY = f"""
version: 1
default: allow
rules:
  - id: few
    message: {MESSAGE}
    when: {{app.known: true}}
    then: {{limit: {{prompts: 3, per: address, window: 1h}}}}
  - {{id: first, when: {{history.first_use: true}}, then: {{tag: first-use}}}}
"""
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def gateway(start_own_gateway: StartGateway) -> Gateway:
    return start_own_gateway(POLICY, workers=2)


def post(gateway: Gateway, prompt: str = "hello") -> httpx.Response:
    with http_client(gateway.device) as client:
        return client.post(CHAT_URL, json=chat_body(prompt))


def used(gateway: Gateway) -> int:
    """As the operator is told."""
    command = [sys.executable, "-m", "lockgate", "--home", str(gateway.home), "usage", "list", "--all", "--json"]
    rows = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return max((row["used"] for row in rows), default=0)


@pytest.mark.parametrize("ask", [openai_chat, anthropic_messages], ids=["openai", "anthropic"])
def test_an_sdk_that_reaches_a_limit_raises_its_own_error_after_one_try(
    ask: Callable[..., str], gateway: Gateway, reached: Since
) -> None:
    watch = gateway.watch()
    for number in range(3):
        assert ask(gateway.device, f"hello {number}", "gpt-5")
    until(lambda: used(gateway) == 3, what="the counts arrive")
    until(lambda: post(gateway).status_code == 429 and post(gateway).status_code == 429, what="every worker knows", every=0.5)
    before = len(watch.records(reason="limit_reached"))
    with pytest.raises(Exception) as raised:
        ask(gateway.device, "one more", "gpt-5")
    assert type(raised.value).__name__ == "RateLimitError"
    assert MESSAGE in str(raised.value)
    assert "3 prompts per hour" in str(raised.value)
    assert raised.value.status_code == 429  # type: ignore[attr-defined]  # of both vendors' errors
    assert len(watch.records(reason="limit_reached")) == before + 1
    assert len(reached.arrivals()) == 3


def test_many_at_once_pass_no_more_than_there_is_room_for_in_each_worker(gateway: Gateway, reached: Since) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: post(gateway, f"hello {number}"), range(24)))
    passed = [answer for answer in answers if answer.status_code == 200]
    assert 3 <= len(passed) <= 6  # three, and what the other worker let through before it heard
    assert len(reached.arrivals()) == len(passed)
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.headers["x-should-retry"], refused.headers["x-lockgate-reason"]) == ("false", "limit_reached")
    assert 0 < int(refused.headers["retry-after"]) <= 3660
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"


@pytest.mark.timeout(400)
def test_restarts_and_a_killed_recorder_keep_the_counts_and_a_reset_drops_them(gateway: Gateway) -> None:
    assert post(gateway).status_code == 200
    until(lambda: used(gateway) == 1, seconds=60, what="the first count arrives")
    (recorder,) = [pid for pid in children_of(gateway.process.pid) if b"recorder" in command_line(pid)]
    os.kill(recorder, signal.SIGKILL)
    assert post(gateway).status_code == 200
    until(lambda: used(gateway) == 2, seconds=90, what="what the killed recorder missed is told again", every=0.5)
    gateway.stop()
    gateway.start_again()
    assert post(gateway).status_code == 200
    until(lambda: used(gateway) == 3, seconds=60, what="the count after the restart")
    until(
        lambda: post(gateway).status_code == 429 and post(gateway).status_code == 429,
        seconds=60,
        what="every worker knows",
        every=0.5,
    )
    command = [sys.executable, "-m", "lockgate", "--home", str(gateway.home), "usage", "reset", "127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    until(lambda: post(gateway).status_code == 200, seconds=60, what="there is room again", every=0.5)


@pytest.fixture(scope="module")
def pages(start_gateway: StartGateway) -> Gateway:
    """One request to the model, and one prompt in the chat page."""
    few = POLICY.replace("prompts: 3", "requests: 1").replace("app.known: true", "app.id: openai-api")
    limit = "{prompts: 1, per: address, window: 1h}"
    chat = f"  - {{id: one, message: {MESSAGE}, when: {{app.id: chatgpt}}, then: {{limit: {limit}}}}}"
    return start_gateway(f"{few}{chat}\n")


def test_a_person_reads_in_the_chat_that_it_was_enough(pages: Gateway, reached: Since, tmp_path: Path) -> None:
    if chromium() is None:
        absent("chromium")
    with browser_on(pages.device, tmp_path) as browser:
        page = browser.new_page()
        for prompt in ("the first words", "more words"):
            page.goto("https://chatgpt.com/?model=gpt-5")
            page.fill("#prompt-textarea", prompt)
            page.click("#send")
            page.wait_for_selector("article[data-ended], #error:not([hidden])")
        shown = page.inner_text("body")
    assert MESSAGE in shown
    assert "1 prompt per hour" in shown
    asked = [arrival.body for arrival in reached.arrivals("chatgpt.com") if arrival.path == "/backend-api/f/conversation"]
    assert len(asked) == 1
    assert b"the first words" in asked[0]


def test_a_page_says_when_it_goes_on_and_pages_themselves_do_not_count(pages: Gateway) -> None:
    with http_client(pages.device) as client:
        assert client.get(CHAT_URL, headers=NAVIGATION).status_code != 429
        page = client.get(CHAT_URL, headers=NAVIGATION)
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 0
    assert "1 request per hour" in page.text
    assert "You can go on in about" in page.text
    assert MESSAGE in page.text


def test_the_first_use_of_an_app_is_told(pages: Gateway) -> None:
    watch = pages.watch()
    with http_client(pages.device) as client:
        client.post("https://api.deepseek.com/chat/completions", json=chat_body("hello"))
    assert watch.record(app="deepseek-api")["tags"] == ["first-use"]
