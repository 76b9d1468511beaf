"""Breaks a gateway process on purpose, from outside: put this folder on PYTHONPATH and set LOCKGATE_FAULT=stage:kind.

The gateway itself knows nothing of it. Python imports `sitecustomize` at start; this one waits for the module of the
stage to be imported and replaces one function in it. Kinds: crash (raise) and hang (never return).
"""

import importlib.abc
import importlib.machinery
import os
import sys
import time

STAGES = {
    "connect": ("lockgate.proxy.connections", "Connections._connecting"),
    "requestheaders": ("lockgate.proxy.requests", "Requests._decide_head"),
    "request": ("lockgate.proxy.requests", "Requests.body"),
    "decode": ("lockgate.gate.exchange", "read_request"),
    "examine": ("lockgate.runtime.examiner_process", "answer"),
    "settle": ("lockgate.gate.exchange", "Exchange._settle"),
    "apply": ("lockgate.proxy.requests", "Requests._forward"),
    "response": ("lockgate.gate.exchange", "Exchange._response_headers"),
    "socket-said": ("lockgate.proxy.sockets", "Sockets.said"),
    "socket-read": ("lockgate.gate.socket", "Socket.read"),
    "socket-settle": ("lockgate.gate.message", "MessageExchange._let_go"),
    "socket-pass": ("lockgate.proxy.sockets", "Sockets._pass"),
    "socket-words": ("lockgate.proxy.sockets", "message_answer"),
    "note": ("lockgate.runtime.gateway", "Gateway.note"),
}
ASYNC = {"requestheaders", "request", "socket-said"}


def broken(stage, kind):
    def crash(*_args, **_kwargs):
        raise RuntimeError(f"injected at {stage}")

    async def crash_async(*_args, **_kwargs):
        raise RuntimeError(f"injected at {stage}")

    def hang(*_args, **_kwargs):
        time.sleep(600)

    async def hang_async(*_args, **_kwargs):
        import asyncio

        await asyncio.Event().wait()

    return {
        ("crash", False): crash,
        ("crash", True): crash_async,
        ("hang", False): hang,
        ("hang", True): hang_async,
    }[kind, stage in ASYNC]


class Breaker(importlib.abc.MetaPathFinder):
    def __init__(self, stage, kind):
        self.stage, self.kind = stage, kind
        self.module, self.name = STAGES[stage]

    def find_spec(self, fullname, path=None, _target=None):
        if fullname != self.module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        run = spec.loader.exec_module

        def exec_and_break(module):
            run(module)
            self.break_it(module)

        spec.loader.exec_module = exec_and_break
        return spec

    def break_it(self, module):
        holder = module
        *owners, last = self.name.split(".")
        for owner in owners:
            holder = getattr(holder, owner)
        setattr(holder, last, broken(self.stage, self.kind))


if fault := os.environ.get("LOCKGATE_FAULT"):
    sys.meta_path.insert(0, Breaker(*fault.split(":")))
