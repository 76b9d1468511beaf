"""Notices, from a rule to the webhook's server, through the real gateway; and traffic that does not wait for one that hangs."""

import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness.clients import CHAT_URL, http_client, new_body
from harness.gateway import Gateway, StartGateway
from harness.waiting import until

SECRET = "a secret of many characters"
POLICY = """
version: 1
default: allow
rules:
  - {id: no-claude, when: {app.id: anthropic-api}, then: [{notify: security}, block]}
  - {id: all, when: {app.known: true}, then: {notify: hanging}}
"""


class Server:
    """Keeps what it gets. `answers` lets it answer."""

    def __init__(self, *, answers: bool) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers = threading.Event()
        if answers:
            self.answers.set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                server.answers.wait(60)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    running = Server(answers=True), Server(answers=False)
    yield running
    for server in running:
        server.close()


@pytest.fixture(scope="module")
def gateway(start_gateway: StartGateway, servers: tuple[Server, Server]) -> Gateway:
    named = zip(("security", "hanging"), servers, strict=True)
    hooks = {name: {"url": server.url, "secret_file": "webhook.secret"} for name, server in named}
    return start_gateway(POLICY, files={"webhook.secret": SECRET + "\n"}, webhooks=hooks)


def test_a_block_is_told_signed_while_another_webhook_hangs(gateway: Gateway, servers: tuple[Server, Server]) -> None:
    security, hanging = servers
    watch = gateway.watch()
    with http_client(gateway.device) as client:
        for _ in range(3):
            assert client.post(CHAT_URL, json=new_body()).status_code == 200
        assert client.get("https://api.anthropic.com/v1/models").status_code == 400
    until(lambda: security.got, what="the notice", seconds=30)
    until(lambda: hanging.got, what="the one that hangs", seconds=30)
    headers, body = security.got[0]
    proof = hmac.digest(SECRET.encode(), f"{headers['X-Lockgate-Timestamp']}.".encode() + body, "sha256").hex()
    assert headers["X-Lockgate-Signature"] == f"v1={proof}"
    told = json.loads(body)
    record = watch.record(verdict="block")
    assert (told["id"], told["rule"], told["verdict"], told["app"]) == (record["id"], "no-claude", "block", "anthropic-api")
    assert len(watch.records(app="openai-api")) == 3, "records are stored while a webhook hangs"
    assert "security of no-claude" in gateway.shown(record["id"])
