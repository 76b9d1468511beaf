"""Hooks are answered where they are asked, in order, and after a few of them others have a turn."""

import asyncio

import pytest
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http import HttpRequestHook

from lockgate.proxy.hook_calls import HooksAtOnce


class Asking:
    """A layer that asks one hook after the other, each when the one before is answered."""

    def __init__(self, hooks):
        self.left = list(range(hooks))
        self.log = []

    def handle_event(self, _event):
        if self.left:
            hook = HttpRequestHook(self.left.pop(0))
            yield hook
            yield commands.Log(f"asked {hook.flow}")


class Handler:
    """Answers hooks, at once or after waiting, and lets the layer take what comes of it."""

    def __init__(self, layer, wait_for=()):
        self.layer = HooksAtOnce(layer, self)
        self.answered, self.logged = [], []
        self._wait_for = frozenset(wait_for)

    async def handle_hook(self, hook):
        if hook.flow in self._wait_for:
            await asyncio.sleep(0)
        self.answered.append(hook.flow)

    async def server_event(self, event):
        self.take(event)

    def take(self, event):
        self.logged += [command.message for command in self.layer.handle_event(event)]


@pytest.mark.parametrize("wait_for", [(), (0,), (3, 4), range(10)], ids=["none waits", "first", "two", "all"])
async def test_every_hook_is_answered_once_and_in_order(wait_for):
    handler = Handler(Asking(10), wait_for)
    handler.take(events.Start())
    async with asyncio.timeout(5):
        while len(handler.answered) < 10:  # noqa: ASYNC110 - the turns of the loop are what is looked at
            await asyncio.sleep(0)
    assert handler.answered == list(range(10))
    assert handler.logged == [f"asked {number}" for number in range(10)]


async def test_a_hook_that_does_not_wait_costs_no_turn():
    handler = Handler(Asking(10))
    handler.take(events.Start())
    assert handler.answered == list(range(10))


async def test_after_a_few_others_have_a_turn():
    handler = Handler(Asking(100))
    handler.take(events.Start())
    assert len(handler.answered) < 20
    async with asyncio.timeout(5):
        while len(handler.answered) < 100:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
    assert handler.answered == list(range(100))
