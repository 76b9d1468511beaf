"""Calling the hooks of a chain that never changes, at once and without a task for each.

mitmproxy asks every addon for every hook, again for an `update` after each, and starts a task for every question: that is
a third of what a request costs. Separate from the server because it stands between a connection's layers and their
handler, and knows nothing of sockets.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from inspect import isawaitable
from typing import Protocol

import structlog
from mitmproxy import hooks
from mitmproxy.proxy import commands, events, layer

_log = structlog.get_logger(__name__)
_AT_ONCE = 16

type HookCalls = Mapping[str, tuple[Callable[..., object], ...]]
"""Hook name to what is called for it, in the order of the chain."""


def hook_calls(chain: Iterable[object]) -> HookCalls:
    """Which addon of a fixed chain listens to which hook."""
    addons = tuple(chain)
    found = {name: tuple(getattr(addon, name) for addon in addons if getattr(addon, name, None)) for name in hooks.all_hooks}
    return {name: calls for name, calls in found.items() if calls}


async def call_hook(calls: HookCalls, hook: commands.StartHook) -> None:
    """Call who listens. What a hook of the gate does when it fails is settled in the gate's own addon."""
    for call in calls.get(hook.name, ()):
        try:
            result = call(*hook.args())
            if isawaitable(result):
                await result
        except Exception:  # noqa: BLE001 - as in mitmproxy, a hook that fails does not end the connection
            _log.exception("a hook failed", hook=hook.name)


class Handler(Protocol):
    """What answers hooks and takes events: mitmproxy's connection handler."""

    async def handle_hook(self, hook: commands.StartHook) -> None:
        """Call whoever listens to `hook`."""
        ...

    async def server_event(self, event: events.Event) -> None:
        """Let the connection's layers take `event`, and do what they say."""
        ...


class HooksAtOnce:
    """A connection's outermost layer, with its hooks answered where they are asked.

    A hook that has nothing to wait for is over before the next event, so its layer goes on in the same turn of the event
    loop; only one that waits becomes a task. After a few of them the others have a turn: a client can send a thousand
    requests at once. To the handler this is the layer: it asks for nothing but `handle_event`.
    """

    def __init__(self, inner: layer.Layer, handler: Handler) -> None:
        self._inner = inner
        self._handler = handler
        self._waiting: set[asyncio.Task[None]] = set()
        self._starting: commands.StartHook | None = None

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        """As the layer would, without its hooks."""
        todo: deque[events.Event] = deque((event,))
        answered = 0
        while todo:
            for command in self._inner.handle_event(todo.popleft()):
                if not isinstance(command, commands.StartHook):
                    yield command
                elif answered >= _AT_ONCE:
                    self._keep(asyncio.Task(self._answer(command), loop=asyncio.get_running_loop()))
                elif self._answered_at_once(command):
                    answered += 1
                    if command.blocking:
                        todo.append(events.HookCompleted(command))

    def _answered_at_once(self, hook: commands.StartHook) -> bool:
        self._starting = hook
        task = asyncio.Task(self._answer(hook), loop=asyncio.get_running_loop(), eager_start=True)
        self._starting = None
        if task.done():
            return True
        self._keep(task)
        return False

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _answer(self, hook: commands.StartHook) -> None:
        await self._handler.handle_hook(hook)
        if hook.blocking and self._starting is not hook:
            await self._handler.server_event(events.HookCompleted(hook))
