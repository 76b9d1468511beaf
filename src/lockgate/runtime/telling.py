"""What a worker tells whoever keeps it, beside records: what it saw of MCP servers, what people acknowledged, what it counted.

Separate so that the gateway does not know who keeps it: the recorder's process, or in one process the store itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lockgate.facts.acknowledgement import Acknowledgement
from lockgate.facts.mcp import McpSighting
from lockgate.facts.usage import UsageCell
from lockgate.runtime.usage_watch import Tell


def _nobody(_: McpSighting | Acknowledgement) -> None:
    """Nobody keeps it."""


def _not_counting(_source: str, _cells: tuple[UsageCell, ...]) -> None:
    """Nobody keeps what is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One way for each kind of news. None of them may wait or raise."""

    sighted: Callable[[McpSighting], None] = _nobody
    acknowledged: Callable[[Acknowledgement], None] = _nobody
    counted: Tell = _not_counting


TOLD_NOBODY = Telling()
