"""A compiled policy: rules in order, ready to be walked. Immutable; one snapshot of the live configuration holds one.

Separate from compiling so that what evaluates knows nothing of files, places or problems.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from hashlib import blake2b

from lockgate.facts.decision import Verdict
from lockgate.facts.problem import Problem
from lockgate.facts.traffic import Phase
from lockgate.policy.actions import Actions
from lockgate.policy.exemption import Exemption
from lockgate.policy.expression import Expression
from lockgate.policy.index import RuleIndex
from lockgate.policy.outcome import Check
from lockgate.policy.selector import Surroundings

TERMS_BYTES = 6


class Mode(StrEnum):
    """Whether a rule acts or only tells what it would have done."""

    ENFORCE = "enforce"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `phase` is the latest phase any of its selectors is known at; `canonical` is its meaning as text.

    `profiles` are those it could ever need examined, `redacts` those of them whose findings it replaces. `condition` is its
    `when` as text, `when` the same as typed data. `check` comes out as no where an exception holds.
    """

    id: str
    actions: Actions
    mode: Mode
    phase: Phase
    description: str = ""
    message: str = ""
    profiles: frozenset[str] = frozenset()
    condition: str = ""
    redacts: frozenset[str] = frozenset()
    canonical: str = ""
    when: Expression | None = field(default=None, repr=False, compare=False)
    check: Check = field(repr=False, compare=False)

    @property
    def is_about_response(self) -> bool:
        """Whether it belongs to the second walk, over the response."""
        return self.phase >= Phase.RESPONSE_HEADERS

    @property
    def enforces(self) -> bool:
        """Whether it has effects."""
        return self.mode is Mode.ENFORCE


@dataclass(frozen=True, slots=True, kw_only=True)
class DoNotInspect:
    """One entry of the do-not-inspect list; it can be told from what is known when a connection opens."""

    id: str
    description: str = ""
    canonical: str = ""
    when: Expression | None = field(default=None, repr=False, compare=False)
    check: Check = field(repr=False, compare=False)


_WORTH_AN_INDEX = 40
"""Rules. Fewer are asked one by one in less time."""


class RuleWalk:
    """The rules of one walk, in order, with an index when there are many. `excepted` are the ids of rules with exceptions."""

    __slots__ = ("index", "rules")

    def __init__(self, rules: tuple[Rule, ...], surroundings: Surroundings | None, excepted: frozenset[str]) -> None:
        self.rules = rules
        self.index: RuleIndex | None = None
        # Of a rule with exceptions, or one that redacts, more has to be known than whether it waits.
        conditions = [(rule.when, rule.id not in excepted and not rule.redacts) for rule in rules if rule.when is not None]
        if surroundings is not None and len(conditions) == len(rules) >= _WORTH_AN_INDEX:
            self.index = RuleIndex(conditions, surroundings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """A policy, compiled. `version` is a digest of what it means: comments, order of keys and spelling do not change it.

    `head` is what stands beside the rules, as (key, value) pairs of text, lists among it. `profiles` are the DLP profiles any
    rule could ever need, `surroundings` what its conditions may refer to. `zone` is where its clocks hang. `notes` are things
    the operator may want to know. `coached` are the rules that ask people for something, each with a digest of all that it
    means and says.
    """

    version: str
    default: Verdict
    on_uninspectable: Verdict
    rules: tuple[Rule, ...]
    mode: Mode = Mode.ENFORCE
    do_not_inspect: tuple[DoNotInspect, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    head: tuple[tuple[str, str], ...] = ()
    contact: str = ""
    approved_alternative: str = ""
    zone: tzinfo = UTC
    selectors: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()
    surroundings: Surroundings | None = field(default=None, repr=False, compare=False)
    notes: tuple[Problem, ...] = ()
    request_walk: RuleWalk = field(init=False)
    response_walk: RuleWalk = field(init=False)
    coached: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the rules into the two walks, once."""
        excepted = frozenset(rule for each in self.exceptions for rule in each.rules)
        for name, about_response in (("request_walk", False), ("response_walk", True)):
            rules = tuple(rule for rule in self.rules if rule.is_about_response is about_response)
            object.__setattr__(self, name, RuleWalk(rules, self.surroundings, excepted))
        asking = (rule for rule in self.rules if rule.actions.ends is Verdict.COACH)
        object.__setattr__(self, "coached", {rule.id: _terms(rule) for rule in asking})

    @property
    def only_tells(self) -> bool:
        """Whether the policy as a whole is in monitor mode."""
        return self.mode is Mode.MONITOR

    @property
    def looks_at_responses(self) -> bool:
        """Whether any rule needs the second walk."""
        return bool(self.response_walk.rules)

    def rule(self, name: str) -> Rule | None:
        """The rule with this id."""
        return next((rule for rule in self.rules if rule.id == name), None)


def _terms(rule: Rule) -> str:
    text = f"{rule.canonical}|{rule.message or rule.description}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=TERMS_BYTES).hexdigest()
