"""What tests of messages on WebSockets share: policies, something that is said, a socket, and the record of a message."""

import json

from ended import ALLOW_ALL
from ended import record_of as record_when

from lockgate.gate.events import Closed
from lockgate.gate.message import MessageExchange
from lockgate.gate.socket import Socket
from lockgate.testing.builders import client, request
from lockgate.testing.playbook import Playbook

__all__ = ["ALLOW_ALL", "CLOSED", "KEEP", "NO_SECRETS", "OnSocket", "record_of", "turn"]

NO_SECRETS = """
default: allow
on_uninspectable: block
rules:
  - id: no-secrets
    when: {operation.carries_payload: true, dlp.profiles: {any: [credentials]}}
    then: block
    message: Credentials never leave in a prompt.
"""
KEEP = "default: allow\nrules:\n  - {id: keep, then: {capture: full}}\n"
CLOSED = Closed(duration_ms=3.0, status=101, upstream_contacted=True, request_bytes=9, socket="exchange-0")


def turn(text, **more):
    return json.dumps({"type": "response.create", "model": "gpt-5", "input": text, **more})


class OnSocket:
    """Messages of one WebSocket, each a playbook of its own."""

    def __init__(self, context, url):
        self._context = context
        self._socket = Socket(client("ana", "staff"), request("GET", url, upgrade="websocket"))

    def next(self):
        return Playbook(MessageExchange("message-1", self._context, self._socket, worker=3))


def record_of(playbook):
    return record_when(playbook, CLOSED)
