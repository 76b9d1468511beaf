"""What a webhook is told: JSON without content, and the signature that proves who says it.

Separate because it is an interface of its own, documented in `NOTICE_FIELDS`. It must never hold what anybody said: of
findings, the mask; of addresses, the host alone.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from lockgate.facts.record import Record

NOTICE_FIELDS = {
    "event": "`notice`, or `summary` for what a rule did beyond its `at_most_per_minute`",
    "gateway": "the setting `name`",
    "rule": "the rule that notifies",
    "id": "the record's id",
    "hint": "the command that shows the record",
    "time": "when the exchange began, UTC, RFC 3339",
    "verdict": "what happened",
    "reason": "why: a reason code",
    "decided_by": "the rule that decided, if any",
    "user": "who, if known",
    "groups": "the user's groups",
    "client": "the client's address",
    "country": "the country it is in, if known",
    "device": "the device, if known",
    "app": "the app's id, if it is one of the library",
    "app_name": "its name",
    "operation": "what was done in it",
    "model": "the model, if known",
    "method": "HTTP method",
    "host": "destination host",
    "tags": "the record's tags",
    "findings": "`detector`, `profiles`, `detection_confidence`, `mask`, `found_in` of each",
    "policy": "version of the policy",
    "count": "of a summary: how many more exchanges there were",
    "since": "of a summary: when the first of them was stored",
    "until": "of a summary: when it ended",
    "verdicts": "of a summary: how many of each verdict",
}
SIGNATURE = "X-Lockgate-Signature"
TIMESTAMP = "X-Lockgate-Timestamp"
DELIVERY = "X-Lockgate-Delivery"
_LONGEST = 256
_FINDINGS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a rule did beyond what it may tell one by one. Times are seconds since the epoch."""

    rule: str
    count: int
    since: float
    until: float
    verdicts: Mapping[str, int]


def notice_body(record: Record, rule: str, gateway: str) -> bytes:
    """One exchange."""
    findings = [
        {
            "detector": found.detector, "profiles": found.profiles, "detection_confidence": found.detection_confidence,
            "mask": found.mask, "found_in": found.found_in,
        }
        for found in record.findings[:_FINDINGS]
    ]  # fmt: skip
    return _json({
        "event": "notice",
        "gateway": gateway,
        "rule": rule,
        "id": record.id,
        "hint": f"lockgate log show {record.id}",
        "time": _time(record.started_at),
        "verdict": record.verdict.value,
        "reason": record.reason.value,
        "decided_by": record.rule,
        "user": record.user,
        "groups": record.groups,
        "client": record.client_address,
        "country": record.country,
        "device": record.device,
        "app": record.app,
        "app_name": record.app_name,
        "operation": record.operation,
        "model": record.model[:_LONGEST],
        "method": record.method,
        "host": record.host[:_LONGEST],
        "tags": record.tags,
        "findings": findings,
        "policy": record.policy_version,
    })  # fmt: skip


def summary_body(summary: Summary, gateway: str) -> bytes:
    """What came beyond."""
    return _json({
        "event": "summary",
        "gateway": gateway,
        "rule": summary.rule,
        "hint": "lockgate log tail",
        "count": summary.count,
        "since": _time(summary.since),
        "until": _time(summary.until),
        "verdicts": dict(summary.verdicts),
    })  # fmt: skip


def signed_headers(secret: bytes, body: bytes, *, timestamp: int, delivery: str) -> dict[str, str]:
    """The receiver computes HMAC-SHA256 over `timestamp.body` with the secret they share, and refuses old timestamps."""
    proof = hmac.digest(secret, f"{timestamp}.".encode() + body, "sha256").hex()
    return {
        "Content-Type": "application/json",
        TIMESTAMP: str(timestamp),
        SIGNATURE: f"v1={proof}",
        DELIVERY: delivery,
    }


def _json(fields: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        # A record that came from a worker has none; one that was made here may have half an emoji.
        safe = {name: value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
                for name, value in fields.items()}  # fmt: skip
        return msgspec.json.encode(safe)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
