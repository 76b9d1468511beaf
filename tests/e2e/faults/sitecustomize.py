"""Breaks a gateway process on purpose, from outside: put this folder on PYTHONPATH and set LOCKGATE_FAULT_FILE.

The gateway itself knows nothing of it. Python imports `sitecustomize` at start; this one waits for the modules of the
stages to be imported and wraps one function of each stage. What is broken is what the file says at the moment of the call,
`stage:kind`; nothing while there is no file. Kinds: crash (raise) and hang (never return).
"""

import asyncio
import importlib.abc
import importlib.machinery
import inspect
import os
import pathlib
import sys
import time

STAGES = {
    "connect": ("lockgate.proxy.connections", "Connections._connecting"),
    "requestheaders": ("lockgate.proxy.requests", "Requests._decide_head"),
    "request": ("lockgate.proxy.requests", "Requests.body"),
    "cut": ("lockgate.proxy.requests", "Requests.cut"),
    "decode": ("lockgate.gate.exchange", "read_request"),
    "examine": ("lockgate.runtime.examiner_process", "answer"),
    "settle": ("lockgate.gate.exchange", "Exchange._settle"),
    "rewrite": ("lockgate.gate.exchange", "rewrite_request"),
    "apply": ("lockgate.proxy.requests", "Requests._forward"),
    "response": ("lockgate.gate.exchange", "Exchange._response_headers"),
    "socket-said": ("lockgate.proxy.sockets", "Sockets.said"),
    "socket-read": ("lockgate.gate.socket", "Socket.read"),
    "socket-settle": ("lockgate.gate.message", "MessageExchange._let_go"),
    "socket-pass": ("lockgate.proxy.sockets", "Sockets._pass"),
    "socket-words": ("lockgate.proxy.sockets", "message_answer"),
    "note": ("lockgate.runtime.gateway", "Gateway.note"),
}
FAULT_FILE = os.environ.get("LOCKGATE_FAULT_FILE")


def fault_of(stage):
    """What is broken of a stage at this moment."""
    try:
        broken, _, kind = pathlib.Path(FAULT_FILE).read_text(encoding="utf-8").partition(":")
    except FileNotFoundError:
        return None
    return kind if broken == stage else None


def breakable(stage, function):
    def run(*args, **kwargs):
        match fault_of(stage):
            case "crash":
                raise RuntimeError(f"injected at {stage}")
            case "hang":
                time.sleep(600)
        return function(*args, **kwargs)

    async def run_async(*args, **kwargs):
        match fault_of(stage):
            case "crash":
                raise RuntimeError(f"injected at {stage}")
            case "hang":
                await asyncio.Event().wait()
        return await function(*args, **kwargs)

    return run_async if inspect.iscoroutinefunction(function) else run


class Breaker(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, _target=None):
        stages = [(stage, name) for stage, (module, name) in STAGES.items() if module == fullname]
        if not stages:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        run = spec.loader.exec_module

        def exec_and_break(module):
            run(module)
            for stage, name in stages:
                make_breakable(module, stage, name)

        spec.loader.exec_module = exec_and_break
        return spec


def make_breakable(module, stage, name):
    holder = module
    *owners, last = name.split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    setattr(holder, last, breakable(stage, getattr(holder, last)))


if FAULT_FILE:
    sys.meta_path.insert(0, Breaker())
