"""Where a person is sent by `redirect`: to the approved app, to the page about AI services, and never round in a circle."""

from collections.abc import Iterator

import pytest
from harness.browser import browser_on, chromium
from harness.clients import CHAT_URL, chat_body, http_client
from harness.components import absent
from harness.gateway import Gateway, Person, StartGateway
from harness.upstream import Since
from playwright.sync_api import Browser, Page

POLICY = """
version: 1
default: allow
contact: help@example.com
approved_alternative: chatgpt
rules:
  - {id: to-approved, message: Please use the approved one., when: {app.id: deepseek}, then: {redirect: {to: approved}}}
  - {id: to-app, message: Wrong one., when: {app.id: claude}, then: {redirect: {app: perplexity}}}
  - id: to-page
    message: Read about it.
    when: {app.id: [le-chat, openai-api]}
    then: {redirect: {to: education}}
  - {id: round, message: Not for guests., when: {app.id: perplexity, user: guest}, then: {redirect: {app: claude}}}
"""
GUEST = Person(name="guest", password="open sesame open")


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(POLICY, people=(GUEST,), clients={"login": True})


@pytest.fixture(scope="module")
def browser(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device_of(GUEST), tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_person_lands_at_the_approved_app(page: Page, reached: Since) -> None:
    page.goto("https://chat.deepseek.com/?q=private+words")
    assert page.url.startswith("https://chatgpt.com/?lockgate=")
    assert "private" not in page.url
    assert reached.arrivals("chat.deepseek.com") == []


def test_a_person_lands_at_the_page_about_ai_services(page: Page, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    page.goto("https://chat.mistral.ai/chat")
    assert page.url.startswith("http://lockgate.internal/learn?lockgate=")
    shown = page.inner_text("body")
    for words in ("AI services at your organisation", "ChatGPT", "help@example.com"):
        assert words in shown
    assert reached.arrivals() == []
    record = watch.record(host="chat.mistral.ai", path="/chat")
    assert (record["verdict"], record["rule"]) == ("redirect", "to-page")


def test_a_program_is_told_where_to_read_about_it(gateway: Gateway, reached: Since) -> None:
    with http_client(gateway.device_of(GUEST)) as client:
        answer = client.post(CHAT_URL, json=chat_body("hello"))
    assert answer.status_code == 400
    assert "http://lockgate.internal/learn" in answer.json()["error"]["message"]
    assert reached.arrivals() == []


def test_who_would_be_sent_round_in_a_circle_is_stopped_with_a_page(page: Page, reached: Since) -> None:
    """The circle depends on who asks, so that the policy could be loaded."""
    page.goto("https://claude.ai/new")
    assert page.url.startswith("https://www.perplexity.ai/")
    assert "Not for guests." in page.inner_text("body")
    assert reached.arrivals() == []
