"""A change of the home is live without a restart; one that cannot be used is refused, and the old one
stays.
"""

import json
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml
from harness import names
from harness.clients import CHAT_URL, chat_body, http_client
from harness.gateway import Gateway, StartGateway, free_port
from harness.policies import ALLOW_ALL, BLOCK_ALL_AI
from harness.upstream import Since, Upstream
from harness.waiting import until

REFUSED = "the old configuration stays"


@pytest.fixture(scope="module")
def lasting(start_gateway: StartGateway) -> Gateway:
    return start_gateway(ALLOW_ALL, workers=2, metrics={"listen": f"127.0.0.1:{free_port()}"})


@pytest.fixture
def gateway(lasting: Gateway) -> Iterator[Gateway]:
    """One that allows everything, whatever the test before wrote into its home."""
    settings = names.settings_file(lasting.home).read_text()
    yield lasting
    lasting.write("gateway.yaml", settings)
    lasting.write_policy(ALLOW_ALL)
    until(lambda: all_workers_answer(lasting, 200), seconds=30, what="everything is allowed again")


def ask(gateway: Gateway) -> httpx.Response:
    with http_client(gateway.device) as client:
        return client.post(CHAT_URL, json=chat_body("hello"))


def all_workers_answer(gateway: Gateway, status: int) -> bool:
    """Twice as many connections as it takes for both workers to be met, most likely."""
    return all(ask(gateway).status_code == status for _ in range(6))


def test_a_change_of_the_policy_goes_live(gateway: Gateway) -> None:
    assert ask(gateway).status_code == 200
    gateway.write_policy(BLOCK_ALL_AI)
    until(lambda: ask(gateway).status_code == 400, seconds=5, what="the new policy blocks")
    until(lambda: all_workers_answer(gateway, 400), seconds=5, what="both workers block")
    gateway.write_policy(ALLOW_ALL)
    until(lambda: all_workers_answer(gateway, 200), seconds=5, what="the old policy is back")


def test_records_name_the_policy_that_decided(gateway: Gateway) -> None:
    watch = gateway.watch()
    ask(gateway)
    before = watch.record(kind="request")["policy_version"]
    gateway.write_policy(BLOCK_ALL_AI)
    until(lambda: ask(gateway).status_code == 400, what="the new policy blocks")
    blocked = watch.several(1, verdict="block")
    assert {record["policy_version"] for record in blocked}.isdisjoint({before})


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("version: 1\ndefault: allow\nrules: [{id: a, when: {app.statuss: unapproved}, then: block}]\n", "app.status"),
        ("version: 1\ndefault: allow\nrules:\n  - id: a\n   when: {}\n", ""),
        ("", "policy"),
        ("rules: []\n", "version"),
    ],
    ids=["unknown-selector", "not-yaml", "empty", "no-version"],
)
def test_a_broken_policy_is_refused_with_its_place_and_the_old_one_stays(broken: str, told: str, gateway: Gateway) -> None:
    gateway.write_policy(BLOCK_ALL_AI)
    until(lambda: all_workers_answer(gateway, 400), seconds=5, what="the policy blocks")
    so_far = len(gateway.process.lines)
    gateway.write_policy(broken)
    line = gateway.process.said(REFUSED, since=so_far)
    assert "e2e.yaml:" in line
    assert told in line
    assert ask(gateway).status_code == 400
    assert gateway.process.exit_code is None


def test_a_policy_whose_file_is_gone_leaves_the_old_one(gateway: Gateway) -> None:
    gateway.write_policy(BLOCK_ALL_AI)
    until(lambda: all_workers_answer(gateway, 400), seconds=5, what="the policy blocks")
    so_far = len(gateway.process.lines)
    (gateway.home / names.POLICY_FILE).unlink()
    gateway.process.said(REFUSED, since=so_far)
    assert ask(gateway).status_code == 400


def test_an_open_stream_survives_a_change(gateway: Gateway, upstream: Upstream) -> None:
    paced = upstream.paced()
    with http_client(gateway.device) as client:
        paced.grant()
        with client.stream("POST", CHAT_URL, json=chat_body("hi", model=paced.model, stream=True)) as answer:
            lines = answer.iter_lines()
            assert next(lines)
            gateway.write_policy(BLOCK_ALL_AI)
            until(lambda: all_workers_answer(gateway, 400), seconds=5, what="the new policy blocks")
            paced.finish()
            assert "data: [DONE]" in list(lines)


NEW_APP = """
id: brand-new
name: Brand New
vendor: Brand New
category: chat-assistant
homepage: https://brand-new.example.com
basis: low
sources: ["https://brand-new.example.com"]
hosts:
  exact: [brand-new.example.com]
operations:
  - {id: prompt, operation: send_prompt, method: POST, path: '^/api/send$', format: openai-chat, basis: low}
samples:
  - request: POST https://brand-new.example.com/api/send
    operation: send_prompt
    format: openai-chat
    body: {model: m, messages: [{role: user, content: hello there}]}
    prompt: hello there
"""
NEW_APP_FILE = "apps/brand-new.yaml"
NEW_APP_URL = "https://brand-new.example.com/api/send"


@pytest.fixture
def with_new_app(gateway: Gateway) -> Iterator[Gateway]:
    """A home to which an app is added that was not in it, while the gateway blocks what the library knows."""
    gateway.write_policy(BLOCK_ALL_AI)
    until(lambda: all_workers_answer(gateway, 400), seconds=30, what="apps of the library are blocked")
    assert not new_app_is_stopped(gateway)
    gateway.write(NEW_APP_FILE, NEW_APP)
    until(lambda: new_app_is_stopped(gateway), seconds=30, what="both workers know the new app")
    yield gateway
    (gateway.home / NEW_APP_FILE).unlink()


def new_app_is_stopped(gateway: Gateway) -> bool:
    """By both workers, most likely. A host that nobody described passes undecrypted, which the client does not trust."""
    try:
        with http_client(gateway.device) as client:
            answers = [client.post(NEW_APP_URL, json=chat_body("hello"), headers={"connection": "close"}) for _ in range(6)]
    except httpx.ConnectError:
        return False
    return all(answer.headers.get(names.REASON_HEADER) for answer in answers)


def test_an_app_file_is_live_while_the_gateway_runs_and_a_broken_one_leaves_the_old_library(with_new_app: Gateway) -> None:
    gateway = with_new_app
    watch = gateway.watch()
    assert new_app_is_stopped(gateway)
    blocked = watch.several(1, verdict="block", app="brand-new")
    assert {(record["operation"], record["format"]) for record in blocked} == {("send_prompt", "openai-chat")}
    for broken, told in (
        (NEW_APP.replace("operation: send_prompt, method", "operation: send_promt, method"), "operations.0.operation"),
        (NEW_APP.replace("    prompt: hello there", "    prompt: other words"), "prompt"),
        (NEW_APP + "  - [", ""),
    ):
        so_far = len(gateway.process.lines)
        gateway.write(NEW_APP_FILE, broken)
        line = gateway.process.said(REFUSED, since=so_far)
        assert "brand-new.yaml:" in line
        assert told in line
        assert new_app_is_stopped(gateway)
    assert all_workers_answer(gateway, 400)
    assert gateway.process.exit_code is None


def test_a_gateway_does_not_start_with_a_broken_policy(start_own_gateway: StartGateway, reached: Since) -> None:
    with pytest.raises(AssertionError, match=r"(?s)ended with 3 .*e2e\.yaml:3:"):
        start_own_gateway("version: 1\ndefault: allow\nruls: []\n")
    assert reached.arrivals() == []


def test_every_worker_has_the_same_policy_at_once_and_says_so(gateway: Gateway) -> None:
    """Two seconds are promised; a machine that is busy with tests is given more."""
    versions = {worker["version"] for worker in policy_status(gateway)}
    assert len(versions) == 1
    gateway.write_policy(BLOCK_ALL_AI)
    live = until(lambda: new_version_on_both(gateway, versions), seconds=10, what="both workers have the new policy", every=0)
    assert all_workers_answer(gateway, 400), "what a worker says it has is what it decides by"
    until(lambda: set(policies_by_metrics(gateway).values()) == live, seconds=5, what="the metrics say the same")
    assert set(policies_by_metrics(gateway)) == {"1", "2"}


def test_a_refused_change_shows_wherever_an_operator_looks(gateway: Gateway) -> None:
    before = {worker["version"] for worker in policy_status(gateway)}
    gateway.write_policy("version: 1\ndefault: allow\nruls: []\n")
    told = until(lambda: refused_by_both(gateway), seconds=5, what="both workers say what they refuse", every=0)
    assert all("e2e.yaml:3:1: unknown key `ruls`" in problem for problem in told)
    assert {worker["version"] for worker in policy_status(gateway)} == before
    until(lambda: 'lockgate_policy_refused{worker="2"} 1.0' in metrics(gateway), what="the metric")
    until(lambda: "changed files are refused by worker 1, 2" in health(gateway).text, what="health says so")
    assert health(gateway).status_code == 200
    gateway.write_policy(ALLOW_ALL)
    until(lambda: "refused" not in health(gateway).text, what="all is well again")


def test_a_start_and_a_replaced_worker_with_a_broken_policy_go_on_with_what_was_live_last(
    start_own_gateway: StartGateway,
) -> None:
    gateway = start_own_gateway(BLOCK_ALL_AI)
    (version,) = {worker["version"] for worker in policy_status(gateway)}
    gateway.write_policy("version: 1\ndefault: allow\nruls: []\n")
    until(lambda: policy_status(gateway)[0]["refused"], what="the change is refused")
    (first,) = gateway.workers()
    os.kill(first, signal.SIGKILL)
    until(lambda: policy_status(gateway) and policy_status(gateway)[0]["pid"] != first, seconds=60, what="another worker")
    (worker,) = policy_status(gateway)
    assert (worker["version"], worker["last_good"]) == (version, True)
    until(lambda: answers(gateway, 400), what="the new worker listens, and blocks as the old one did")
    gateway.stop()
    gateway.start_again()
    gateway.process.said("CANNOT BE USED")
    assert f"goes on with version {version}" in gateway.process.output
    assert ask(gateway).status_code == 400
    gateway.write_policy(ALLOW_ALL)
    until(lambda: ask(gateway).status_code == 200, what="the mended file is taken over")


def answers(gateway: Gateway, status: int) -> bool:
    try:
        return ask(gateway).status_code == status
    except httpx.ConnectError:
        return False


def policy_status(gateway: Gateway) -> list[dict[str, Any]]:
    """What `lockgate policy status --json` reads, without starting a program for each look."""
    return [json.loads(file.read_text()) for file in sorted((gateway.home / "var" / "policies" / "workers").glob("*.json"))]


def new_version_on_both(gateway: Gateway, old: set[str]) -> set[str]:
    found = {worker["version"] for worker in policy_status(gateway)}
    return found if len(found) == 1 and found.isdisjoint(old) else set()


def refused_by_both(gateway: Gateway) -> list[str]:
    refused = [worker["refused"] for worker in policy_status(gateway)]
    return [problem for problems in refused for problem in problems] if len(refused) == 2 and all(refused) else []


def metrics(gateway: Gateway) -> str:
    return httpx.get(f"http://{metrics_address(gateway)}/metrics", trust_env=False).text


def health(gateway: Gateway) -> httpx.Response:
    return httpx.get(f"http://{metrics_address(gateway)}/healthz", trust_env=False)


def metrics_address(gateway: Gateway) -> str:
    return yaml.safe_load(names.settings_file(gateway.home).read_text())["metrics"]["listen"]


def policies_by_metrics(gateway: Gateway) -> dict[str, str]:
    """The version by worker."""
    found = re.findall(r'lockgate_policy_info\{version="([^"]+)",worker="([^"]+)"\} 1', metrics(gateway))
    return {worker: version for version, worker in found}


def test_settings_that_need_a_restart_are_named(gateway: Gateway) -> None:
    settings = yaml.safe_load(names.settings_file(gateway.home).read_text())
    settings |= {"contact": "new@example.com", "records": {"retention_days": 7}}
    gateway.write("gateway.yaml", yaml.safe_dump(settings))
    gateway.process.said("take effect at the next start only")
    assert "records.retention_days" in gateway.process.output
    gateway.write_policy(BLOCK_ALL_AI)
    until(lambda: "new@example.com" in ask(gateway).text, what="the new contact is told")


OF_A_LIST = """
version: 1
default: allow
lists:
  closed: {file: lists/closed.txt}
rules:
  - {id: closed, when: {host: {within: {list: closed}}}, then: block}
"""
NO_LONG_BODIES = """
version: 1
default: allow
rules:
  - {id: long, when: {request.body_bytes: {above: 4000}}, then: block, message: "Too much at once."}
"""


def test_an_entry_of_a_list_in_a_file_counts_as_soon_as_it_is_written(gateway: Gateway) -> None:
    gateway.write("policies/lists/closed.txt", "# nothing of ours\nclosed.example\n")
    gateway.write_policy(OF_A_LIST)
    assert ask(gateway).status_code == 200
    gateway.write("policies/lists/closed.txt", "closed.example\nopenai.com\n")
    until(lambda: all_workers_answer(gateway, 400), seconds=10, what="what is below an entry is blocked")
    so_far = len(gateway.process.lines)
    gateway.write("policies/lists/closed.txt", "")
    gateway.process.said(REFUSED, since=so_far)
    assert ask(gateway).status_code == 400, "a list that turns out empty changes nothing"


def test_the_size_of_a_body_decides_by_its_head_or_while_it_comes(gateway: Gateway) -> None:
    """A client that says how long its body is, and one that does not."""
    gateway.write_policy(NO_LONG_BODIES)
    long = json.dumps(chat_body("long " * 1000)).encode()

    def refused(content: bytes | Iterator[bytes]) -> bool:
        with http_client(gateway.device) as client:
            answer = client.post(CHAT_URL, content=content, headers={"content-type": "application/json"})
        return answer.status_code == 400 and "Too much at once." in answer.text

    until(lambda: all(refused(long) for _ in range(6)), seconds=10, what="both workers refuse what is long")
    assert refused(iter([long[:3000], long[3000:]]))
    assert not refused(json.dumps(chat_body("short")).encode())
