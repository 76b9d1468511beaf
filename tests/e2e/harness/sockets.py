"""A WebSocket of OpenAI Responses as a test speaks on it, and what of it reached the upstream."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from harness.gateway import Gateway
from harness.upstream import Since

RESPONSES = "wss://api.openai.com/v1/responses"
ELSEWHERE = "wss://api.openai.com/socket"
"""A path the library does not know; the upstream sends everything back as it came."""


@contextmanager
def open_socket(gateway: Gateway, url: str = RESPONSES, **how: Any) -> Iterator[ClientConnection]:
    device = gateway.device
    with connect(url, proxy=device.proxy, ssl=device.tls_of_sockets, **how) as socket:
        yield socket


def prompt(text: str, **more: Any) -> str:
    return json.dumps({"type": "response.create", "model": "gpt-5", "input": text, **more})


def heard(socket: ClientConnection) -> str:
    """The text of one whole answer."""
    text = ""
    while True:
        event = json.loads(socket.recv(timeout=20))
        if event["type"] == "response.output_text.delta":
            text += event["delta"]
        if event["type"] == "response.completed":
            return text
        if event["type"] == "error":
            return f"error: {event['error']['message']}"


def told_or_closed(socket: ClientConnection) -> str:
    """What the client is told: by a message, or by the reason why it was closed."""
    try:
        return heard(socket)
    except ConnectionClosed as closed:
        return closed.rcvd.reason if closed.rcvd is not None else ""


def messages_of(reached: Since) -> list[str]:
    return [message for arrival in reached.arrivals() for message in arrival.messages]
