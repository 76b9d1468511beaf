"""An agent on a device: the official MCP SDK's client, set up by the environment like any other program there.

Separate because a test says in a line what an agent does, and gets what the agent would show its person.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from unittest.mock import patch

from harness.components import absent
from harness.device import Device

MODERN = "2026-07-28"
LEGACY = "legacy"
_SECONDS = 20.0

type Doing = Callable[[Any], Awaitable[Any]]
"""What to do with a connected client."""


def agent(device: Device, url: str, doing: Doing, *, mode: str = LEGACY, **options: Any) -> Any:
    """Connect to a server over streamable HTTP, do something, disconnect. What the client raises is raised."""
    return _run(device, url, doing, mode=mode, **options)


def old_agent(device: Device, url: str, doing: Doing, *, seconds: float = _SECONDS) -> Any:
    """The same over the older transport."""
    _sdk()
    from mcp.client.sse import sse_client

    return _run(device, lambda: sse_client(url), doing, mode=LEGACY, read_timeout_seconds=seconds)


def _sdk() -> Any:
    try:
        import mcp
    except ImportError:
        absent("the MCP SDK")
    return mcp


def _run(device: Device, target: str | Callable[[], AbstractAsyncContextManager[Any]], doing: Doing, **options: Any) -> Any:
    sdk = _sdk()

    async def connected() -> Any:
        where = target if isinstance(target, str) else target()
        async with sdk.Client(where, **{"read_timeout_seconds": _SECONDS, **options}) as client:
            return await doing(client)

    with patch.dict("os.environ", device.environment()):
        try:
            return asyncio.run(connected())
        except* Exception as group:  # noqa: BLE001 - whatever the client raises is what the person sees
            raise _innermost(group) from None


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
