"""Captures that a rule keeps for longer than any record is kept.

Separate because it takes a policy and the settings, which know nothing of each other.
"""

from lockgate.facts.problem import Document, Problem
from lockgate.policy import Ruleset


def long_captures(ruleset: Ruleset, document: Document, retention_days: int) -> tuple[Problem, ...]:
    """One note for each rule whose captured text goes with its record before its own days are over."""
    return tuple(
        Problem(
            place=document.place(("rules", index, "then")),
            problem=f"`{rule.id}` keeps text for {rule.actions.capture_days} days, and records go after {retention_days}",
            help="text never outlives its record: raise records.retention_days in gateway.yaml, or keep it for less",
            code="worth-knowing",
        )
        for index, rule in enumerate(ruleset.rules)
        if rule.actions.capture_days > retention_days
    )
