"""An isolated app in a real browser: it can be opened and read, and nothing that somebody writes, pastes or attaches leaves."""

from collections.abc import Iterator

import pytest
from harness.browser import browser_on, chromium
from harness.clients import http_client
from harness.components import absent
from harness.gateway import Gateway, StartGateway
from harness.upstream import Since
from playwright.sync_api import FilePayload, Page

TOLD = "This assistant is for reading only."
POLICY = f"""
version: 1
default: allow
rules:
  - {{id: for-reading, message: "{TOLD}", when: {{app.id: chatgpt}}, then: isolate}}
"""


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(POLICY)


@pytest.fixture(scope="module")
def page(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as browser:
        page = browser.new_context().new_page()
        page.set_default_timeout(10_000)
        yield page


def test_the_page_opens_and_a_prompt_is_refused_in_the_chat(page: Page, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    page.goto("https://chatgpt.com/")
    page.fill("#prompt-textarea", "hello from a browser")
    page.click("#send")
    page.wait_for_selector(f"text={TOLD}")

    assert [arrival.path for arrival in reached.arrivals("chatgpt.com") if "conversation" in arrival.path] == []
    assert watch.record(path="/")["verdict"] == "allow"
    stopped = watch.record(path="/backend-api/f/conversation/prepare")
    assert (stopped["verdict"], stopped["reason"], stopped["rule"]) == ("block", "isolated", "for-reading")


def test_a_file_is_not_even_announced(page: Page, reached: Since) -> None:
    page.goto("https://chatgpt.com/")
    page.set_input_files("#file", FilePayload(name="plan.txt", mimeType="text/plain", buffer=b"a plan"))
    page.fill("#prompt-textarea", "what is in it")
    page.click("#send")
    page.wait_for_selector(f"text={TOLD}")
    assert [arrival.method for arrival in reached.arrivals("chatgpt.com") if arrival.method != "GET"] == []


def test_what_somebody_pastes_does_not_leave_as_something_else(gateway: Gateway, reached: Since) -> None:
    """Figures of the page's own go on; as much as a pasted page does not, whatever it is called."""
    address = "https://chatgpt.com/ces/v1/t"
    with http_client(gateway.device) as client:
        short = client.post(address, json={"event": "seen"})
        pasted = client.post(address, json={"event": "a page of text " * 400})
    assert TOLD not in short.text
    assert (pasted.status_code, TOLD in pasted.text) == (400, True)
    assert len([arrival for arrival in reached.arrivals("chatgpt.com") if arrival.path == "/ces/v1/t"]) == 1
