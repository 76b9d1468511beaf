"""The block page: says everything a person needs, runs and loads nothing."""

import base64
import hashlib
import html
import os
import re
import shutil
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import Request, Route, async_playwright

from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Answer
from lockgate.proxy.pages import BlockPage, block_page

FULL = BlockPage(
    host="claude.ai",
    app_name="Claude",
    reason=Reason.RULE,
    message="Credentials must not be pasted into AI services.",
    gateway_name="Acme Gateway",
    rule="no-secrets-to-ai",
    alternative="https://assistant.example.com/",
    contact="it-help@example.com",
    reference="9f2c61d8a0b4e7f3",
)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
READ_TOGETHER = (
    ("text", "card"), ("quiet", "card"), ("quiet", "ground"), ("text", "well"), ("accent", "card"), ("accent", "well"),
    ("accent-text", "accent"), ("warn", "warn-ground"), ("good", "good-ground"),
)  # fmt: skip
ATTACK = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


class Reading(HTMLParser):
    """Tags, links and shown text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.shown = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.shown += data


def read(answer: Answer) -> Reading:
    reading = Reading()
    reading.feed(answer.content.decode())
    return reading


def test_says_what_why_instead_whom_and_reference():
    text = block_page(FULL).content.decode()
    for said in (
        "Acme Gateway",
        "Claude",
        "claude.ai",
        FULL.message,
        "no-secrets-to-ai",
        "assistant.example.com",
        FULL.contact,
        FULL.reference,
    ):
        assert said in text


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_title_and_words(reason: Reason):
    answer = block_page(BlockPage(host="a.example", reason=reason))
    assert reason.explanation in html.unescape(answer.content.decode())
    assert answer.headers.get("x-lockgate-reason") == reason.value
    assert 400 <= answer.status < 600


@given(st.text(max_size=200).filter(str.strip))
def test_no_value_becomes_markup(value: str):
    """The page has the same tags whatever it is about."""
    plain = BlockPage(
        host="x", reason=Reason.RULE, message="x", rule="x", alternative="x", contact="x", reference="x", app_name="x"
    )
    hostile = BlockPage(
        host=value,
        reason=Reason.RULE,
        message=value,
        rule=value,
        alternative=f"<{value}",
        contact=f"<{value}",
        reference=value,
        app_name=value,
    )
    assert read(block_page(hostile)).tags == read(block_page(plain)).tags


def test_an_attack_is_shown_as_text():
    page = BlockPage(host=ATTACK, reason=Reason.RULE, message=ATTACK, gateway_name=ATTACK, contact=ATTACK, alternative=ATTACK)
    reading = read(block_page(page))
    assert "script" not in reading.tags
    assert "img" not in reading.tags
    assert ATTACK in reading.shown


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "https://", "//evil.example", "https://a b"])
def test_only_web_addresses_become_links(address: str):
    reading = read(block_page(BlockPage(host="a.example", reason=Reason.RULE, alternative=address, contact=address)))
    assert "a" not in reading.tags


def test_a_mail_address_becomes_a_message_that_names_the_reference():
    links = [value for name, value in read(block_page(FULL)).attributes if name == "href" and value]
    mail = next(link for link in links if link.startswith("mailto:"))
    assert mail.startswith("mailto:it-help@example.com?subject=")
    assert FULL.reference in mail


@pytest.mark.parametrize(
    "contact", ["a@b.example?bcc=evil@example.com", "a@b.example,c@d.example", "a b@c.example", "help desk", "@b.example"]
)
def test_a_contact_cannot_smuggle_mail_fields(contact: str):
    assert b"mailto:" not in block_page(BlockPage(host="a.example", reason=Reason.RULE, contact=contact)).content


def test_nothing_is_loaded_and_nothing_runs():
    answer = block_page(FULL)
    policy = answer.headers.get("content-security-policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy
    assert "allow-scripts" not in policy
    reading = read(answer)
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(reading.tags)
    assert not {"src", "style", "onclick", "action"} & {name for name, _ in reading.attributes}


def test_the_style_sheet_is_the_one_the_policy_allows():
    answer = block_page(FULL)
    style = re.search(rb"<style>(.*?)</style>", answer.content, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers.get("content-security-policy")


def test_headers_keep_the_page_out_of_caches_and_the_address_out_of_referrers():
    headers = block_page(FULL).headers
    assert headers.get("cache-control") == "no-store"
    assert headers.get("referrer-policy") == "no-referrer"
    assert headers.get("x-lockgate-reference") == FULL.reference
    assert headers.get("content-length") == str(len(block_page(FULL).content))


def test_title_and_status_can_be_given():
    answer = block_page(BlockPage(host="a.example", reason=Reason.RULE, title="Closed for today", status=451))
    assert answer.status == 451
    assert b"<h1>Closed for today</h1>" in answer.content


def test_colours_have_enough_contrast_in_both_schemes():
    """WCAG 2.2 success criterion 1.4.3: 4.5 to 1 for text."""
    style = block_page(FULL).content.decode()
    schemes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", scheme))
        for front, back in READ_TOGETHER:
            assert contrast(colour[front], colour[back]) >= 4.5, (front, back)


async def test_in_a_browser_the_page_is_styled_cut_off_from_the_site_and_its_links_work():
    """The sandbox of the policy takes the site's origin away, and must not take the way out with it."""
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed")

    async def network(route: Route, request: Request) -> None:
        if request.url.startswith("https://claude.ai"):
            answer = block_page(FULL)
            await route.fulfill(status=answer.status, headers=dict(answer.headers.pairs), body=answer.content)
        else:
            await route.fulfill(status=200, content_type="text/html", body="<h1>the assistant</h1>")

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": 360, "height": 800})
        await page.route("**/*", network)
        await page.goto("https://claude.ai/new?q=something-private")
        assert await page.evaluate("self.origin") == "null"
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.evaluate("getComputedStyle(document.querySelector('.button')).borderRadius") == "8px"
        async with page.expect_request("https://assistant.example.com/") as asked:
            await page.click("a.button")
        request = await asked.value
        assert "referer" not in await request.all_headers()
        assert await page.inner_text("h1") == "the assistant"
        await browser.close()


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
