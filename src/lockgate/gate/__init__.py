"""The gate: the state machine of one exchange. Events in, effects out; no I/O, no clock, no threads.

Separate from `proxy` so that the live proxy, `lockgate explain` and the tests run the very same decisions.
"""
