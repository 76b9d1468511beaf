"""A bound on the bytes a client can make us hold when it does not say beforehand how long its body is.

Separate because mitmproxy buffers such a body without limit, and only the connection that reads the bytes can stop it.
"""

from collections.abc import Callable


class HeldBytes:
    """What each client connection may still send while a request of it is held."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._on_excess: list[Callable[[str], None]] = []

    def on_excess(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the connection's id when it has sent too much; the connection is closed afterwards."""
        self._on_excess.append(listener)

    def bound(self, client_id: str, limit: int) -> None:
        """From now on at most `limit` more bytes."""
        self._left[client_id] = limit

    def release(self, client_id: str) -> None:
        """Nothing of this connection is held any more."""
        self._left.pop(client_id, None)

    def spend(self, client_id: str, size: int) -> bool:
        """Count bytes that arrived. False when that was too much."""
        if not self._left:
            return True
        left = self._left.get(client_id)
        if left is None:
            return True
        self._left[client_id] = left - size
        if left >= size:
            return True
        for listener in self._on_excess:
            listener(client_id)
        self.release(client_id)
        return False
