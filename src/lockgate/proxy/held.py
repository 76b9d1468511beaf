"""How much of requests' bodies waits in this worker: for their end, for a look at them, or for a decision.

Separate because it is the one number over all connections. The layers of requests say what each of them keeps; nothing is
kept here. Copies that a look makes of a body (decoded, as text, in an examination process) are not counted.
"""


class HeldBytes:
    """What each request keeps, by its client connection, and the sum of it. Bytes."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[object, int]] = {}
        self._most = 0
        self._sum = 0

    def allow(self, most: int) -> None:
        """From now on, bodies may come to so many bytes together."""
        self._most = most

    @property
    def sum(self) -> int:
        """What is kept by now."""
        return self._sum

    def has_room_for(self, more: int) -> bool:
        """Whether so many bytes more may be kept."""
        return self._sum + more <= self._most

    def keep(self, client_id: str, request: object, size: int) -> None:
        """From now on `request` of this connection keeps `size` bytes; of none, nothing is remembered."""
        kept = self._kept.get(client_id)
        if kept is None:
            if not size:
                return
            kept = self._kept[client_id] = {}
        self._sum += size - kept.pop(request, 0)
        if size:
            kept[request] = size
        elif not kept:
            del self._kept[client_id]

    def forget(self, client_id: str) -> None:
        """The connection is gone, and what its requests kept."""
        self._sum -= sum(self._kept.pop(client_id, {}).values())
