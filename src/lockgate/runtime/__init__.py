"""The composition root: builds a snapshot from a home, runs examinations in worker processes, supervises the gateway's processes.

The only place that knows every package below it; `proxy`, `console` and `cli` stand on it.
"""
