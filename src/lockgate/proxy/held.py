"""A bound on the bytes a client can make us hold, whatever it says beforehand and whatever became of its requests.

Separate because mitmproxy buffers the body of a request that is held or refused without limit, and only the connection
that reads the bytes can stop it.
"""

from collections.abc import Callable


class HeldBytes:
    """What each client connection may still send while requests of it are open.

    A connection may carry several at once; each brings its own allowance and takes what is left of it away again.
    """

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._allowed: dict[str, dict[str, int]] = {}
        self._on_excess: list[Callable[[str], None]] = []

    def on_excess(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the connection's id when it has sent too much; the connection is closed afterwards."""
        self._on_excess.append(listener)

    def bound(self, client_id: str, flow_id: str, limit: int) -> None:
        """From now on at most `limit` bytes for this request."""
        allowed = self._allowed.setdefault(client_id, {})
        self._left[client_id] = self._left.get(client_id, 0) - allowed.get(flow_id, 0) + limit
        allowed[flow_id] = limit

    def release(self, client_id: str, flow_id: str, used: int = 0) -> None:
        """Nothing of this request is held any more; `used` bytes of it had come."""
        allowed = self._allowed.get(client_id, {})
        if flow_id not in allowed:
            return
        self._left[client_id] += used - allowed.pop(flow_id)
        if not allowed:
            self.forget(client_id)

    def passed(self, client_id: str, size: int) -> None:
        """Bytes of a request that is not held went on."""
        if client_id in self._left:
            self._left[client_id] += size

    def forget(self, client_id: str) -> None:
        """The connection is gone, or nothing of it is held."""
        self._left.pop(client_id, None)
        self._allowed.pop(client_id, None)

    def spend(self, client_id: str, size: int) -> bool:
        """Count bytes that arrived. False when that was too much."""
        left = self._left.get(client_id)
        if left is None:
            return True
        self._left[client_id] = left - size
        if left >= size:
            return True
        for listener in self._on_excess:
            listener(client_id)
        self.forget(client_id)
        return False
