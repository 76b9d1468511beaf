"""What an exchange can be.

Separate because its state machines, its record and what is kept of its facts all say so.
"""

from enum import StrEnum


class ExchangeKind(StrEnum):
    """What an exchange was."""

    REQUEST = "request"
    WEBSOCKET = "websocket"
    MESSAGE = "message"
    ANSWER = "answer"
    TUNNEL = "tunnel"
