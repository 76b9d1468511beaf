"""Assistants in a real browser: each page talks as the app's own does, and a person reads the answer or why there is none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from harness.browser import browser_on, chromium
from harness.components import absent
from harness.gateway import Gateway, Record, StartGateway, Watch
from harness.policies import DETECTOR_FILES, MESSAGE, NO_CODENAMES, SECRET
from harness.upstream import Arrival, Since, Upstream
from harness.waiting import until
from playwright.sync_api import Browser, Error, FilePayload, Page
from upstream.answering import TAIL

POLICY = f"""
version: 1
default: allow
on_uninspectable: block
contact: help@example.com
rules:
{NO_CODENAMES}
"""
ANSWER = 'article[data-role="assistant"][data-ended]'

APPS = {
    "claude": ("https://claude.ai/", "/completion", "#error"),
    "gemini": ("https://gemini.google.com/", "/StreamGenerate", ANSWER),
    "notebooklm": ("https://notebooklm.google.com/", "/GenerateFreeFormStreamed", ANSWER),
    "deepseek": ("https://chat.deepseek.com/", "/api/v0/chat/completion", "#error"),
    "perplexity": ("https://www.perplexity.ai/", "/rest/sse/perplexity_ask", ANSWER),
    "le-chat": ("https://chat.mistral.ai/", "/api/trpc/message.newChat", "#error"),
    "huggingchat": ("https://huggingface.co/chat/", "/chat/conversation/", ANSWER),
    "meta-ai": ("https://www.meta.ai/", "/api/graphql", ANSWER),
    "notion-ai": ("https://www.notion.so/", "/api/v3/runInferenceTranscript", ANSWER),
    "github-copilot": ("https://api.individual.githubcopilot.com/", "/github/chat/threads/", "#error"),
}
"""App: its page, what of the prompt's path tells it, and where a person reads a refusal."""


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(POLICY, files=DETECTOR_FILES)


@pytest.fixture(scope="module")
def page(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all: what an app keeps is its own origin's."""
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as browser:
        yield fresh(browser)


def fresh(browser: Browser) -> Page:
    page = browser.new_context().new_page()
    page.set_default_timeout(10_000)
    return page


def ask(page: Page, address: str, prompt: str, file: FilePayload | None = None, send: str = "#prompt") -> None:
    page.goto(address)
    page.fill(send, prompt)
    if file is not None:
        page.set_input_files("#file", files=[file])
    page.click("#send")


def stored(watch: Watch, count: int, wanted: Callable[[Record], bool]) -> list[Record]:
    """As many records as that, which are written behind the exchanges."""

    def found() -> list[Record]:
        records = [record for record in watch.stored() if wanted(record)]
        return records if len(records) >= count else []

    return until(found, what=f"{count} records", every=0.1)


def text_file(text: str) -> FilePayload:
    return {"name": "plan.txt", "mimeType": "text/plain", "buffer": text.encode()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a person saw of a prompt that may leave and of one that may not, and how many reached the app by then."""

    answer: str
    refusal: str
    arrived: tuple[int, int]


@pytest.fixture(scope="module")
def seen(page: Page, upstream: Upstream, gateway: Gateway) -> tuple[dict[str, Seen | str], list[Record]]:
    """Every app asked twice, or what went wrong, and then all records: reading them takes longer than asking."""
    watch = gateway.watch()
    found: dict[str, Seen | str] = {}
    for app, (address, path, refused_in) in APPS.items():
        reached = upstream.mark()
        try:
            ask(page, address, "name a river")
            answer = shown(page, ANSWER)
            first = len(prompts(reached, address, path))
            ask(page, address, f"tell me about {SECRET}")
            refusal = shown(page, refused_in)
        except Error as error:
            found[app] = str(error)
            continue
        found[app] = Seen(answer=answer, refusal=refusal, arrived=(first, len(prompts(reached, address, path))))
    return found, stored(watch, 2 * len(APPS), lambda record: any(path in record["path"] for _, path, _ in APPS.values()))


def shown(page: Page, where: str) -> str:
    page.wait_for_selector("body[data-idle]")
    return page.inner_text(where)


def prompts(reached: Since, address: str, path: str) -> list[Arrival]:
    return [arrival for arrival in reached.arrivals(address.split("/")[2]) if path in arrival.path]


@pytest.mark.parametrize("app", APPS)
def test_a_person_reads_the_answer_or_why_there_is_none(app: str, seen: tuple[dict[str, Seen | str], list[Record]]) -> None:
    found = seen[0][app]
    assert isinstance(found, Seen), found
    assert found.answer == f"You said: name a river | {TAIL}"
    for words in (MESSAGE, "no-codenames", "help@example.com"):
        assert words in found.refusal
    assert found.arrived == (1, 1), "what was refused did not leave, and nothing was tried twice"


@pytest.mark.parametrize("app", APPS)
def test_both_prompts_are_recorded_as_prompts_of_the_app(app: str, seen: tuple[dict[str, Seen | str], list[Record]]) -> None:
    address, path, _ = APPS[app]
    found, records = seen
    own = [record for record in records if record["host"] == address.split("/")[2] and path in record["path"]]
    assert [(record["app"], record["operation"], record["verdict"]) for record in own] == [
        (app, "send_prompt", "allow"),
        (app, "send_prompt", "block"),
    ]
    said = found[app]
    assert isinstance(said, Seen)
    assert own[1]["id"] in said.refusal


@pytest.mark.parametrize("app", ["claude", "notebooklm", "huggingchat", "github-copilot"])
def test_what_goes_along_with_a_prompt_is_looked_into(app: str, page: Page, reached: Since) -> None:
    """A file read by the page, a pasted source, base64 in a form, code beside a question."""
    address, path, _ = APPS[app]
    ask(page, address, "what is in it", text_file(f"all about {SECRET}"))
    assert MESSAGE in shown(page, "body")
    assert prompts(reached, address, path) == []


def test_a_file_is_registered_stored_processed_and_named(page: Page, gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    ask(page, "https://chatgpt.com/", "what is in it", text_file("a plan for the summer"), send="#prompt-textarea")
    page.wait_for_selector(ANSWER)
    assert page.inner_text(ANSWER) == f"You said: what is in it | {TAIL}"
    put = next(arrival for arrival in reached.arrivals("sdmntprwestus.oaiusercontent.com") if arrival.method == "PUT")
    assert put.body == b"a plan for the summer"
    done = stored(watch, 5, lambda record: record["method"] in ("POST", "PUT"))
    assert [(record["app"], record["operation"], record["path"].rpartition("/")[2]) for record in done] == [
        ("chatgpt", "upload", "files"),
        ("chatgpt", "upload", "raw"),
        ("chatgpt", "upload", "process_upload_stream"),
        ("chatgpt", "send_prompt", "prepare"),
        ("chatgpt", "send_prompt", "conversation"),
    ]
    prompt = next(arrival for arrival in reached.arrivals("chatgpt.com") if arrival.path.endswith("/f/conversation"))
    assert b'"id":"file-Abc1"' in prompt.body


def test_a_file_that_must_not_leave_is_refused_where_its_bytes_go(page: Page, reached: Since) -> None:
    ask(page, "https://chatgpt.com/", "what is in it", text_file(f"all about {SECRET}"), send="#prompt-textarea")
    page.wait_for_selector("#error:not([hidden])")
    shown = page.inner_text("#error")
    assert "Upload failed" in shown
    assert MESSAGE in shown
    assert [arrival for arrival in reached.arrivals("sdmntprwestus.oaiusercontent.com") if arrival.method == "PUT"] == []
