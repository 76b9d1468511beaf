"""Headers that rules set, as they arrive: from SDKs, a browser, curl and a WebSocket, whatever the client sent of its own."""

import ssl
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from harness.browser import browser_on, chromium
from harness.clients import http_client, new_body
from harness.components import absent
from harness.gateway import Gateway, Person, StartGateway
from harness.upstream import Since, Upstream
from harness.wire import Http2, RawServer, answer_to, encrypted
from websockets.sync.client import connect

ADA = Person(name="ada", password="correct-horse", groups=("engineering", "staff"))
ORGANISATION, WORKSPACE = "org-ours0001", "11111111-2222-3333-4444-555555555555"
NAME = "openai-allowed-organization-ids"
POLICY = f"""
version: 1
default: allow
rules:
  - id: our-accounts
    when: {{app.known: true}}
    then:
      - tenant_control: {{openai: {WORKSPACE}, openai-api: [{ORGANISATION}, org-ours0002], microsoft-consumer: true}}
      - set_headers: {{X-Asked-By: "${{user}}", X-Groups: "${{groups}}", X-Device: "${{device.id}}"}}
      - remove_headers: [X-Debug]
  - id: too-late
    then: {{set_headers: {{X-Asked-By: somebody}}}}
"""
OURS = f"{ORGANISATION},org-ours0002"


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(POLICY, people=(ADA,))


def test_the_openai_sdk_cannot_bring_another_organisation(gateway: Gateway, reached: Since) -> None:
    from openai import OpenAI

    theirs = {"OpenAI-Allowed-Organization-Ids": "org-theirs", "X-Debug": "1", "x-device": "mine"}
    with http_client(gateway.device) as http, OpenAI(api_key="test", http_client=http, default_headers=theirs) as client:
        client.chat.completions.create(model="gpt-5", messages=new_body()["messages"])
        client.chat.completions.create(model="gpt-5", messages=new_body()["messages"], stream=True).close()
    for arrival in reached.arrivals("api.openai.com"):
        assert arrival.headers[NAME] == OURS
        assert not {"x-debug", "x-device", "x-asked-by", "chatgpt-allowed-workspace-id"} & set(arrival.headers)
        assert arrival.headers["authorization"] == "Bearer test"


def test_curl_says_who_asks_and_the_record_names_the_headers_only(gateway: Gateway, reached: Since) -> None:
    watch = gateway.watch()
    device = gateway.device_of(ADA)
    own = ["-H", f"{NAME}: org-theirs", "-H", "X-Groups;"]
    command = ["curl", "--silent", "--show-error", *own, "https://api.openai.com/v1/models"]
    ran = subprocess.run(command, env=device.environment(), capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    (arrival,) = reached.arrivals()
    assert [arrival.headers[name] for name in (NAME, "x-asked-by", "x-groups")] == [OURS, "ada", "engineering,staff"]
    record = watch.record(kind="request")
    assert record["headers"] == [f"set:{NAME}", "set:x-asked-by", "set:x-groups", "removed:x-debug", "left_out:x-device"]
    assert ORGANISATION not in str(record)
    assert f"set:{NAME}" in gateway.shown(record["id"])


def test_a_page_in_a_browser_is_kept_to_the_workspace(
    gateway: Gateway, reached: Since, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if chromium() is None:
        absent("chromium")
    with browser_on(gateway.device, tmp_path_factory.mktemp("browser")) as browser:
        page = browser.new_context(extra_http_headers={"ChatGPT-Allowed-Workspace-Id": "theirs"}).new_page()
        page.goto("https://chatgpt.com/")
        page.fill("#prompt-textarea", "hello from a workspace")
        page.click("#send")
        page.wait_for_selector('article[data-role="assistant"][data-ended]')
    arrivals = reached.arrivals("chatgpt.com")
    assert {arrival.path for arrival in arrivals} >= {"/", "/backend-api/f/conversation"}
    assert {arrival.headers.get("chatgpt-allowed-workspace-id") for arrival in arrivals} == {WORKSPACE}


def test_the_request_that_opens_a_websocket_has_them_too(gateway: Gateway, reached: Since) -> None:
    theirs = {NAME: "org-theirs", "Authorization": "Bearer test"}
    url = "wss://api.openai.com/v1/responses"
    with connect(url, ssl=gateway.device.tls_of_sockets, proxy=gateway.device.proxy, additional_headers=theirs):
        pass
    (arrival,) = reached.wait(lambda found: [each for each in found if each.kind == "websocket"], "the WebSocket")
    assert arrival.headers[NAME] == OURS


def test_hosts_that_are_not_the_vendors_and_tunnels_get_none(gateway: Gateway, upstream: Upstream, reached: Since) -> None:
    tls = ssl.create_default_context(cafile=str(upstream.root))
    with http_client(gateway.device) as client:
        assert client.get("https://api.anthropic.com/v1/models").status_code == 200
    with httpx.Client(proxy=gateway.device.proxy, verify=tls, trust_env=False) as client:
        assert client.get("https://www.example.org/").status_code < 500
    by_host = {arrival.host: arrival.headers for arrival in reached.arrivals()}
    assert not {NAME, "chatgpt-allowed-workspace-id", "sec-restrict-tenant-access-policy"} & set(by_host["api.anthropic.com"])
    assert "x-asked-by" not in by_host["www.example.org"], "it passes undecrypted"


@pytest.fixture
def server(upstream: Upstream) -> Iterator[RawServer]:
    running = RawServer(upstream)
    yield running
    running.close()


@pytest.fixture
def to_server(start_own_gateway: StartGateway, upstream: Upstream, server: RawServer) -> Gateway:
    return start_own_gateway(POLICY, upstream={"trust": [str(upstream.root)], "connect_to": {"*": server.address}})


def test_on_the_wire_they_stand_there_once_and_nobody_is_told_to_drop_them(to_server: Gateway, server: RawServer) -> None:
    head = (
        b"GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n"
        b"OpenAI-Allowed-Organization-Ids: org-a\r\nopenai-allowed-organization-ids: org-b\r\n"
        b"OpenAI_Allowed_Organization_Ids: org-c\r\nConnection: keep-alive, OpenAI-Allowed-Organization-Ids\r\n\r\n"
    )
    assert answer_to(encrypted(to_server), head).startswith(b"HTTP/1.1 200")
    received = server.received
    assert f"\r\nOpenAI-Allowed-Organization-Ids: {OURS}\r\n".encode() in received
    assert received.lower().replace(b"_", b"-").count(NAME.encode()) == 1
    server.forget()
    with Http2(to_server) as client:
        client.head(1, "GET", "/v1/models", (NAME, "org-a"), (NAME, "org-b"), end=True)
        assert client.status() == "200"
    assert server.received.lower().count(NAME.encode()) == 1
    assert f"{NAME}: {OURS}\r\n".encode() in server.received
