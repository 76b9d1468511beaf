"""From measurements to tables. Separate because the same tables go to the terminal and into the documentation."""

import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from scenarios import SCENARIOS, Scenario

type Runs = Sequence[Mapping[str, Any]]

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def machine() -> str:
    """One line about where this ran."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    cores = len(re.findall(r"^processor\s*:", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    gib = round(int(memory[1]) / (1 << 20)) if memory else 0
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{cores} cores ({cpu[1] if cpu else 'unknown'}), {gib} GiB, {system}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie; not a number when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def tables(results: Mapping[str, Any]) -> str:
    """Everything, as Markdown."""
    lines = [
        f"`{results['command']}` on {results['date']}; {results['machine']}.",
        f"{results['rounds']} interleaved rounds of {results['seconds']:g} s each; medians of rounds (least-most).",
        f"{results['versions']}.",
        "",
    ]
    for scenario in SCENARIOS:
        runs = [run for run in results["runs"] if run["scenario"] == scenario.id]
        if runs:
            lines += [f"### {scenario.title}", "", scenario.what, "", *_table(scenario, runs), ""]
    if results["memory"]:
        exchanges = min(row["exchanges"] for row in results["memory"])
        lines += ["### Memory", "", f"Of all processes together, before and after {exchanges:,} new 4 KB prompts.", ""]
        rows = [(row["name"], f"{row['idle']:.0f}", f"{row['after']:.0f}") for row in results["memory"]]
        lines += _markdown(("", "idle MiB", "after MiB"), rows)
        lines.append("")
    return "\n".join(lines)


def _table(scenario: Scenario, runs: Runs) -> list[str]:
    least, most = min(scenario.concurrencies), max(scenario.concurrencies)
    base = _cpu_by_round(runs, "mitmdump")
    rows: list[tuple[str, ...]] = []
    for subject, name in {run["subject"]: run["name"] for run in runs}.items():
        own = [run for run in runs if run["subject"] == subject]
        by_concurrency = [[run for run in own if run["concurrency"] == concurrency] for concurrency in (least, most)]
        timed = "first_event" if scenario.kind == "stream" else "latency"
        cpu = _cpu_by_round(runs, subject)
        failed = sum(sum(run["failed"].values()) for run in own)
        rows.append(
            (
                name,
                _number(median(run["done"] / run["elapsed"] for run in by_concurrency[-1]), 0),
                _spread(list(cpu.values())),
                _spread([cpu[number] / base[number] for number in cpu if base.get(number)]),
                *(_number(median(run[timed][share] for run in each), 1) for each in by_concurrency for share in ("p50", "p99")),
                str(failed) if failed else "",
            )
        )
    latency = "first event ms" if scenario.kind == "stream" else "ms"
    times = [f"{share} {latency}, c={concurrency}" for concurrency in (least, most) for share in ("p50", "p99")]
    head = ("", f"requests/s, c={most}", f"CPU ms/request, c={most}", "of mitmdump's in the same round", *times, "failed")
    return _markdown(head, rows)


def _cpu_by_round(runs: Runs, subject: str) -> dict[int, float]:
    """CPU per request at the highest concurrency, where the clock's 10 ms are least of it."""
    most = max(run["concurrency"] for run in runs)
    own = [run for run in runs if run["subject"] == subject and run["concurrency"] == most]
    return {run["round"]: run["cpu"] / run["done"] * 1000 for run in own if run["cpu"] is not None and run["done"]}


def _spread(values: Sequence[float]) -> str:
    """The median, with the least and the most of all rounds: a difference that is smaller than these is none."""
    if not values:
        return "-"
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _number(value: float, digits: int) -> str:
    return "-" if value != value else f"{value:,.{digits}f}"  # noqa: PLR0124 - not a number


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' + ' ---: |' * (len(head) - 1)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def write_into(page: Path, text: str) -> None:
    """Replace what stands between the markers of a page. Raises ValueError when they are not there."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no markers `{BEGIN}` and `{END}`")
    page.write_text(f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}", encoding="utf-8")


def today() -> str:
    """The date of a run."""
    return f"{datetime.now(UTC):%Y-%m-%d}"
