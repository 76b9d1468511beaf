"""Coaching, with people and programs: who is stopped reads why, answers, and goes on; nobody answers in their place."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator

import anthropic
import httpx
import openai
import pytest
import yaml
from harness import names
from harness.browser import browser_on, chromium
from harness.clients import CHAT_URL, anthropic_messages, chat_body, http_client, openai_chat
from harness.coaching import LINK, acknowledge, form_at
from harness.components import absent
from harness.gateway import Gateway, Person, StartGateway
from harness.policies import DETECTOR_FILES, NO_CODENAMES, SECRET
from harness.sockets import RESPONSES, heard, prompt
from harness.upstream import Since
from harness.waiting import until
from playwright.sync_api import Browser, Page, expect
from upstream.answering import TAIL
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from lockgate.identity import hash_password

READ_FIRST = "Customers' names stay out of assistants."
POLICY = f"""
version: 1
default: allow
on_uninspectable: block
contact: help@example.com
approved_alternative: https://chatgpt.com/
rules:
  - id: read-first
    message: {READ_FIRST}
    when: {{app.id: [perplexity, openai-api, anthropic-api]}}
    then: coach
  - id: say-why
    message: This assistant is not reviewed yet.
    when: {{app.id: deepseek}}
    then: {{coach: {{ask: justify, for: 5d}}}}
  - id: before-prompts
    message: {READ_FIRST}
    when: {{app.id: chatgpt, operation: send_prompt}}
    then: coach
  - id: for-a-moment
    when: {{app.id: mistral-api}}
    then: {{coach: {{for: 2s}}}}
{NO_CODENAMES}
"""
ANSWER = 'article[data-role="assistant"]'
PASSWORD = "open sesame open"
HASH = hash_password(PASSWORD)
"""One for all of them: to add ten people one by one takes longer than the tests."""
PEOPLE = tuple(
    Person(name=name, password=PASSWORD) for name in ("ada", "ben", "cid", "dot", "eve", "fay", "gus", "hal", "ivy", "jan")
)
ADA, BEN, CID, DOT, EVE, FAY, GUS, HAL, IVY, JAN = PEOPLE
MISTRAL = "https://api.mistral.ai/v1/chat/completions"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    entries = [{"name": person.name, "password": HASH, "groups": []} for person in PEOPLE]
    files = {**DETECTOR_FILES, "users.yaml": yaml.safe_dump({"users": entries})}
    return start_gateway(POLICY, files=files, workers=2, clients={"login": True})


@pytest.fixture(scope="module")
def browser(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as running:
        yield running


def page_of(browser: Browser, gateway: Gateway, person: Person) -> Page:
    """A browser window in which this person logs in to the proxy."""
    proxy = {"server": f"http://{gateway.device.address}", "username": person.name, "password": person.password}
    return browser.new_context(proxy=proxy).new_page()  # type: ignore[arg-type]


def client_of(gateway: Gateway, person: Person) -> httpx.Client:
    return http_client(gateway.device_of(person))


def ask(client: httpx.Client, prompt: str = "hello", url: str = CHAT_URL) -> httpx.Response:
    return client.post(url, json=chat_body(prompt))


def link_in(answer: httpx.Response) -> str:
    """The link of a refusal, which has to be one in the vendor's dialect that is not tried again."""
    assert answer.status_code == 400
    assert answer.headers["x-should-retry"] == "false"
    assert answer.headers[names.REASON_HEADER] == "acknowledgement_required"
    return LINK.findall(answer.json()["error"]["message"] if "error" in answer.json() else answer.text)[0]


def test_a_person_who_opens_an_app_reads_why_and_goes_on(browser: Browser, gateway: Gateway, reached: Since) -> None:
    watch, page = gateway.watch(), page_of(browser, gateway, ADA)
    page.goto("https://www.perplexity.ai/?q=private+words")
    assert page.url.startswith("https://lockgate.internal/coach/")
    assert "private" not in page.url
    shown = page.inner_text("body")
    for words in (READ_FIRST, "Perplexity", "read-first", "8 hours", "help@example.com"):
        assert words in shown
    assert reached.arrivals() == []
    page.click("button")
    page.wait_for_url("https://www.perplexity.ai/?q=private+words")
    stopped, passed = watch.records(host="www.perplexity.ai", path="/", kind="request")[:2]
    assert (stopped["verdict"], stopped["rule"], stopped["reason"]) == ("coach", "read-first", "acknowledgement_required")
    assert (passed["verdict"], passed["acknowledged"]) == ("allow", ["read-first"])


def test_a_reason_that_is_too_short_is_asked_for_once_more(browser: Browser, gateway: Gateway) -> None:
    page = page_of(browser, gateway, ADA)
    page.goto("https://chat.deepseek.com/")
    page.fill("textarea", "because")
    page.click("button")
    assert "Please say a little more: 20 characters at least, 13 more than now." in page.inner_text("#missing")
    assert page.input_value("textarea") == "because"
    page.fill("textarea", "A comparison of public answers")
    page.click("button")
    page.wait_for_url("https://chat.deepseek.com/")
    listed = lockgate(gateway, "acknowledgements", "list", "--user", ADA.name, "--rule", "say-why")
    assert "ada" in listed
    assert "comparison" not in listed
    assert "comparison" not in str(gateway.records())
    (number,) = re.findall(r"\b[0-9a-f]{16}\b", listed)
    assert "A comparison of public answers" in lockgate(gateway, "acknowledgements", "show", number, "--open")


def test_a_person_is_coached_inside_the_chat(browser: Browser, gateway: Gateway, reached: Since) -> None:
    page = page_of(browser, gateway, BEN)
    page.goto("https://chatgpt.com/?model=gpt-5")
    page.fill("#prompt-textarea", "hello there")
    page.click("#send")
    page.wait_for_selector(f"{ANSWER}[data-status=finished_successfully]")
    shown = page.inner_text(ANSWER)
    assert READ_FIRST in shown
    assert [arrival for arrival in reached.arrivals("chatgpt.com") if arrival.method == "POST"] == []
    (link,) = LINK.findall(shown)
    desk = page.context.new_page()
    desk.goto(link)
    desk.click("button")
    expect(desk.locator("h1")).to_have_text("Thank you")
    assert "Go back to where you were, and send it again." in desk.inner_text("body")

    def answered() -> bool:
        page.goto("https://chatgpt.com/?model=gpt-5")
        page.fill("#prompt-textarea", "hello again")
        page.click("#send")
        page.wait_for_selector(f"{ANSWER}[data-status=finished_successfully], {ANSWER}[data-ended]")
        return TAIL in page.inner_text(ANSWER)

    until(answered, seconds=5, what="the prompt passes")


@pytest.mark.parametrize(
    ("sdk_asks", "person", "error"),
    [(openai_chat, CID, openai.BadRequestError), (anthropic_messages, DOT, anthropic.BadRequestError)],
    ids=["openai", "anthropic"],
)
def test_an_sdk_raises_an_error_with_the_link_and_then_works(sdk_asks, person, error, gateway: Gateway, reached: Since) -> None:
    watch, device = gateway.watch(), gateway.device_of(person)
    with pytest.raises(error) as raised:
        sdk_asks(device, "hello", "some-model")
    (link,) = LINK.findall(str(raised.value))[:1]
    assert READ_FIRST in str(raised.value)
    assert [arrival for arrival in reached.arrivals() if arrival.method == "POST"] == []
    assert len(watch.records(user=person.name, kind="request")) == 1
    with client_of(gateway, person) as client:
        assert "Thank you" in acknowledge(client, link).text
    until(lambda: passes(lambda: sdk_asks(device, "hello", "some-model"), error), seconds=2, what="the SDK is answered")


def passes(attempt, error: type[Exception]) -> bool:
    try:
        return "You said: hello" in attempt()
    except error:
        return False


def test_a_websocket_is_refused_with_the_link_and_opens_once_it_is_acknowledged(gateway: Gateway, reached: Since) -> None:
    device = gateway.device_of(JAN)

    def said() -> str:
        with connect(RESPONSES, proxy=device.proxy, ssl=device.tls_of_sockets) as socket:
            socket.send(prompt("hello"))
            return heard(socket)

    with pytest.raises(InvalidStatus) as refused:
        said()
    told = refused.value.response.body.decode()
    assert READ_FIRST in told
    with client_of(gateway, JAN) as client:
        acknowledge(client, LINK.findall(told)[0])
        until(lambda: ask(client).status_code == 200, seconds=2, what="both workers know")
    until(lambda: passes(said, InvalidStatus), seconds=5, what="it opens")
    assert prompt("hello") in {message for arrival in reached.arrivals() for message in arrival.messages}


def test_rules_below_still_count_once_it_is_acknowledged(gateway: Gateway) -> None:
    watch = gateway.watch()
    with client_of(gateway, EVE) as client:
        acknowledge(client, link_in(ask(client)))
        until(lambda: ask(client).status_code == 200, seconds=2, what="a harmless prompt passes")
        answer = ask(client, f"about {SECRET}")
    assert answer.status_code == 400
    assert "no-codenames" in answer.text
    assert LINK.search(answer.text) is None
    record = watch.record(rule="no-codenames")
    assert (record["verdict"], record["acknowledged"]) == ("block", ["read-first"])


def test_every_worker_knows_within_two_seconds_and_so_do_new_ones(gateway: Gateway) -> None:
    with client_of(gateway, FAY) as client:
        acknowledge(client, link_in(ask(client)))

    def everywhere() -> bool:
        watch, answers = gateway.watch(), []
        for _ in range(12):
            with client_of(gateway, FAY) as client:
                answers.append(ask(client).status_code)
        return set(answers) == {200} and len({record["worker"] for record in watch.records(user=FAY.name)}) == 2

    until(everywhere, seconds=20, what="two workers let pass")
    old = gateway.workers()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(gateway.workers()) - set(old)) == 2, seconds=60, what="two new workers", every=0.2)

    def one() -> int:
        try:
            with client_of(gateway, FAY) as client:
                return ask(client).status_code
        except httpx.TransportError:
            return 0

    assert until(one, seconds=60, what="somebody answers", every=0.2) == 200


def test_it_holds_for_as_long_as_the_rule_says(gateway: Gateway) -> None:
    with client_of(gateway, GUS) as client:
        link = LINK.findall(ask(client, url=MISTRAL).text)[0]
        acknowledge(client, link)
        until(lambda: ask(client, url=MISTRAL).status_code == 200, seconds=2, what="it passes")
        until(lambda: ask(client, url=MISTRAL).status_code == 400, seconds=10, what="it is asked again")
        used = client.get(link)
    assert used.status_code == 410
    assert "This link was used" in used.text


def test_what_is_revoked_is_asked_for_again(gateway: Gateway) -> None:
    with client_of(gateway, HAL) as client:
        link = link_in(ask(client))
        acknowledge(client, link)
        until(lambda: ask(client).status_code == 200, seconds=2, what="it passes")
        assert "1 acknowledgement revoked" in lockgate(gateway, "acknowledgements", "revoke", "--user", HAL.name)
        until(lambda: ask(client).status_code == 400, seconds=2, what="it is asked again")
        until(lambda: client.get(link).status_code == 410, seconds=2, what="the other worker knows that the link was used")


def test_a_link_is_for_nobody_else(gateway: Gateway) -> None:
    with client_of(gateway, IVY) as ivy, client_of(gateway, EVE) as eve, http_client(gateway.device) as nobody:
        link = link_in(ask(ivy))
        form = form_at(ivy, link)
        forged = link.replace("/coach/", "/coach/A")
        for stranger in (eve.get(link), ivy.get(forged), ivy.get(f"{names.PORTAL}/coach/")):
            assert stranger.status_code == 404
            assert "This link cannot be opened here" in stranger.text
            assert "read-first" not in stranger.text
        assert nobody.get(link).status_code == 407
        assert eve.post(f"{names.PORTAL}/coach", data=form, headers={"origin": names.PORTAL}).status_code == 404
        assert ask(ivy).status_code == 400
        assert "ivy" not in lockgate(gateway, "acknowledgements", "list", "--user", IVY.name, "--rule", "read-first")


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "null"}, {"origin": "https://chatgpt.com"}, {"origin": names.PORTAL, "sec-fetch-site": "cross-site"}],
    ids=["none", "hidden", "site", "said-by-metadata"],
)
def test_a_form_from_elsewhere_acknowledges_nothing(headers: dict[str, str], gateway: Gateway) -> None:
    with client_of(gateway, IVY) as client:
        form = form_at(client, link_in(ask(client)))
        answer = client.post(f"{names.PORTAL}/coach", data=form, headers=headers)
        assert answer.status_code == 403
        assert ask(client).status_code == 400


def test_no_page_in_a_browser_can_answer_for_its_user(browser: Browser, gateway: Gateway) -> None:
    """Even one that got hold of a form of this very person."""
    with client_of(gateway, IVY) as client:
        form = form_at(client, link_in(ask(client)))["form"]
    page = page_of(browser, gateway, IVY)
    page.goto("https://chatgpt.com/")
    with page.expect_navigation():
        page.evaluate(
            """form => {
                const sent = document.createElement("form");
                sent.method = "post";
                sent.action = "https://lockgate.internal/coach";
                const field = sent.appendChild(document.createElement("input"));
                [field.name, field.value] = ["form", form];
                document.body.append(sent);
                sent.submit();
            }""",
            form,
        )
    assert "Nothing was acknowledged." in page.inner_text("body")
    with client_of(gateway, IVY) as client:
        assert ask(client).status_code == 400


def test_the_page_cannot_be_framed(gateway: Gateway) -> None:
    with client_of(gateway, IVY) as client:
        page = client.get(link_in(ask(client)))
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


def test_a_form_that_is_too_long_is_not_read(gateway: Gateway) -> None:
    with client_of(gateway, IVY) as client:
        answer = client.post(f"{names.PORTAL}/coach", content=b"words=" + b"x" * 100_000, headers={"origin": names.PORTAL})
    assert answer.status_code == 413


def lockgate(gateway: Gateway, *arguments: str) -> str:
    """What a command of the operator's says."""
    command = names.command(gateway.home, *arguments)
    ran = subprocess.run(command, capture_output=True, env=names.environment(), check=False, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
