"""Where the gateway may connect to, and where it really connects.

Names are resolved once, here: the addresses that were checked are the addresses that are used, so a name that changes
its answer between check and connection (DNS rebinding) gains nothing. Must never let a client reach the gateway's own
ports or, unless allowed, loopback, link-local, private or otherwise non-public addresses.
"""

import asyncio
import contextlib
import socket
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address

from lockgate.facts.decision import Reason
from lockgate.runtime.boundary import DestinationRules, plain_host

_REMEMBERED = 4096
_REMEMBER_SECONDS = 30.0
_RESOLVED_AT_ONCE = 64
"""Threads. Slow name servers keep some of them; asyncio's own few are left to logins and reloads."""

type AddressInfo = tuple[
    socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
]
"""What `getaddrinfo` gives; the last field begins with the address."""


class DestinationRefusedError(OSError):
    """The gateway does not connect there."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.explanation)
        self.reason = reason


class Destinations:
    """Resolves and judges destinations; install `getaddrinfo` as the event loop's resolver so that nothing else resolves."""

    def __init__(self, rules: DestinationRules, ask: Callable[..., list[AddressInfo]] = socket.getaddrinfo) -> None:
        self._ask = ask
        self._rules = rules
        self._resolving = ThreadPoolExecutor(_RESOLVED_AT_ONCE, "resolver")
        self._resolved: OrderedDict[tuple[str, int], tuple[float, list[AddressInfo]]] = OrderedDict()

    def use(self, rules: DestinationRules) -> None:
        """From now on these rules; what was judged by others is forgotten."""
        self._rules = rules
        self._resolved.clear()

    async def check(self, host: str, port: int) -> Reason | None:
        """Why `host`:`port` is refused, or None. A name that does not resolve is not refused here; connecting fails later."""
        try:
            await self.resolve(host, port)
        except DestinationRefusedError as refused:
            return refused.reason
        except OSError:
            return None
        return None

    async def getaddrinfo(  # noqa: PLR0913 - asyncio's signature, by which it is called
        self,
        host: str | bytes | None,
        port: str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name
        proto: int = 0,
        flags: int = 0,
    ) -> list[AddressInfo]:
        """The event loop's resolver (same signature as asyncio's)."""
        if flags & socket.AI_PASSIVE or host is None or port is None:
            return await self._ask_system(host, port, family=family, type=type, proto=proto, flags=flags)
        return await self.resolve(host.decode() if isinstance(host, bytes) else host, int(port))

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Addresses to connect to. Raises DestinationRefusedError, or OSError when the name does not resolve."""
        host = plain_host(host)
        target = self._rules.elsewhere(host)
        if target is not None:
            return await self._ask_system(target[0], target[1], type=socket.SOCK_STREAM)
        now = asyncio.get_running_loop().time()
        known = self._resolved.get((host, port))
        if known is not None and known[0] > now:
            return known[1]
        addresses = await self._ask_system(host, port, type=socket.SOCK_STREAM)
        for info in addresses:  # one bad address refuses the whole name
            refused = self._rules.refusal(ip_address(str(info[4][0]).partition("%")[0]), port)
            if refused is not None:
                raise DestinationRefusedError(refused)
        self._resolved[(host, port)] = (now + _REMEMBER_SECONDS, addresses)
        while len(self._resolved) > _REMEMBERED:
            self._resolved.popitem(last=False)
        return addresses

    async def _ask_system(self, host: str | bytes | None, port: str | int | None, **how: int) -> list[AddressInfo]:
        """What the system's resolver says. Numbers need no thread: they are not asked about."""
        numeric = partial(self._ask, host, port, **how | {"flags": how.get("flags", 0) | socket.AI_NUMERICHOST})
        with contextlib.suppress(socket.gaierror):
            return numeric()
        ask = partial(self._ask, host, port, **how)
        return await asyncio.get_running_loop().run_in_executor(self._resolving, ask)
