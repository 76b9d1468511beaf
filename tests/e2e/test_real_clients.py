"""SDKs and command-line tools as people install them, through the gateway: each asks once what may leave, once what may not,
and once what is answered in the model's place.

What is seen is compared with `real_clients/results.json`, from which the table in the documentation is made, so that the
table says what ran. `make clients-table` writes the file anew.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.gateway import Gateway, StartGateway
from harness.policies import DETECTOR_FILES, ELSEWHERE, MESSAGE, NO_CODENAMES, SECRET
from harness.upstream import Arrival, Since
from real_clients.catalogue import CLIENTS, RealClient, run
from upstream.answering import TAIL

TOLD = "Please ask this in the other assistant."
RESULTS = Path(__file__).parent / "real_clients" / "results.json"
WRITE = bool(os.environ.get("LOCKGATE_WRITE_RESULTS"))

WITHOUT_TAIL = ("embedding", "tool_call")
"""Where there is no text of a model to show, the client shows what came back of what was asked."""

pytestmark = pytest.mark.timeout(240)


POLICY = f"""
version: 1
default: allow
on_uninspectable: block
contact: help@example.com
rules:
{NO_CODENAMES}
  - id: told-in-the-chat
    message: {TOLD}
    when: {{operation.carries_payload: true, dlp.profiles: {{any: [e2e-elsewhere]}}}}
    then: {{block: {{as: answer}}}}
"""


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway) -> Gateway:
    return start_gateway(POLICY, files=DETECTOR_FILES, decrypt="all")


@pytest.fixture(scope="module")
def expected() -> Iterator[dict[str, Any]]:
    """What is known of every client; written back when asked to."""
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    yield known
    if WRITE:
        rows = {client.id: known[client.id] for client in CLIENTS if client.id in known}
        RESULTS.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_real_client(client: RealClient, gateway: Gateway, reached: Since, expected: dict[str, Any], tmp_path: Path) -> None:
    prompt = f"say the word heron, {client.id}"
    watch = gateway.watch()
    allowed = run(client, gateway.device, tmp_path, prompt)
    arrived = [arrival for arrival in reached.arrivals() if carries(arrival, prompt)]
    passed = [record for record in watch.records(operation=client.operation, app=client.app) if record["verdict"] == "allow"]
    sockets = watch.records(kind="websocket", app=client.app)

    watch = gateway.watch()
    refused = run(client, gateway.device, tmp_path, f"tell me about {SECRET}, {client.id}")
    stopped = [record for record in watch.records(rule="no-codenames") if record["app"] == client.app]

    answered = run(client, gateway.device, tmp_path, f"tell me about {ELSEWHERE}, {client.id}")

    seen = {
        "name": client.name,
        "version": client.version,
        "app": client.app,
        "recognised": bool(passed),
        "answered": prompt in allowed.text and (TAIL in allowed.text or client.operation in WITHOUT_TAIL),
        "streamed": any(arrival.events_sent > 1 for arrival in arrived),
        "websocket": any(record["verdict"] == "allow" for record in sockets),
        "http": sorted({arrival.http_version for arrival in arrived}),
        "refused": bool(stopped),
        "message_shown": MESSAGE in refused.text,
        "attempts": len(stopped),
        "coached": TOLD in answered.text and answered.exit_code == 0,
    }
    # Whatever a client does with a refusal, what must not leave has not left.
    leaked = [arrival for arrival in reached.arrivals() if carries(arrival, SECRET) or carries(arrival, ELSEWHERE)]
    assert not leaked, leaked
    if WRITE:
        expected[client.id] = seen
    assert seen == expected.get(client.id), f"{allowed.text}\n--- refused:\n{refused.text}\n--- answered:\n{answered.text}"


def carries(arrival: Arrival, text: str) -> bool:
    """Whether `text` is in what was sent."""
    return text.encode() in arrival.body or any(text in message for message in arrival.messages)
