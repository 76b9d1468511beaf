"""The composition root: snapshots of a home, examinations in worker processes, the gateway's processes.

The only place that knows every package below it; `proxy`, `console` and `cli` stand on it.
"""
