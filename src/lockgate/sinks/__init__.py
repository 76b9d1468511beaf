"""Where records go besides the store: counters for Prometheus, one log line per exchange.

Separate from the store because a sink may fail or be absent without anything being lost. It must never see or show content: a
`Record` has none, and the sealed text of a capture is left out.
"""

from lockgate.sinks.canonical_log import CanonicalLog
from lockgate.sinks.endpoint import MetricsEndpoint
from lockgate.sinks.metrics import Metrics
from lockgate.sinks.sink import Sink

__all__ = ["CanonicalLog", "Metrics", "MetricsEndpoint", "Sink"]
