"""A real browser at a real gateway: what a person sees in a chat page when a prompt goes through, is refused, or its
app is not for use.
"""

from collections.abc import Iterator

import pytest
from harness.browser import browser_on, chromium
from harness.components import absent
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, GUARDED, MESSAGE, SECRET
from harness.upstream import Since, Upstream
from playwright.sync_api import Browser, Page
from upstream.answering import TAIL

ANSWER = 'article[data-role="assistant"]'


@pytest.fixture(scope="module")
def gateway(share_gateway: StartGateway) -> Gateway:
    return share_gateway(GUARDED, DETECTOR_FILES)


@pytest.fixture(scope="module")
def browser(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a person who was never here."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def ask(page: Page, prompt: str, model: str = "gpt-5") -> None:
    page.goto(f"https://chatgpt.com/?model={model}")
    page.fill("#prompt-textarea", prompt)
    page.click("#send")


def test_a_person_reads_the_answer(page: Page, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    ask(page, "hello from a browser", model="chopped")
    page.wait_for_selector(f"{ANSWER}[data-ended]")
    assert page.inner_text(ANSWER) == f"You said: hello from a browser | {TAIL}"
    assert not page.is_visible("#error")
    record = watch.record(path="/backend-api/f/conversation")
    assert (record["app"], record["operation"], record["verdict"]) == ("chatgpt", "send_prompt", "allow")
    assert {arrival.path for arrival in reached.arrivals("chatgpt.com")} >= {"/", "/backend-api/f/conversation"}


def test_a_person_sees_the_answer_grow(page: Page, upstream: Upstream) -> None:
    paced = upstream.paced()
    ask(page, "hello slowly", model=paced.model)
    paced.grant(4)  # the encoding, a token, the empty message, its first word
    page.wait_for_function(f"document.querySelector('{ANSWER}')?.textContent === 'You'")
    assert paced.sent == 4
    paced.finish()
    page.wait_for_selector(f"{ANSWER}[data-ended]")
    assert TAIL in page.inner_text(ANSWER)


def test_a_person_reads_why_a_prompt_was_refused_in_the_chat_itself(page: Page, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    ask(page, f"tell me about {SECRET}")
    page.wait_for_selector(f"{ANSWER}[data-status=finished_successfully]")
    shown = page.inner_text(ANSWER)
    record = watch.record(path="/backend-api/f/conversation")
    for words in (MESSAGE, "no-codenames", "help@example.com", record["id"]):
        assert words in shown
    assert not page.is_visible("#error")
    assert (record["verdict"], record["rule"]) == ("block", "no-codenames")
    assert [arrival.path for arrival in reached.arrivals("chatgpt.com") if arrival.method == "POST"] == []


def test_the_draft_that_leaves_before_the_prompt_is_refused_too(page: Page, gateway: Gateway) -> None:
    watch = gateway.watch()
    ask(page, f"tell me about {SECRET}")
    page.wait_for_selector(f"{ANSWER}[data-status=finished_successfully]")
    record = watch.record(path="/backend-api/f/conversation/prepare")
    assert (record["verdict"], record["rule"]) == ("block", "no-codenames")


def test_a_person_who_opens_a_blocked_app_reads_a_page_about_it(page: Page, reached: Since) -> None:
    page.goto("https://www.perplexity.ai/")
    shown = page.inner_text("body")
    for words in ("Perplexity is not approved.", "help@example.com"):
        assert words in shown
    assert reached.arrivals() == []


def test_a_person_who_opens_another_app_lands_at_the_approved_one(page: Page, reached: Since) -> None:
    page.goto("https://chat.deepseek.com/?q=private+words")
    assert page.url.startswith("https://chatgpt.com/welcome?")
    assert "private" not in page.url
    assert reached.arrivals("chat.deepseek.com") == []


def test_a_site_outside_the_library_shows_its_own_certificate(page: Page, gateway: Gateway) -> None:
    """It passes undecrypted, so the browser meets an issuer it does not know and says so: not the gateway's."""
    watch = gateway.watch()
    with pytest.raises(Exception, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto("https://www.example.org/")
    record = watch.record(kind="tunnel", host="www.example.org")
    assert (record["verdict"], record["reason"]) == ("tunnel", "not_in_library")
