"""Records as text for a terminal: a line in a table, a page about one.

Separate from the commands so that the layout can be tested by itself. What clients send is shown without control characters:
a path must not be able to move a reviewer's cursor.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from lockgate.facts.device import DeviceTrust
from lockgate.facts.record import AttachmentSummary, Record
from lockgate.store.relations import Relations

_COLUMNS = (("TIME", 19), ("VERDICT", 8), ("REASON", 20), ("USER", 16), ("APP", 20), ("OPERATION", 16), ("HOST", 30), ("ID", 0))
_LABEL = 14
NO_RELATIONS = Relations()


def headings() -> str:
    """The first line of the table."""
    return _aligned(title for title, _ in _COLUMNS)


def record_line(record: Record) -> str:
    """A record as a line of the table, in local time. The id comes last and whole, for copying."""
    why = f"rule {record.rule}" if record.rule else record.reason.value
    return _aligned((
        _local(record.started_at),
        record.verdict.value,
        why,
        record.user or record.client_address,
        record.app or "-",
        record.operation or "-",
        record.host or "-",
        record.id,
    ))  # fmt: skip


def record_page(record: Record, related: Relations = NO_RELATIONS) -> str:
    """Everything known about one exchange, empty fields left out, and the records that belong to it."""
    who = record.user or "not identified"
    if record.groups:
        who += f" ({', '.join(record.groups)})"
    target = f"{record.method} {record.scheme}://{record.host}:{record.port}{record.path}".strip()
    scores = [
        f"{name} {value}"
        for name, value in (
            ("application confidence", record.application_confidence_score),
            ("Gen-AI confidence", record.genai_confidence_score),
        )
        if value
    ]
    rows = [
        ("Record", record.id),
        ("Time", f"{_local(record.started_at)}  ({record.duration_ms:.0f} ms, worker {record.worker})"),
        ("Verdict", f"{record.verdict.value}: {record.reason.explanation}"),
        ("Rule", record.rule),
        ("Would have", ", ".join(record.monitored)),
        ("Excepted", ", ".join(record.exceptions)),
        ("Acknowledged", ", ".join(record.acknowledged)),
        ("Policy", record.policy_version),
        ("Tags", ", ".join(record.tags)),
        ("Headers", ", ".join(record.headers)),
        ("Notified", ", ".join(f"{notice.webhook} of {notice.rule}" for notice in record.notices)),
        ("Who", f"{who} from {_where(record)}"),
        ("Device", _device(record)),
        ("App", " · ".join(part for part in (record.app_name or record.app, record.app_status, record.tier, *scores) if part)),
        ("Account", " · ".join(part for part in (record.account_kind, record.tenant, record.credential) if part)),
        ("Client", _client(record)),
        ("Operation", " · ".join(part for part in (record.operation, record.format, record.model) if part)),
        ("MCP", _mcp(record)),
        ("Tools", ", ".join(record.tool_calls)),
        ("Conversation", record.conversation),
        ("Tasks", ", ".join(record.tasks)),
        ("Answer", "it is one, to what was asked elsewhere" if record.holds_answer else ""),
        ("Text", _text(record)),
        ("Request", target),
        ("Response", f"status {record.status}" if record.status else "none was sent"),
        ("Upstream", "contacted" if record.upstream_contacted else "not contacted"),
        ("WebSocket", _websocket(record)),
        ("Bytes", f"{record.request_bytes} sent, {record.response_bytes} received"),
        ("Examination", _examination(record)),
        ("Error", record.error),
    ]
    lines = [f"{label:<{_LABEL}}{_visible(value)}" for label, value in rows if value]
    lines += _section(
        "Findings",
        (f"{f.detector}  {f.detection_confidence}  {', '.join(f.profiles)}  {f.found_in}  {f.mask}" for f in record.findings),
    )
    lines += _section("Redacted", (f"{each.count} of {each.detector}  by {each.rule}" for each in record.redactions))
    lines += _section("Files", (_file(file) for file in record.attachments))
    lines += _section("Answered by", map(record_line, related.answers))
    lines += _section("The answer to", map(record_line, related.asked))
    lines += _section("Uploaded by", map(record_line, related.uploads))
    lines += _section("Used by", map(record_line, related.prompts))
    lines += _section("The same file left with", map(record_line, related.same_content))
    lines += _section("Trace", record.trace)
    if record.sealed is not None:
        command = f"lockgate log show {record.id} --open --key FILE"
        lines += ["", f"Captured text ({record.capture.value}) is sealed. A reviewer reads it: {command}"]
    return "\n".join(lines)


def _file(file: AttachmentSummary) -> str:
    """Such as `image/png (declared text/csv)  5120 bytes  sha256 9f86d0...`; what is only named has no size."""
    kind = file.type or file.declared or "unknown type"
    declared = f" (declared {file.declared})" if file.type and file.declared and file.declared != file.type else ""
    content = f"{file.size} bytes  sha256 {file.sha256}" if file.sha256 else "named only, its content left earlier or elsewhere"
    return f"{kind}{declared}  {content}"


def _text(record: Record) -> str:
    """Such as `12 human_text, 86000 system_prompt characters`, largest first."""
    counts = sorted(record.text_kinds.items(), key=lambda item: -item[1])
    said = f"{', '.join(f'{count} {kind}' for kind, count in counts)} characters" if counts else ""
    return f"{said} (sent by the client by itself)" if record.background else said


def _where(record: Record) -> str:
    places = ", ".join(part for part in (*record.networks, record.country) if part)
    return f"{record.client_address} ({places})" if places else record.client_address


def _device(record: Record) -> str:
    """Such as `laptop-17 · enrolled · passed disk_encrypted, managed · by certificate`."""
    if record.device_problem:
        return f"not known: {record.device_problem}"
    if record.device_trust in ("", DeviceTrust.NONE):
        return ""
    passed = "" if record.device_posture is None else f"passed {', '.join(record.device_posture) or 'no check'}"
    enrolled = "enrolled" if record.device_enrolled else "not enrolled"
    return " · ".join(part for part in (record.device, enrolled, passed, f"by {record.device_trust}") if part)


def _client(record: Record) -> str:
    """Such as `claude-code 2.1.197 (coding_agent) via vscode`."""
    named = " ".join(part for part in (record.client_product, record.client_version) if part)
    kind = f"({record.client_kind})" if named else record.client_kind
    return " ".join(part for part in (named, kind, f"via {record.client_via}" if record.client_via else "") if part)


def _mcp(record: Record) -> str:
    """Such as `tools.example.com/mcp · tools/call · search`."""
    asked = (", ".join(record.mcp_methods), ", ".join(record.mcp_tools))
    changed = f"changed: {', '.join(record.mcp_changed)}" if record.mcp_changed else ""
    return " · ".join(part for part in (record.mcp_server, *asked, changed) if part)


def _websocket(record: Record) -> str:
    return f"record {record.socket}" if record.socket else f"{record.messages} messages" if record.messages else ""


def _examination(record: Record) -> str:
    if not record.examination:
        return ""
    turns = f"{record.examined_turns} turns, {record.already_seen_turns} seen before"
    return f"{record.examination} ({turns}, {record.examination_us / 1000:.1f} ms)"


def _section(title: str, lines: Iterator[str] | tuple[str, ...]) -> list[str]:
    shown = [f"  {_visible(line)}" for line in lines]
    return ["", title, *shown] if shown else []


def _local(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _aligned(values: Iterator[str] | tuple[str, ...]) -> str:
    cells = (
        f"{_shortened(_visible(value), width):<{width}}" if width else _visible(value)
        for value, (_, width) in zip(values, _COLUMNS, strict=True)
    )
    return "  ".join(cells).rstrip()


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def visible_lines(text: str) -> str:
    """Captured text for a terminal: line breaks and tabs stay, every other control character is replaced."""
    return "\n".join("\t".join(_visible(piece) for piece in line.split("\t")) for line in text.split("\n"))


def _visible(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text)
