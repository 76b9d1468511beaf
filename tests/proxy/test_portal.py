"""The portal: downloads, steps, and a check that a real browser runs."""

import os
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, Request, Route, async_playwright

from lockgate.proxy.portal import Platform, PortalFacts, platform_of, portal_answer

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
PEM = b"-----BEGIN CERTIFICATE-----\nTm90IGEgcmVhbCBvbmU=\n-----END CERTIFICATE-----\n"
FACTS = PortalFacts(
    proxy_host="gateway.example.com",
    proxy_port=8080,
    ca_pem=PEM,
    ca_der=b"der",
    ca_p12=b"p12",
    ca_mobileconfig=b"<plist/>",
    fingerprint="AA:BB:CC",
    gateway_name="Acme Gateway",
    contact="it-help@example.com",
    pac="function FindProxyForURL() {}",
)
AGENTS = {
    Platform.WINDOWS: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
    Platform.MACOS: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
    Platform.IOS: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    Platform.ANDROID: "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
    Platform.LINUX: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
PAGES = ("/", "/check", "/bundle", "/learn", "/nowhere")


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/ca.pem", "application/x-pem-file", PEM),
        ("/ca.crt", "application/x-x509-ca-cert", b"der"),
        ("/ca.p12", "application/x-pkcs12", b"p12"),
        ("/ca.mobileconfig", "application/x-apple-aspen-config", b"<plist/>"),
        ("/proxy.pac", "application/x-ns-proxy-autoconfig", FACTS.pac.encode()),
        ("/ca.pem?now=1", "application/x-pem-file", PEM),
    ],
)
def test_downloads_have_the_type_that_devices_act_on(path: str, kind: str, content: bytes):
    answer = portal_answer(path, FACTS)
    assert (answer.status, answer.headers.get("content-type"), answer.content) == (200, kind, content)
    assert answer.headers.get("content-length") == str(len(content))


@pytest.mark.parametrize("platform", Platform)
def test_the_devices_own_steps_come_first_and_open(platform: Platform):
    assert platform_of(AGENTS[platform]) is platform
    page = portal_answer("/", FACTS, AGENTS[platform]).content.decode()
    summaries = re.findall(r"<details( open)?>\s*<summary>(.*?)</summary>", page)
    assert summaries[0] == (" open", f"{platform.value} (this device)")
    assert {name for _, name in summaries} >= {other.value for other in Platform if other is not platform}


def test_an_unknown_device_sees_all_steps_closed():
    page = portal_answer("/", FACTS, "curl/8.0").content.decode()
    assert "<details open>" not in page
    assert page.count("<details>") == len(Platform) + 2


def test_home_gives_proxy_setup_script_fingerprint_and_contact():
    page = portal_answer("/", FACTS).content.decode()
    for said in (
        "gateway.example.com:8080",
        "http://gateway.example.com:8080/proxy.pac",
        "AA:BB:CC",
        "it-help@example.com",
        "Acme Gateway",
    ):
        assert said in page


def test_the_page_about_ai_services_names_the_approved_ones_and_whom_to_ask():
    approved = (("Assistant <One>", "https://one.example.com/"), ("Assistant Two", ""), ("Three", "javascript:alert(1)"))
    page = portal_answer(
        "/learn", replace(FACTS, approved_apps=approved, alternative="https://one.example.com/")
    ).content.decode()
    assert 'Assistant &lt;One&gt;: <a href="https://one.example.com/"' in page
    assert "<li>Assistant Two</li>" in page
    assert "Go to one.example.com" in page
    assert "javascript:" not in page
    assert "it-help@example.com" in page


def test_the_page_about_ai_services_says_when_none_is_approved():
    page = portal_answer("/learn", replace(FACTS, contact="")).content.decode()
    assert "No service has been approved yet." in page
    assert "What to use instead" not in page
    assert "Please ask the people who look after your computer." in page


def test_an_ipv6_proxy_is_written_in_brackets():
    page = portal_answer("/", replace(FACTS, proxy_host="2001:db8::1")).content.decode()
    assert "http://[2001:db8::1]:8080/proxy.pac" in page


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_every_page_leads_somewhere(page: str):
    links = re.findall(r'href="(/[^"]*)"', portal_answer(page, FACTS).content.decode())
    assert links
    assert {portal_answer(link, FACTS).status for link in links} == {200}


def test_what_is_not_there_is_said_with_links_and_escaped():
    answer = portal_answer("/<script>alert(1)</script>", FACTS)
    assert answer.status == 404
    assert b"<script>" not in answer.content
    assert b"&lt;script&gt;" in answer.content


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_under_a_policy_that_loads_nothing_from_elsewhere(page: str):
    headers = portal_answer(page, FACTS).headers
    policy = headers.get("content-security-policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert ("script-src" in policy) == (page == "/check")
    assert headers.get("cache-control") == "no-store"


def test_shell_settings_join_the_systems_certificates_and_ours(tmp_path: Path):
    """Most variables replace a tool's list; the file they name must hold both, and sourcing twice must not grow it."""
    script = tmp_path / "env.sh"
    script.write_bytes(portal_answer("/env.sh", FACTS).content)
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["sh", "-euc", f". {script}; . {script}; env"], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    seen = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert seen["https_proxy"] == seen["HTTPS_PROXY"] == "http://gateway.example.com:8080"
    assert Path(seen["NODE_EXTRA_CA_CERTS"]).read_bytes() == PEM
    if "SSL_CERT_FILE" in seen:
        bundle = Path(seen["SSL_CERT_FILE"]).read_bytes()
        assert bundle.count(PEM) == 1
        assert bundle.count(b"BEGIN CERTIFICATE") > 1
        names = (
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "AWS_CA_BUNDLE",
            "GIT_SSL_CAINFO",
            "CODEX_CA_CERTIFICATE",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        )
        assert {seen[name] for name in names} == {seen["SSL_CERT_FILE"]}
    else:
        assert "no list of system certificates" in done.stderr


@pytest.fixture
async def browser():
    """A real Chromium. Absent one the test is skipped, but never in CI."""
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        await started.close()


def network(reachable: tuple[str, ...]) -> Callable[[Route, Request], Awaitable[None]]:
    """The portal as a browser sees it, when only the schemes in `reachable` get through to `/trusted`."""

    async def answer(route: Route, request: Request) -> None:
        scheme, _, rest = request.url.partition("://")
        path = "/" + rest.partition("/")[2]
        if path == "/trusted" and scheme not in reachable:
            await route.abort("namenotresolved" if scheme == "http" else "connectionfailed")
        else:
            given = portal_answer(path, FACTS)
            await route.fulfill(status=given.status, headers=dict(given.headers.pairs), body=given.content)

    return answer


@pytest.mark.parametrize(
    ("reachable", "verdict"),
    [(("http", "https"), "trusted"), (("http",), "untrusted"), ((), "no-proxy")],
)
async def test_the_check_page_tells_what_is_missing(browser: Browser, reachable: tuple[str, ...], verdict: str):
    """Runs under the page's own Content-Security-Policy; only the network is made up."""
    page = await browser.new_page()
    await page.route("**/*", network(reachable))
    await page.goto("http://lockgate.internal/check")
    await page.wait_for_selector(f"#verdict[data-shown={verdict}]", timeout=20_000)
    shown = [await part.get_attribute("data-verdict") for part in await page.query_selector_all("[data-verdict]:not([hidden])")]
    assert shown == [verdict]


async def test_pages_are_styled_and_fit_a_phone(browser: Browser):
    page = await browser.new_page(viewport={"width": 360, "height": 800})
    await page.route("**/*", network(()))
    for path in PAGES:
        await page.goto(f"http://lockgate.internal{path}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "14px", path
