"""`make bench-policy`: what it costs to judge an exchange by a policy, and to check one, as policies grow.

An exchange is judged as the gate judges it: when the connection opens, when the head of its request is there, when its body is,
and after its examination, until it is settled. Beside it, in the same round, the same exchanges by asking every rule for its
own sake. Separate from `run.py` because there is no traffic here.
"""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
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
    made = [_measured(library, rules, rounds, judged) for rules in sizes]
    return [
        f"`make bench-policy` on {today()}: {rounds} rounds over {count} exchanges. {machine()}.",
        "",
        "CPU time in microseconds to judge an exchange through its phases; the same, asking every rule; rules that matched.",
        "",
        *markdown(("rules", "median", "p99", "asking every rule, median", "matched"), [judging for judging, _ in made]),
        "",
        "CPU time in seconds to take in a policy: reading the YAML with its places, and checking and compiling it.",
        "",
        *markdown(("rules", "reading", "checking and compiling"), [taking for _, taking in made]),
    ]


def _measured(
    library: AppLibrary, rules: int, rounds: int, judged: Sequence[tuple[FactSheet, ...]]
) -> tuple[list[str], list[str]]:
    apps = sorted(app.id for app in library.apps)
    words = vocabulary(apps)
    words = replace(words, categories=words.categories | {app.category for app in library.apps})
    text = policy_text(rules, apps)
    reading, compiling = [], []
    for _ in range(rounds if rules < max(SIZES) else 2):
        gc.disable()  # as `lockgate policy check` does
        document, took = _timed(lambda: parse_yaml(text, "policy.yaml"))
        reading.append(took)
        ruleset, took = _timed(lambda read=document: compile_policy(read, words))
        compiling.append(took)
        gc.enable()
    name = f"{rules:,}"
    return _judging(name, ruleset, rounds, judged), [name, f"{median(reading):.2f}", f"{median(compiling):.2f}"]


def _judging(name: str, ruleset: Ruleset, rounds: int, judged: Sequence[tuple[FactSheet, ...]]) -> list[str]:
    middle, slow, asked = [], [], []
    by_rule = len(ruleset.rules) <= _ASKED_ONE_BY_ONE
    for _ in range(rounds):
        own = [_judge(ruleset, phases, thorough=False) for phases in judged]
        middle.append(median(took for _, took in own))
        slow.append(quantiles([took for _, took in own], n=100)[98])
        if by_rule:
            asked.append(median(took for _, took in (_judge(ruleset, phases, thorough=True) for phases in judged)))
    matched = median(sum(step.truth is Truth.YES for step in trace) for trace, _ in own)
    every = f"{median(asked) * 1e6:,.0f}" if by_rule else "-"
    return [name, f"{median(middle) * 1e6:,.0f}", f"{median(slow) * 1e6:,.0f}", every, f"{matched:g}"]


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
