"""One JSON line per exchange, for log shippers.

Separate from the store's export because its field names are an interface of their own: short, flat, stable, documented in
`CANONICAL_FIELDS`. It must never hold content: it is built from a fixed list of fields, none of which can.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TextIO

import structlog
from structlog.typing import FilteringBoundLogger

from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.record import Record

CANONICAL_FIELDS = {
    "time": "when the exchange began, UTC, RFC 3339",
    "event": "always `exchange`",
    "id": "the record's id: `lockgate log show ID`",
    "kind": "request, websocket, message (of a WebSocket), answer (over a WebSocket, unasked there) or tunnel",
    "verdict": "what happened: allow, block, redirect, coach, tunnel",
    "reason": "why: a reason code",
    "rule": "the rule responsible, if any",
    "monitored": "monitor-mode rules that matched, as `rule:verdict`",
    "exceptions": "exceptions of the policy that kept a rule from acting, as `exception:rule`",
    "acknowledged": "rules that coach and would have stopped it, had the person not acknowledged them",
    "user": "who, if known",
    "groups": "the user's groups",
    "client": "the client's address",
    "country": "the country it is in, if known",
    "networks": "names of the organisation's networks it is in",
    "device": "the device, if a trusted hop or a certificate names it",
    "enrolled": "whether it is enrolled",
    "device_problem": "why what was said of the device does not count, if so",
    "client_kind": "what sort of program the client says it is",
    "product": "which program it says it is, if it is a known one",
    "app": "the app's id, if it is one of the library",
    "operation": "what was done in it",
    "tenant": "the app's tenant, if known",
    "account": "whose account: corporate, personal or unknown",
    "mcp_server": "the MCP server, if the request speaks to one",
    "mcp_methods": "what was asked of it",
    "mcp_tools": "its tools that were called",
    "mcp_changed": "those of them whose definition is not the accepted one",
    "tool_calls": "tools an agent called, or sent results of",
    "method": "HTTP method",
    "host": "destination host",
    "path": "destination path, without the query",
    "socket": "the id of the WebSocket's record, for a message of one",
    "messages": "how many messages the client sent, for a WebSocket",
    "status": "HTTP status the client got; 0 if none",
    "examination": "how the look into the content ended",
    "detectors": "detectors with a finding, each once",
    "profiles": "DLP profiles with a finding, each once",
    "redacted": "how many values were replaced in what left",
    "captured": "whether sealed text is kept with the record",
    "duration_ms": "how long the exchange took",
    "examination_us": "of which examining",
    "request_bytes": "bytes of the request body",
    "response_bytes": "bytes of the response body",
    "upstream_contacted": "whether the destination was contacted",
    "policy": "version of the policy",
    "worker": "number of the proxy worker",
    "error": "what went wrong, if anything",
}


class CanonicalLog:
    """A sink that writes lines to a text stream."""

    def __init__(self, stream: TextIO, *, owns_stream: bool) -> None:
        self._stream = stream
        self._owns_stream = owns_stream
        self._logger: FilteringBoundLogger = structlog.wrap_logger(
            structlog.WriteLogger(stream), processors=[structlog.processors.JSONRenderer()]
        )

    @classmethod
    def to_stream(cls, stream: TextIO) -> Self:
        """Lines to an open stream, such as standard output; `close` leaves it open."""
        return cls(stream, owns_stream=False)

    @classmethod
    def to_file(cls, path: Path) -> Self:
        """Lines appended to `path` (mode 0600: who visited what is private). Raises UsageError when it cannot be written."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            problem = f"cannot write the exchange log {path}: {(error.strerror or str(error)).lower()}"
            raise UsageError(Problem(problem=problem, help="change `records.log` in the settings")) from None
        return cls(os.fdopen(handle, "a", encoding="utf-8"), owns_stream=True)

    def write(self, record: Record) -> None:
        """One line; flushed, so that a shipper sees it at once."""
        self._logger.info("exchange", **canonical_fields(record))

    def close(self) -> None:
        """Close the file, if it is ours."""
        if self._owns_stream:
            self._stream.close()


def canonical_fields(record: Record) -> dict[str, Any]:
    """The line as a mapping, without `event`."""
    return {
        "time": datetime.fromtimestamp(record.started_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "id": record.id,
        "kind": record.kind,
        "verdict": record.verdict.value,
        "reason": record.reason.value,
        "rule": record.rule,
        "monitored": record.monitored,
        "exceptions": record.exceptions,
        "acknowledged": record.acknowledged,
        "user": record.user,
        "groups": record.groups,
        "client": record.client_address,
        "country": record.country,
        "networks": record.networks,
        "device": record.device,
        "enrolled": record.device_enrolled,
        "device_problem": record.device_problem,
        "client_kind": record.client_kind,
        "product": record.client_product,
        "app": record.app,
        "operation": record.operation,
        "tenant": record.tenant,
        "account": record.account_kind,
        "mcp_server": record.mcp_server,
        "mcp_methods": record.mcp_methods,
        "mcp_tools": record.mcp_tools,
        "mcp_changed": record.mcp_changed,
        "tool_calls": record.tool_calls,
        "method": record.method,
        "host": record.host,
        "path": record.path,
        "socket": record.socket,
        "messages": record.messages,
        "status": record.status,
        "examination": record.examination,
        "detectors": sorted({finding.detector for finding in record.findings}),
        "profiles": sorted({profile for finding in record.findings for profile in finding.profiles}),
        "redacted": sum(each.count for each in record.redactions),
        "captured": record.sealed is not None,
        "duration_ms": round(record.duration_ms, 3),
        "examination_us": record.examination_us,
        "request_bytes": record.request_bytes,
        "response_bytes": record.response_bytes,
        "upstream_contacted": record.upstream_contacted,
        "policy": record.policy_version,
        "worker": record.worker,
        "error": record.error,
    }
