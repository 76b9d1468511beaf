"""What Lockgate wants to reach, and whether a run reached it. Reported, never asserted: a shared machine proves nothing.

Separate from the tables, which only say what was measured.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from scenarios import by_id

type Runs = Sequence[Mapping[str, Any]]
type Measure = Callable[[Mapping[str, Any]], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An upper limit for a measured value; `unit` is written behind it."""

    what: str
    limit: float
    unit: str
    measure: Measure


def cpu_per_request(runs: Runs, subject: str, scenario: str) -> dict[int, float]:
    """Milliseconds per round at the highest concurrency, which averages over most requests."""
    most = max(by_id(scenario).concurrencies)
    own = [run for run in runs if (run["subject"], run["scenario"], run["concurrency"]) == (subject, scenario, most)]
    return {run["round"]: run["cpu"] / run["done"] * 1000 for run in own if run["cpu"] is not None and run["done"]}


def ratios(runs: Runs, subject: str, scenario: str) -> list[float]:
    """CPU per request as a share of mitmdump's in the same round."""
    base = cpu_per_request(runs, "mitmdump", scenario)
    return [spent / base[number] for number, spent in cpu_per_request(runs, subject, scenario).items() if base.get(number)]


def alone(runs: Runs, subject: str, scenario: str, what: str, share: str) -> float | None:
    """The median over rounds of a percentile with one connection."""
    own = [run for run in runs if (run["subject"], run["scenario"], run["concurrency"]) == (subject, scenario, 1)]
    values = [run[what][share] for run in own if run[what][share] is not None]
    return median(values) if values else None


def _ratio(subject: str, scenario: str) -> Measure:
    def measure(results: Mapping[str, Any]) -> float | None:
        found = ratios(results["runs"], subject, scenario)
        return median(found) if found else None

    return measure


def _added(subject: str, scenario: str, what: str, share: str, base: str = "mitmdump") -> Measure:
    def measure(results: Mapping[str, Any]) -> float | None:
        own, other = (alone(results["runs"], each, scenario, what, share) for each in (subject, base))
        return None if own is None or other is None else own - other

    return measure


def _memory_growth(subject: str) -> Measure:
    def measure(results: Mapping[str, Any]) -> float | None:
        row = next((row for row in results["memory"] if row["subject"] == subject), None)
        if row is None:
            return None
        return (row["after"] / row["halfway"] - 1) * 100

    return measure


def _part(part: str, row: str, key: str, scale: float) -> Measure:
    def measure(results: Mapping[str, Any]) -> float | None:
        measured = next((each for each in results["parts"].get(part, ()) if each["name"] == row), None)
        return None if measured is None else measured[key] * scale

    return measure


_MONITOR, _STARTER = "lockgate-monitor", "lockgate-starter"
TARGETS = (
    Target(what="CPU of a small GET, monitor.yaml", limit=0.9, unit="x mitmdump", measure=_ratio(_MONITOR, "get")),
    Target(what="CPU of a new tunnel, monitor.yaml", limit=0.85, unit="x mitmdump", measure=_ratio(_MONITOR, "tunnel")),
    Target(
        what="CPU added to a new 4 KB prompt at the median, starter.yaml", limit=3, unit="ms",
        measure=_added(_STARTER, "fresh", "cpu_each", "p50"),
    ),
    Target(
        what="CPU added to a new 4 KB prompt at p99, starter.yaml", limit=10, unit="ms",
        measure=_added(_STARTER, "fresh", "cpu_each", "p99"),
    ),
    Target(
        what="CPU added to a 64 KB conversation seen before, at the median, starter.yaml", limit=1, unit="ms",
        measure=_added(_STARTER, "history", "cpu_each", "p50"),
    ),
    Target(
        what="CPU of what passes undecrypted, monitor.yaml", limit=1.05, unit="x mitmdump", measure=_ratio(_MONITOR, "passed"),
    ),
    Target(
        what="time to the first event of a stream, beyond no proxy, starter.yaml", limit=2, unit="ms",
        measure=_added(_STARTER, "stream", "first_event", "p50", base="direct"),
    ),
    Target(
        what="memory growth over the second half of the memory run, starter.yaml", limit=2, unit="%",
        measure=_memory_growth(_STARTER),
    ),
    Target(
        what="CPU of looking up a host among 10,000, not seen lately", limit=10, unit="us",
        measure=_part("library", "made larger", "new_ns", 1e-3),
    ),
    Target(
        what="CPU of loading the shipped app library, files unchanged", limit=300, unit="ms",
        measure=_part("library", "as shipped", "warm_ms", 1),
    ),
    Target(
        what="memory of the shipped app library", limit=15, unit="MiB",
        measure=_part("library", "as shipped", "memory_mib", 1),
    ),
)  # fmt: skip


def verdicts(results: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """For each target: what, limit, measured, and whether it was met."""
    for target in TARGETS:
        value = target.measure(results)
        shown = "not measured" if value is None else f"{value:.2f} {target.unit}"
        met = "" if value is None else "yes" if value <= target.limit else "**no**"
        yield target.what, f"{target.limit:g} {target.unit}", shown, met
