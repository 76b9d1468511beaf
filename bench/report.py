"""From measurements to tables. Separate because the same tables go to the terminal and into the documentation."""

import platform
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from parts import PARTS
from scenarios import SCENARIOS, Scenario
from targets import Runs, alone, cpu_per_request, ratios, verdicts

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "benchmarks.md"
BEGIN, END = "<!-- measured{}: begin -->", "<!-- measured{}: end -->"


def machine() -> str:
    """One line about where this ran."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    cores = len(re.findall(r"^processor\s*:", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    gib = round(int(memory[1]) / (1 << 20)) if memory else 0
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{cores} cores ({cpu[1] if cpu else 'unknown'}), {gib} GiB, {system}"


def today() -> str:
    """The date of a run."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def report(results: Mapping[str, Any]) -> str:
    """Everything, as Markdown."""
    runs = results["runs"]
    pinned = "subjects on one core, load and origin on another" if results["pinned"] else "nothing pinned to a core"
    lines = [
        f"`{results['command']}` on {results['date']}: {results['rounds']} interleaved rounds of {results['seconds']:g} s.",
        f"{results['machine']}; {pinned}.",
        f"{results['versions']}.",
        "",
        *(_at_a_glance(runs) if runs else ()),
        "### Targets",
        "",
        *markdown(("", "at most", "measured", "met"), list(verdicts(results))),
        "",
    ]
    for scenario in SCENARIOS:
        own = [run for run in runs if run["scenario"] == scenario.id]
        if own:
            lines += [f"### {scenario.title}", "", scenario.what, "", *_details(scenario, own), ""]
    if runs:
        lines += [
            "### Whose CPU time",
            "",
            "Milliseconds per request with 16 connections, by process.",
            "",
            *_by_role(runs),
            "",
        ]
    if results["memory"]:
        lines += _memory(results["memory"])
    for part in PARTS:
        if measured := results["parts"].get(part.id):
            lines += [f"### {part.title}", "", part.what, "", *markdown(("", *part.columns.values()), part.rows(measured)), ""]
    failures = Counter[str]()
    for row in (*runs, *results["memory"]):
        failures.update({f"{row['name']}: {why}": often for why, often in row["failed"].items()})
    lines += [f"Failed: {why} ({often})." for why, often in failures.items()] or ["No request failed."]
    return "\n".join(lines)


def _subjects(runs: Runs) -> Iterator[tuple[str, str]]:
    yield from {run["subject"]: run["name"] for run in runs}.items()


def _at_a_glance(runs: Runs) -> list[str]:
    what = "CPU milliseconds per request with 16 connections, median of rounds, and as a share of mitmdump's."
    return ["### At a glance", "", what, "", *_overview(runs), ""]


def _overview(runs: Runs) -> list[str]:
    shown = [scenario for scenario in SCENARIOS if any(run["scenario"] == scenario.id for run in runs)]
    rows: list[list[str]] = []
    for subject, name in _subjects(runs):
        row = [name]
        for scenario in shown:
            spent, shares = list(cpu_per_request(runs, subject, scenario.id).values()), ratios(runs, subject, scenario.id)
            if spent:
                row.append(f"{median(spent):.2f}" + (f" ({median(shares):.2f}x)" if shares else ""))
            else:
                row.append("-")
        if any(cell != "-" for cell in row[1:]):
            rows.append(row)
    return markdown(("", *(scenario.title for scenario in shown)), rows)


def _details(scenario: Scenario, runs: Runs) -> list[str]:
    timed = "first_event" if scenario.kind == "stream" else "latency"
    rows: list[list[str]] = []
    for subject, name in _subjects(runs):
        many = [run for run in runs if run["subject"] == subject and run["concurrency"] == max(scenario.concurrencies)]
        times = [_number(alone(runs, subject, scenario.id, timed, share), 1) for share in ("p50", "p99")]
        times += [_number(_median([run[timed][share] for run in many]), 1) for share in ("p50", "p99")]
        rows.append(
            [
                name,
                _number(_median([run["done"] / run["elapsed"] for run in many]), 0),
                _spread(list(cpu_per_request(runs, subject, scenario.id).values())),
                _spread(ratios(runs, subject, scenario.id)),
                *(_number(alone(runs, subject, scenario.id, "cpu_each", share), 2) for share in ("p50", "p99")),
                *times,
            ]
        )
    latency = "first event ms" if scenario.kind == "stream" else "ms"
    most = max(scenario.concurrencies)
    head = (
        "", f"requests/s, {most} conn.", f"CPU ms, {most} conn. (least-most)", "x mitmdump (least-most)",
        "CPU ms p50, 1 conn.", "CPU ms p99, 1 conn.",
        *(f"{latency} {share}, {number} conn." for number in (1, most) for share in ("p50", "p99")),
    )  # fmt: skip
    return markdown(head, rows)


def _by_role(runs: Runs) -> list[str]:
    shown = [scenario for scenario in SCENARIOS if any(run["scenario"] == scenario.id for run in runs)]
    rows: list[list[str]] = []
    for subject, name in _subjects(runs):
        roles = {role: None for run in runs if run["subject"] == subject for role in run["cpu_by_role"]}
        if len(roles) < 2:
            continue
        for role in roles:
            row = [f"{name}: {role}"]
            for scenario in shown:
                own = [run for run in runs if (run["subject"], run["scenario"]) == (subject, scenario.id) and run["done"]]
                most = [run for run in own if run["concurrency"] == max(scenario.concurrencies)]
                row.append(_number(_median([run["cpu_by_role"].get(role, 0) / run["done"] * 1000 for run in most]), 2))
            rows.append(row)
    return markdown(("", *(scenario.title for scenario in shown)), rows)


def _memory(measured: Runs) -> list[str]:
    exchanges = min(row["exchanges"] for row in measured)
    rows = [
        [
            row["name"],
            *(_number(row[when], 0) for when in ("idle", "halfway", "after")),
            f"{row['open_files'][0]} / {row['open_files'][-1]}",
            _number(row["idle_cpu_ms_per_second"], 1),
        ]
        for row in measured
    ]
    head = (
        "",
        "idle MiB",
        f"after {exchanges // 2:,}",
        f"after {exchanges:,}",
        "open files idle / after",
        "CPU ms per idle second",
    )
    what = f"All processes together, before, amid and after {exchanges:,} new 4 KB prompts over 16 connections."
    return ["### Memory", "", what, "", *markdown(head, rows), ""]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _spread(values: Sequence[float]) -> str:
    """The median, with the least and the most of all rounds: a difference that is smaller than these is none."""
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})" if values else "-"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table; all but its first column are aligned to the right."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' + ' ---: |' * (len(head) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def write_into(page: Path, text: str, section: str = "") -> None:
    """Replace what stands between the markers of a section of a page. Raises ValueError when they are not there."""
    begin_mark, end_mark = (mark.format(f" {section}" if section else "") for mark in (BEGIN, END))
    before, begin, rest = page.read_text(encoding="utf-8").partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if not begin or not end:
        raise ValueError(f"{page} has no markers `{begin_mark}` and `{end_mark}`")
    page.write_text(f"{before}{begin_mark}\n\n{text.strip()}\n\n{end_mark}{after}", encoding="utf-8")
