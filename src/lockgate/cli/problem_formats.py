"""What a check found, in the formats that other programs read: JSON, SARIF 2.1.0, and the annotations of GitHub's workflows.

Separate because a format is a contract with programs that we do not write. Nothing here decides what is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

import orjson

from lockgate import __version__
from lockgate.facts.problem import Problem
from lockgate.policy.problem_codes import INVALID_VALUE, NOTE_CODES, PROBLEM_CODES

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INDENTED = orjson.OPT_INDENT_2


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in one file. `version` is that of the policy, absent when it is not in order."""

    file: str
    rules: int = 0
    version: str | None = None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def found(self) -> Iterable[tuple[str, Problem]]:
        """Everything, with its severity: what is wrong first."""
        yield from (("error", problem) for problem in self.problems)
        yield from (("note", note) for note in self.notes)


def as_json(checked: Iterable[Checked]) -> str:
    """One object: `policies`, and all `problems` with `file`, `line`, `column`, `severity`, `code`, `problem` and `help`."""
    checked = tuple(checked)
    policies = [
        {"file": each.file, "in_order": not each.problems, "rules": each.rules, "version": each.version} for each in checked
    ]
    problems = [_plain(each.file, severity, problem) for each in checked for severity, problem in each.found]
    return orjson.dumps({"version": 1, "policies": policies, "problems": problems}, option=_INDENTED).decode()


def _plain(file: str, severity: str, problem: Problem) -> Mapping[str, object]:
    place = problem.place
    return {
        "file": place.file if place is not None else file,
        "line": place.line if place is not None else None,
        "column": place.column if place is not None else None,
        "severity": severity,
        "code": problem.code or INVALID_VALUE,
        "problem": problem.problem,
        "help": problem.help,
    }


def as_sarif(checked: Iterable[Checked]) -> str:
    """A SARIF log with one run (OASIS SARIF 2.1.0, sections 3.13 to 3.30)."""
    codes = {**PROBLEM_CODES, **NOTE_CODES}
    order = {code: index for index, code in enumerate(codes)}
    rules = [
        {
            "id": code,
            "shortDescription": {"text": _sentence(doc)},
            "defaultConfiguration": {"level": "error" if code in PROBLEM_CODES else "note"},
        }
        for code, doc in codes.items()
    ]
    results = [_result(each.file, severity, problem, order) for each in checked for severity, problem in each.found]
    driver = {"name": "lockgate", "semanticVersion": __version__, "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return orjson.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, option=_INDENTED).decode()


def _result(file: str, severity: str, problem: Problem, order: Mapping[str, int]) -> Mapping[str, object]:
    code = problem.code if problem.code in order else INVALID_VALUE
    text = _sentence(problem.problem) + (f" {_sentence(problem.help)}" if problem.help else "")
    place = problem.place
    uri = quote(PurePath(place.file if place is not None else file).as_posix())
    region = {"region": {"startLine": place.line, "startColumn": place.column}} if place is not None else {}
    location = {"physicalLocation": {"artifactLocation": {"uri": uri}, **region}}
    return {
        "ruleId": code, "ruleIndex": order[code], "level": severity, "message": {"text": text}, "locations": [location],
    }  # fmt: skip


def _sentence(text: str) -> str:
    """Viewers show a message as prose."""
    whole = f"{text[:1].upper()}{text[1:]}"
    return whole if whole.endswith((".", "?", "!", "`")) else f"{whole}."


def as_github(checked: Iterable[Checked]) -> str:
    """One workflow command per finding; a runner shows it beside the line it is about."""
    return "\n".join(_command(each.file, severity, problem) for each in checked for severity, problem in each.found)


def _command(file: str, severity: str, problem: Problem) -> str:
    place = problem.place
    said = {"file": place.file if place is not None else file}
    if place is not None:
        said |= {"line": str(place.line), "col": str(place.column)}
    said["title"] = problem.code or INVALID_VALUE
    properties = ",".join(f"{name}={_property(value)}" for name, value in said.items())
    message = f"{problem.problem}\n{problem.help}" if problem.help else problem.problem
    return f"::{'error' if severity == 'error' else 'notice'} {properties}::{_data(message)}"


def _data(text: str) -> str:
    """What the runner undoes in a message; without it a line break would end the command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
