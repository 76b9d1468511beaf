"""How the gateway's processes log: one JSON object per line on standard error.

Separate so that all processes do it alike. It must never write content: an exception is logged by its type and where it
was raised, because the message of an exception may quote what was being read.
"""

import logging
import sys
import traceback

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure_log(process: str) -> None:
    """Structured lines with time, level and process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            where_it_was_raised,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)


def where_it_was_raised(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The exception at hand as its type and stack, without its message."""
    if event.pop("exc_info", None):
        kind, _, trace = sys.exc_info()
        if kind is not None:
            event["error_type"] = kind.__qualname__
            event["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
    return event
