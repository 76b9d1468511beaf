"""What came of cases, for programs (JUnit XML, JSON) and as a table of what they show of the policy.

Separate because these are contracts with programs that we do not write. JUnit's form is the one continuous integration reads:
a suite per policy file, a failure with the differences and the trace.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import orjson

from lockgate.policy.cases import CaseResult
from lockgate.policy.coverage import Coverage

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, not even escaped (section 2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The cases of one policy file."""

    file: str
    results: tuple[CaseResult, ...]
    coverage: Coverage

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """Those that came out otherwise than expected."""
        return tuple(result for result in self.results if not result.passed)


def as_junit(tested: Iterable[Tested]) -> str:
    """JUnit XML: `testsuites`, a `testsuite` per policy, a `testcase` per case."""
    tested = tuple(tested)
    cases, failures = sum(len(each.results) for each in tested), sum(len(each.failed) for each in tested)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="lockgate" tests="{cases}" failures="{failures}" errors="0">',
    ]
    for each in tested:
        counts = f'tests="{len(each.results)}" failures="{len(each.failed)}" errors="0" skipped="0"'
        lines.append(f"  <testsuite name={_attribute(each.file)} {counts}>")
        lines += [line for result in each.results for line in _testcase(each.file, result)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _testcase(file: str, result: CaseResult) -> Iterable[str]:
    case = result.case
    head = f"classname={_attribute(file)} name={_attribute(case.name)}"
    place = f'file={_attribute(case.place.file)} line="{case.place.line}"'
    if result.passed:
        return (f"    <testcase {head} {place}/>",)
    differences = "; ".join(result.differences)
    trace = "\n".join(f"{step.rule}: {step.truth.value} ({step.why})" for step in result.steps)
    text = f"{case.place}\n{differences}\n\n{trace}"
    return (
        f"    <testcase {head} {place}>",
        f'      <failure message={_attribute(differences)} type="failed-case">{_text(text)}</failure>',
        "    </testcase>",
    )


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_clean(text))


def _attribute(text: str) -> str:
    """Quoted; line breaks and tabs as references, or a reader would take them for blanks."""
    return quoteattr(_clean(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def as_json(tested: Iterable[Tested]) -> str:
    """One object: `policies`, each with its `cases` and its `coverage`."""
    policies = [
        {"file": each.file, "cases": [_case(result) for result in each.results], "coverage": _coverage(each.coverage)}
        for each in tested
    ]
    return orjson.dumps({"version": 1, "policies": policies}, option=orjson.OPT_INDENT_2).decode()


def _case(result: CaseResult) -> Mapping[str, object]:
    decision = result.decision
    return {
        "name": result.case.name,
        "file": result.case.place.file,
        "line": result.case.place.line,
        "passed": result.passed,
        "differences": list(result.differences),
        "verdict": decision.verdict.value,
        "rule": decision.rule,
        "reason": decision.reason.value,
    }


def _coverage(coverage: Coverage) -> Mapping[str, object]:
    return {
        "percent": coverage.percent,
        "rules": [
            {
                "id": rule.id, "matched": rule.matched, "not_matched": rule.not_matched, "unread": rule.unread,
                "missing": rule.missing,
            }
            for rule in coverage.rules
        ],
        "entries": [
            {"id": entry.id, "kind": entry.kind, "used": entry.used, "missing": entry.missing} for entry in coverage.entries
        ],
    }  # fmt: skip


def coverage_table(coverage: Coverage) -> str:
    """For people: how many cases each rule matched and did not match."""
    rows = [("rule", "matched", "not matched", "")]
    rows += [(rule.id, str(rule.matched), str(rule.not_matched), rule.missing) for rule in coverage.rules]
    rows += [(f"{entry.id} ({entry.kind})", str(entry.used), "", entry.missing) for entry in coverage.entries]
    width = max(len(row[0]) for row in rows)
    lines = [f"  {name:<{width}}  {matched:>7}  {other:>11}  {missing}".rstrip() for name, matched, other, missing in rows]
    return "\n".join([*lines, f"  {coverage.percent} % shown"])
