"""Conditions that can never hold, alternatives that can never hold, and parts that say nothing beside the others."""

from collections.abc import Iterator

from lockgate.policy.analysis.conjunction import Conjunction
from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.literal import Literal, alternatives
from lockgate.policy.analysis.wording import asked, why_never
from lockgate.policy.checks.typed import Typed
from lockgate.policy.draft import DraftEntry, DraftRule
from lockgate.policy.expression import All, Any, Expression, Not, Test
from lockgate.policy.report import Report

_ALTERNATIVES = "put alternatives under `any`, or leave one of them out"


def check_condition(report: Report, draft: Typed[DraftEntry | DraftRule], knowledge: Knowledge) -> None:
    """One rule's or entry's condition."""
    name, path = draft.draft.id, draft.draft.path
    if not draft.terms:
        problem = f"`{name}` can never match: {why_never(draft.clashes[0], knowledge)}"
        report.wrong((*path, "when"), problem, _ALTERNATIVES, code="never-matches")
        return
    if draft.clashes:
        clash = draft.clashes[0]
        place = _deepest(clash) or (*path, "when")
        problem = f"an alternative of `{name}` can never hold: {why_never(clash, knowledge)}"
        report.note(place, problem, "leave it out, or correct it", code="dead-alternative")
    for idle, beside in _idle(draft.draft.when, knowledge):
        report.note(
            idle.path,
            f"`{asked(idle)}` adds nothing beside `{asked(beside)}`",
            "leave it out, or correct it",
            code="redundant-condition",
        )


def _deepest(clash: tuple[Literal, ...]) -> tuple[str | int, ...]:
    return max((literal.test.path for literal in clash if literal.test is not None), key=len, default=())


def _idle(expression: Expression, knowledge: Knowledge) -> Iterator[tuple[Test, Test]]:
    """Tests that follow from a test of the same selector beside them, or from which one follows where either is enough."""
    match expression:
        case Test():
            return
        case Not(part=part):
            yield from _idle(part, knowledge)
        case All(parts=parts) | Any(parts=parts):
            for part in _other(parts, type(expression)):
                yield from _idle(part, knowledge)
            flat = _flat(parts, type(expression))
            for later, one in enumerate(flat):
                for earlier, other in enumerate(flat):
                    if later == earlier or one.name != other.name:
                        continue
                    first, second = (other, one) if isinstance(expression, All) else (one, other)
                    if _follows(first, second, knowledge) and (later > earlier or not _follows(second, first, knowledge)):
                        yield one, other
                        break


def _other(parts: tuple[Expression, ...], kind: type[All] | type[Any]) -> Iterator[Expression]:
    """What stands side by side and is not of the same kind."""
    for part in parts:
        if isinstance(part, kind):
            yield from _other(part.parts, kind)
        else:
            yield part


def _flat(parts: tuple[Expression, ...], kind: type[All] | type[Any]) -> list[Test]:
    """Tests that stand side by side; those of one selector's mapping are an `all` of their own."""
    found: list[Test] = []
    for part in parts:
        if isinstance(part, Test):
            found.append(part)
        elif isinstance(part, kind):
            found += _flat(part.parts, kind)
    return found


def _follows(first: Test, second: Test, knowledge: Knowledge) -> bool:
    """Whether `second` holds whenever `first` does."""
    known, wanted = alternatives(first, knowledge.lists), alternatives(second, knowledge.lists)
    if len(known) != 1 or len(wanted) != 1:
        return False
    conjunction = Conjunction(known[0], knowledge)
    return not conjunction.clash() and all(conjunction.implies(literal) for literal in wanted[0])
