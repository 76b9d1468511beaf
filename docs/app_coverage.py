"""What the gateway can do with each app, from the app files: the table of `reference/coverage.md`.

Separate from `generate.py` because it is a reading of data, not of code. A `✓` is proven by a sample in the app's own file,
which holds or the library does not load; a `○` rests on a format that is proven elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROVEN, BY_FORMAT, NO = "✓", "○", ""
COLUMNS = ("recognised", "operations", "prompt", "answer", "streamed", "attachments", "refusal", "opaque")

_TEXT_OPERATIONS = frozenset({
    "send_prompt", "image_generation", "video_generation", "audio_generation", "translate", "code_completion", "code_index",
    "embedding", "search", "tool_call", "agent_task", "token_count", "transcribe", "voice", "share",
})  # fmt: skip
_HEARD = frozenset({"text", "reasoning", "whole"})
_STREAM_TYPES = ("event-stream", "ndjson", "eventstream", "grpc", "connect", "x-json-stream")
_NOT_APPS = frozenset({"rubric.yaml", "clients.yaml", "tenant-control.yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One app's row. `marks` are one for each column but the second, which is a number."""

    id: str
    name: str
    category: str
    operations: int
    marks: dict[str, str]

    def cells(self) -> Iterator[str]:
        """The row after the name."""
        for column in COLUMNS:
            yield (str(self.operations or "") if column == "operations" else self.marks[column])


def coverage(folder: Path) -> tuple[Coverage, ...]:
    """Every app of a folder of app files, by name."""
    files = (file for file in sorted(folder.glob("*.yaml")) if file.name not in _NOT_APPS)
    rows = (_of(yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)) for file in files)
    return tuple(sorted(rows, key=lambda row: (row.category, row.name.lower())))


def summary(rows: Iterable[Coverage]) -> Iterator[tuple[str, str, str]]:
    """For each column how many apps have it proven by their own samples, and how many at all."""
    rows = tuple(rows)
    for column in COLUMNS:
        if column == "operations":
            described = sum(row.operations > 0 for row in rows)
            yield column, str(described), str(described)
            continue
        marks = [row.marks[column] for row in rows]
        yield column, str(marks.count(PROVEN)), str(len(rows) - marks.count(NO))


def _of(app: dict[str, Any]) -> Coverage:
    operations: list[dict[str, Any]] = app.get("operations", [])
    samples: list[dict[str, Any]] = app.get("samples", [])
    text = [one for one in operations if one["operation"] in _TEXT_OPERATIONS]
    read = [one for one in text if "format" in one or "reads" in one]
    uploads = [one for one in operations if one["operation"] == "upload" and ("format" in one or "reads" in one)]
    heard = [one for one in read if "format" in one or _HEARD & (one["reads"].get("answer") or {}).keys()]
    answered = [sample for sample in samples if sample.get("answer") or sample.get("reasoning")]
    streamed = [sample for sample in answered if _is_stream(sample["response"])]
    marks = {
        "recognised": PROVEN if samples else BY_FORMAT,
        "prompt": _mark([sample for sample in samples if sample.get("prompt")], read),
        "answer": _mark(answered, heard),
        "streamed": _mark(streamed, heard),
        "attachments": _mark([sample for sample in samples if sample.get("attachments")], uploads),
        # The contract suite runs every format's refusal through the format's own reader.
        "refusal": PROVEN if read and any(sample.get("prompt") for sample in samples) else _mark([], read),
        "opaque": PROVEN if any(one.get("opaque") for one in operations) else NO,
    }
    return Coverage(id=app["id"], name=app["name"], category=app["category"], operations=len(operations), marks=marks)


def _mark(proven: list[Any], by_format: list[Any]) -> str:
    if proven:
        return PROVEN
    return BY_FORMAT if by_format else NO


def _is_stream(response: dict[str, Any]) -> bool:
    if any(response.get(kind) for kind in ("events", "lines", "messages")):
        return True
    if str(response.get("body", "")).startswith(")]}'"):  # Google's chunks, each after its length, whatever the type says
        return str(response["body"]).count("wrb.fr") > 1
    return any(kind in str(response.get("type", "")) for kind in _STREAM_TYPES)
