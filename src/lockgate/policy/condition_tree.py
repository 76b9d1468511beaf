"""What each part of a condition comes to for one exchange: a tree in the order of the policy file.

Separate from the checks that run on live traffic, which stop at the first part that decides and tell the one reason: this asks
every part, for people. Law: the truth at the top is the one that the check gives.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from lockgate.facts.decision import Truth
from lockgate.facts.sheet import Demand, FactSheet
from lockgate.policy.closures import compile_expression
from lockgate.policy.expression import All, Any, Expression, Not, Test
from lockgate.policy.operand import Has, Present, Quantifier
from lockgate.policy.outcome import Check
from lockgate.policy.selector import Surroundings

_OPPOSITE = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition and its truth. `word` is `all`, `any` or `not`, which have parts, or the selector that is asked.

    `operator` and `wanted` are what the policy says of the selector, `seen` what was there (never content). `demands` say what
    would have to be learned where the truth is pending.
    """

    truth: Truth
    word: str
    operator: str = ""
    wanted: str = ""
    seen: str = ""
    demands: tuple[Demand, ...] = ()
    parts: tuple["Condition", ...] = ()

    def waiting(self) -> tuple["Condition", ...]:
        """The tests in it that are not known yet."""
        if self.truth is not Truth.PENDING:
            return ()
        return tuple(leaf for part in self.parts for leaf in part.waiting()) if self.parts else (self,)


type Tree = Callable[[FactSheet], Condition]


def condition_tree(expression: Expression, surroundings: Surroundings) -> Tree:
    """The function that says how an expression comes out, part by part."""
    match expression:
        case Test():
            return _test(expression, surroundings)
        case Not(part=part):
            inside = condition_tree(part, surroundings)
            return lambda sheet: _not(inside(sheet))
        case All(parts=parts):
            trees = [condition_tree(part, surroundings) for part in parts]
            return lambda sheet: _joined("all", [tree(sheet) for tree in trees], Truth.NO)
        case Any(parts=parts):
            trees = [condition_tree(part, surroundings) for part in parts]
            return lambda sheet: _joined("any", [tree(sheet) for tree in trees], Truth.YES)
        case _:
            assert_never(expression)


def _not(part: Condition) -> Condition:
    return Condition(truth=_OPPOSITE.get(part.truth, part.truth), word="not", parts=(part,))


def _joined(word: str, parts: list[Condition], decided_by: Truth) -> Condition:
    """One part that decides is enough; otherwise waiting comes before giving up (see `outcome`)."""
    truths = {part.truth for part in parts}
    in_order = (decided_by, Truth.PENDING, Truth.UNINSPECTABLE)
    truth = next((each for each in in_order if each in truths), _OPPOSITE[decided_by])
    return Condition(truth=truth, word=word, parts=tuple(parts))


def _test(test: Test, surroundings: Surroundings) -> Tree:
    check = compile_expression(test, surroundings)
    operator, wanted = _written(test)
    looks = _looks(test, surroundings)

    def asked(sheet: FactSheet) -> Condition:
        outcome = check(sheet)
        seen = "; ".join(look(sheet).why.removeprefix(f"{test.name} ").removeprefix("is ") for look in looks)
        return Condition(
            truth=outcome.truth, word=test.name, operator=operator, wanted=wanted, seen=seen, demands=outcome.demands
        )

    return asked


def _looks(test: Test, surroundings: Surroundings) -> list[Check]:
    """What tells what was there: of a set, each of the names that are asked for."""
    operand = test.operand
    if not isinstance(operand, Has):
        return [compile_expression(test, surroundings)]
    alone = (replace(test, operand=Has(Quantifier.ANY, (name,))) for name in operand.names)
    return [compile_expression(each, surroundings) for each in alone]


def _written(test: Test) -> tuple[str, str]:
    if isinstance(test.operand, Present):
        return "known", str(test.operand.wanted).lower()
    operator, _, wanted = test.operand.canonical.partition(" ")
    return operator, wanted
