"""Writes what is generated from the code: parts of reference pages, schemas for editors. `python docs/generate.py [--check]`.

A page holds `<!-- generated: NAME -->` and `<!-- end -->`; what is between them comes from the table of that name.
Separate from the pages, so that a reference can never say what the code does not. It must never guess: an unknown name, or a
part that is not closed, is an error, and with `--check` so is every part that is out of date.
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent))

from app_coverage import COLUMNS, coverage, summary

from lockgate.apps.clients_file import ClientsFile
from lockgate.apps.formats.described import described_id
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.rubric import Rubric, answer_names, short_names
from lockgate.apps.schema import AppFile
from lockgate.cli import cli
from lockgate.facts.app import Operation, ReviewStatus
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, ExaminationState
from lockgate.facts.problem import UsageError
from lockgate.facts.record import Record
from lockgate.home.home import built_in_data
from lockgate.home.schema import read_as
from lockgate.home.settings import settings_reference
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import selector_reference
from lockgate.policy.actions import ACTIONS
from lockgate.policy.json_schema import cases_schema, policy_schema, schema_text
from lockgate.policy.operators import OPERATORS
from lockgate.policy.problem_codes import NOTE_CODES, PROBLEM_CODES
from lockgate.sinks.canonical_log import CANONICAL_FIELDS
from lockgate.sinks.metrics import Metrics
from lockgate.sinks.notice_text import NOTICE_FIELDS

REFERENCE = Path(__file__).parent / "reference"
POLICIES = Path(__file__).parent.parent / "policies"
SCHEMAS = {POLICIES / "policy.schema.json": policy_schema, POLICIES / "cases.schema.json": cases_schema}
CLIENT_RESULTS = Path(__file__).parent.parent / "tests" / "e2e" / "real_clients" / "results.json"

_PART = re.compile(r"(?P<open><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)(?P<close><!-- end -->)", re.DOTALL)
_MARK = re.compile(r"<!-- (?:generated: [^>]*|end) -->")
_WIDTH = 100


class StaleReferenceError(Exception):
    """A page does not say what the code says."""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = tuple(heads)
    lines = [heads, tuple("---" for _ in heads), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(_code, texts))


def _reason_codes() -> str:
    return _table(("code", "meaning"), ((_code(reason), reason.explanation) for reason in Reason))


def _words() -> str:
    kinds = (
        ("verdict", Verdict),
        ("review status (`app.status`)", ReviewStatus),
        ("capture", Capture),
        ("examination state (`examination.state`)", ExaminationState),
        ("operation (`operation`)", Operation),
    )
    rows = [(name, _codes(kind)) for name, kind in kinds]
    rows.append(("detection confidence", _codes(level.name.lower() for level in DetectionConfidence)))
    return _table(("what", "its words"), rows)


def _evidence() -> str:
    """Components and their answers, as policies name them."""
    file = built_in_data() / "apps" / "rubric.yaml"
    rubric = read_as(parse_yaml(file.read_text(encoding="utf-8"), file.name), Rubric)
    questions = dict(zip(short_names(rubric).values(), (each.question for each in rubric.components), strict=True))
    rows = (
        (_code(f"app.evidence.{name}"), questions[name], _codes(sorted(known))) for name, known in answer_names(rubric).items()
    )
    return _table(("selector", "question", "answers"), rows)


def _payload_operations() -> str:
    return f"Operations that carry content: {_codes(operation for operation in Operation if operation.carries_payload)}."


def _selectors() -> str:
    rows = (
        (_code(row.name), row.type, row.phase.replace("_", " "), _codes(row.operators), row.doc) for row in selector_reference()
    )
    return _table(("selector", "type", "known from", "operators", "meaning"), rows)


def _operators() -> str:
    rows = ((kind.value, _code(name), operator.doc) for kind, named in OPERATORS.items() for name, operator in named.items())
    return _table(("type", "operator", "holds when the value is, or"), rows)


def _actions() -> str:
    return _table(("action", "what it does"), ((_code(row.name), row.doc) for row in ACTIONS.values()))


def _problem_codes() -> str:
    kinds = (("What keeps a policy from going live", PROBLEM_CODES), ("What is worth knowing (a note)", NOTE_CODES))
    tables = (
        f"**{name}**\n\n{_table(('code', 'meaning'), ((_code(code), doc) for code, doc in codes.items()))}"
        for name, codes in kinds
    )
    return "\n\n".join(tables)


def _settings() -> str:
    rows = (
        (
            _code(row.name),
            row.kind,
            row.default if row.default == "empty" else _code(row.default),
            row.doc + (" (taken over at the next start)" if row.at_start else ""),
        )
        for row in settings_reference()
    )
    return _table(("setting", "type", "default", "meaning"), rows)


def _log_fields() -> str:
    return _table(("field", "meaning"), ((_code(name), doc) for name, doc in CANONICAL_FIELDS.items()))


def _notice_fields() -> str:
    return _table(("field", "meaning"), ((_code(name), doc) for name, doc in NOTICE_FIELDS.items()))


def _record_fields() -> str:
    return _codes(item.name for item in fields(Record) if item.name != "facts")


def _clients() -> str:
    """From what the end-to-end tests saw last, which the tests compare with what they see."""
    seen = json.loads(CLIENT_RESULTS.read_text(encoding="utf-8"))

    def yes(value: object) -> str:
        return "yes" if value else "no"

    rows = (
        (
            row["name"], row["version"], _code(row["app"]) if row["app"] else "", yes(row["recognised"]), yes(row["answered"]),
            yes(row["streamed"]), "yes" if row["websocket"] else "", ", ".join(row["http"]),
            "message shown" if row["message_shown"] else ("refused, message not shown" if row["refused"] else "no"),
            str(row["attempts"]), yes(row["coached"]),
        )
        for row in seen.values()
    )  # fmt: skip
    heads = (
        "client",
        "version",
        "app",
        "recognised",
        "answer shown",
        "streamed",
        "WebSocket",
        "HTTP",
        "refusal",
        "attempts",
        "coached",
    )
    return _table(heads, rows)


def _metrics() -> str:
    """From the exposition format itself, where a family begins with `# HELP name text` and `# TYPE name kind`."""
    lines = Metrics().render().decode().splitlines()
    about = [line.split(" ", 3)[2:] for line in lines if line.startswith("# HELP ")]
    kinds = dict(line.split(" ")[2:] for line in lines if line.startswith("# TYPE "))
    rows = ((_code(name), kinds[name], doc) for name, doc in sorted(about) if not name.endswith("_created"))
    return _table(("metric", "kind", "meaning"), rows)


def _formats() -> str:
    return _table(("format", "what it is"), ((_code(name), _about(known)) for name, known in sorted(FORMATS.items())))


def _socket_formats() -> str:
    return _table(("format", "what it is"), ((_code(name), _about(known)) for name, known in sorted(SOCKET_FORMATS.items())))


def _about(wire_format: object) -> str:
    module = inspect.getmodule(type(wire_format))
    return (module.__doc__ if module and module.__doc__ else "").strip().partition("\n\n")[0].replace("\n", " ")


def _described_formats() -> str:
    rows: list[tuple[str, ...]] = []
    for file in sorted((built_in_data() / "apps").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if "reads:" not in text or file.name == "rubric.yaml":
            continue
        app = read_as(parse_yaml(text, str(file)), AppFile)
        rows += [
            (app.name, _code(described_id(app.id, one.id)), one.operation, one.reads.summary(), one.reads.hears(), one.basis)
            for one in app.operations
            if one.reads is not None
        ]
    return _table(("app", "format", "operation", "what is read", "what is heard", "how sure"), rows)


def _coverage() -> str:
    rows = ((f"{row.name} ({_code(row.id)})", row.category, *row.cells()) for row in coverage(built_in_data() / "apps"))
    return _table(("app", "category", *COLUMNS), rows)


def _coverage_summary() -> str:
    rows = coverage(built_in_data() / "apps")
    table = _table(("of the apps", "by their own samples", "in all"), summary(rows))
    return f"{len(rows)} apps.\n\n{table}"


def _rubric() -> str:
    file = built_in_data() / "apps" / "rubric.yaml"
    rubric = read_as(parse_yaml(file.read_text(encoding="utf-8"), str(file)), Rubric)
    parts: list[str] = []
    for score in (rubric.application, rubric.genai):
        rows = ((_code(part.id), part.question, f"{part.max_points / 100:.2f}") for part in score.components)
        parts.append(f"**{score.name}**\n\n{_table(('component', 'question', 'points at most'), rows)}")
    return "\n\n".join(parts)


def _client_software() -> str:
    file = built_in_data() / "apps" / "clients.yaml"
    clients = read_as(parse_yaml(file.read_text(encoding="utf-8"), str(file)), ClientsFile)
    known = _table(
        ("`client.product`", "what it is", "`client.kind`", "vendor", "how sure"),
        ((_code(one.id), one.name, _code(one.kind), one.vendor, one.basis.value) for one in clients.clients),
    )
    inside = _table(("`client.via`", "what it is"), ((_code(one.id), one.name) for one in clients.environments))
    return f"{known}\n\n{inside}"


def _cli() -> str:
    parts: list[str] = []

    def walk(command: click.Command, path: tuple[str, ...]) -> None:
        command._help_option = None  # noqa: SLF001 - click keeps the names under which help was asked for first, by whomever
        how = cli.context_settings | {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
        context = click.Context(command, info_name=" ".join(path), **how)
        parts.append(f"## `{' '.join(path)}`\n\n```text\n{command.get_help(context)}\n```")
        if isinstance(command, click.Group):
            for name in sorted(command.list_commands(context)):
                if (subcommand := command.get_command(context, name)) is not None:
                    walk(subcommand, (*path, name))

    walk(cli, ("lockgate",))
    return "\n\n".join(parts)


PARTS: dict[str, Callable[[], str]] = {
    "actions": _actions,
    "cli": _cli,
    "client-software": _client_software,
    "clients": _clients,
    "formats": _formats,
    "coverage": _coverage,
    "coverage-summary": _coverage_summary,
    "socket-formats": _socket_formats,
    "described-formats": _described_formats,
    "log-fields": _log_fields,
    "notice-fields": _notice_fields,
    "metrics": _metrics,
    "operators": _operators,
    "payload-operations": _payload_operations,
    "reason-codes": _reason_codes,
    "record-fields": _record_fields,
    "problem-codes": _problem_codes,
    "rubric": _rubric,
    "selectors": _selectors,
    "settings": _settings,
    "words": _words,
    "evidence": _evidence,
}


def regenerated(page: str) -> str:
    """`page` with every generated part written anew. Raises StaleReferenceError for a mark that is unknown or not closed."""
    found = list(_PART.finditer(page))
    if len(_MARK.findall(page)) != 2 * len(found):
        raise StaleReferenceError("a generated part is not closed, or closed twice")
    unknown = {match["name"] for match in found} - PARTS.keys()
    if unknown:
        raise StaleReferenceError(f"nothing generates {', '.join(sorted(unknown))}")
    return _PART.sub(lambda match: f"{match['open']}\n{PARTS[match['name']]()}\n\n{match['close']}", page)


def main(arguments: list[str]) -> int:
    """Write the pages and schemas, or with `--check` only compare them. 0 fine, 1 out of date."""
    stale = 0
    for file, make in SCHEMAS.items():
        fresh = schema_text(make())
        if file.exists() and file.read_text(encoding="utf-8") == fresh:
            continue
        if "--check" in arguments:
            click.echo(f"{file}: out of date; run python docs/generate.py", err=True)
            stale += 1
        else:
            file.write_text(fresh, encoding="utf-8")
            click.echo(f"{file}: written")
    for file in sorted(REFERENCE.glob("*.md")):
        page = file.read_text(encoding="utf-8")
        try:
            fresh = regenerated(page)
        except StaleReferenceError as error:
            click.echo(f"{file}: {error}", err=True)
            stale += 1
            continue
        if fresh == page:
            continue
        if "--check" in arguments:
            click.echo(f"{file}: out of date; run python docs/generate.py", err=True)
            stale += 1
        else:
            file.write_text(fresh, encoding="utf-8")
            click.echo(f"{file}: written")
    return 1 if stale else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UsageError as error:
        click.echo(str(error), err=True)
        sys.exit(UsageError.EXIT_CODE)
