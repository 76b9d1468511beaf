"""`make bench-policy`: what it costs to judge an exchange by a policy, and to check one, as policies grow.

An exchange is judged as the gate judges it: when the connection opens, when the head of its request is there, when its body is,
and after its examination, until it is settled. Beside it, in the same round, the same exchanges by asking every rule for its
own sake. Separate from `run.py` because there is no traffic here.
"""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median, quantiles

from lockgate.apps.library import AppLibrary
from lockgate.facts.decision import TraceStep, Truth
from lockgate.facts.sheet import FactSheet
from lockgate.home.home import Home, built_in_data
from lockgate.home.load import load_library
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Ruleset, Settled, Walk, compile_policy, evaluate
from policies import exchanges, policy_text, vocabulary
from report import PAGE, machine, markdown, today, write_into

SIZES = (10, 100, 1000, 10_000)
_ASKED_ONE_BY_ONE = 1000
"""Longer policies are not asked rule by rule here: a round would take minutes."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-policy", description="Measure the policy evaluator and the checker.")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of which the median is shown")
    parser.add_argument("--exchanges", type=int, default=400, help="different exchanges in a round")
    parser.add_argument("--rules", type=int, action="append", help=f"a policy of so many rules (default: {SIZES})")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/reference/benchmarks.md")
    given = parser.parse_args()
    text = "\n".join(report(given.rules or SIZES, given.rounds, given.exchanges))
    print(text)
    if given.write:
        write_into(PAGE, text, "policy")


def report(sizes: Sequence[int], rounds: int, count: int) -> list[str]:
    """The tables, as Markdown."""
    library = load_library(Home(built_in_data()))
    judged = exchanges(library, count)
    taken = [_taken_in(library, rules, rounds) for rules in sizes]
    judging = _judging([ruleset for ruleset, _ in taken], rounds, judged)
    return [
        f"`make bench-policy` on {today()}: {rounds} rounds over {count} exchanges. {machine()}.",
        "",
        "CPU time in microseconds to judge an exchange through its phases; the same, asking every rule; rules that matched.",
        "",
        *markdown(("rules", "median", "p99", "asking every rule, median", "matched"), judging),
        "",
        "CPU time in seconds to take in a policy: reading the YAML with its places, and checking and compiling it.",
        "",
        *markdown(("rules", "reading", "checking and compiling"), [row for _, row in taken]),
    ]


def _taken_in(library: AppLibrary, rules: int, rounds: int) -> tuple[Ruleset, list[str]]:
    apps = sorted(app.id for app in library.apps)
    words = vocabulary(apps)
    words = replace(words, categories=words.categories | {app.category for app in library.apps})
    text = policy_text(rules, apps)
    reading: list[float] = []
    compiling: list[float] = []
    rulesets: list[Ruleset] = []
    for _ in range(rounds if rules < max(SIZES) else 2):
        gc.disable()  # as `lockgate policy check` does
        document, took = _timed(lambda: parse_yaml(text, "policy.yaml"))
        reading.append(took)
        ruleset, took = _timed(lambda read=document: compile_policy(read, words))
        compiling.append(took)
        rulesets = [ruleset]
        gc.enable()
    return rulesets[0], [f"{rules:,}", f"{median(reading):.2f}", f"{median(compiling):.2f}"]


def _judging(rulesets: Sequence[Ruleset], rounds: int, judged: Sequence[tuple[FactSheet, ...]]) -> list[list[str]]:
    """Every size in each round: how fast the machine is changes from one moment to the next."""
    costs = [_Costs() for _ in rulesets]
    for _ in range(rounds):
        for ruleset, cost in zip(rulesets, costs, strict=True):
            own = [_judge(ruleset, phases, thorough=False) for phases in judged]
            cost.middle.append(median(took for _, took in own))
            cost.slow.append(quantiles([took for _, took in own], n=100)[98])
            cost.matched = median(sum(step.truth is Truth.YES for step in trace) for trace, _ in own)
            if len(ruleset.rules) <= _ASKED_ONE_BY_ONE:
                cost.asked.append(median(took for _, took in (_judge(ruleset, phases, thorough=True) for phases in judged)))
    return [cost.row(len(ruleset.rules)) for ruleset, cost in zip(rulesets, costs, strict=True)]


@dataclass(slots=True)
class _Costs:
    """Seconds of each round: the median, the slowest of a hundred, and the median when every rule is asked."""

    middle: list[float] = field(default_factory=list[float])
    slow: list[float] = field(default_factory=list[float])
    asked: list[float] = field(default_factory=list[float])
    matched: float = 0

    def row(self, rules: int) -> list[str]:
        every = f"{median(self.asked) * 1e6:,.0f}" if self.asked else "-"
        return [
            f"{rules:,}",
            f"{median(self.middle) * 1e6:,.0f}",
            f"{median(self.slow) * 1e6:,.0f}",
            every,
            f"{self.matched:g}",
        ]


def _judge(ruleset: Ruleset, phases: Sequence[FactSheet], *, thorough: bool) -> tuple[tuple[TraceStep, ...], float]:
    """The trace of the decision, and the seconds it took."""
    started = time.process_time()
    outcome = None
    for facts in phases:
        outcome = evaluate(ruleset, Walk.REQUEST, facts, after=outcome, thorough=thorough)
        if isinstance(outcome, Settled):
            break
    took = time.process_time() - started
    assert outcome is not None
    return (outcome.decision if isinstance(outcome, Settled) else outcome.standing).trace, took


def _timed[T](work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    made = work()
    return made, time.process_time() - started


if __name__ == "__main__":
    main()
