"""From the `when` of a policy file to an expression: every name and value is checked against the selector table.

Separate because conditions are a language of their own with one grammar: a mapping whose keys are selectors, or `all`,
`any` (each with a list of conditions) and `not` (with one condition); all keys of a mapping hold together. Below a
selector stands an operator mapping or the shorthand value, so `any` below a selector is always its operator. Nothing is
skipped: what cannot be read is a problem.
"""

from lockgate.facts.problem import Path
from lockgate.policy.expression import All, Any, Expression, Not, Test
from lockgate.policy.fields import is_list, is_mapping
from lockgate.policy.operand import Operand
from lockgate.policy.operators import OPERATORS, shorthand
from lockgate.policy.report import Report, name_help
from lockgate.policy.selector import Selector, Surroundings
from lockgate.policy.selectors import find_selector, selector_names
from lockgate.policy.written import Written

_NEGATED = {
    "not_in": "in",
    "is_not": "is",
    "not_within": "within",
    "not_any": "any",
    "not_matches": "matches",
    "not_like": "like",
    "not_contains": "contains",
    "not_starts_with": "starts_with",
    "not_between": "between",
}


class ConditionReader:
    """Reads conditions of one policy file. What is wrong goes to the report; the reading goes on."""

    def __init__(self, report: Report, surroundings: Surroundings) -> None:
        self._report = report
        self._surroundings = surroundings

    def read(self, value: object, path: Path) -> Expression | None:
        """The condition at `path`, or None when it is wrong."""
        if not is_mapping(value):
            self._report.wrong(path, "expected a condition", "write `selector: {operator: value}`, or `all`, `any`, `not`")
            return None
        if not value:
            self._report.wrong(
                path, "the condition is empty", "name a selector, or leave `when` out for a rule that always applies"
            )
            return None
        parts = [self._entry(key, entry, (*path, key)) for key, entry in value.items()]
        read = tuple(part for part in parts if part is not None)
        if len(read) < len(parts):
            return None
        return read[0] if len(read) == 1 else All(read)

    def _entry(self, key: str, value: object, path: Path) -> Expression | None:
        match key:
            case "all" | "any":
                parts = self._list(key, value, path)
                if parts is None:
                    return None
                return All(parts) if key == "all" else Any(parts)
            case "not":
                part = self.read(value, path)
                return None if part is None else Not(part)
            case _:
                return self._selector(key, value, path)

    def _list(self, key: str, value: object, path: Path) -> tuple[Expression, ...] | None:
        if not is_list(value) or not value:
            self._report.wrong(path, f"`{key}` takes a list of conditions", f"write `{key}: [{{selector: value}}, ...]`")
            return None
        parts = [self.read(item, (*path, index)) for index, item in enumerate(value)]
        read = tuple(part for part in parts if part is not None)
        return read if len(read) == len(parts) else None

    def _selector(self, name: str, value: object, path: Path) -> Expression | None:
        found = find_selector(name)
        vocabulary = self._surroundings.vocabulary
        if found is None:
            nearest = name_help(name, selector_names(vocabulary))
            self._report.wrong(
                path,
                f"unknown selector `{name}`",
                nearest or "all selectors: lockgate policy selectors",
                at_key=True,
                code="unknown-selector",
            )
            return None
        selector, member = found
        family = selector.family
        if family is not None and member not in family.members(vocabulary):
            self._report.unknown(path, family.what, member, family.members(vocabulary))
            return None
        tests = [
            Test(selector=selector, operand=operand, member=member, path=path) if operand is not None else None
            for operand in self._operands(selector, member, value, path)
        ]
        read = tuple(test for test in tests if test is not None)
        if len(read) < len(tests) or not read:
            return None
        return read[0] if len(read) == 1 else All(read)

    def _operands(self, selector: Selector, member: str, value: object, path: Path) -> list[Operand | None]:
        if not is_mapping(value):
            return [self._operand(selector, member, shorthand(selector.type, value), value, path)]
        if not value:
            self._report.wrong(
                path, f"`{selector.name}` is compared with nothing", f"it takes: {', '.join(selector.operators)}"
            )
        return [self._operand(selector, member, operator, entry, (*path, operator)) for operator, entry in value.items()]

    def _operand(self, selector: Selector, member: str, name: str, value: object, path: Path) -> Operand | None:
        if name not in selector.operators:
            self._unknown_operator(selector, name, path)
            return None
        known = selector.words(self._surroundings, member)
        lists = self._surroundings.lists
        written = Written(value=value, path=path, report=self._report, what=selector.what, known=known, lists=lists)
        return OPERATORS[selector.type][name].parse(written)

    def _unknown_operator(self, selector: Selector, name: str, path: Path) -> None:
        takes = f"`{selector.name}` takes: {', '.join(selector.operators)}"
        operator = next((each for each in ("within", "in", "any") if each in selector.operators), "")
        if name == "list" and operator:
            takes = f"write `{selector.name}: {{{operator}: {{list: ...}}}}`"
        if name in _NEGATED:
            takes = f"write `not: {{{selector.name}: {{{_NEGATED[name]}: ...}}}}`"
        elif any(name in operators for operators in OPERATORS.values()):
            problem = f"`{selector.name}` ({selector.type.value}) has no operator `{name}`"
            self._report.wrong(path, problem, takes, code="unknown-operator")
            return
        self._report.wrong(path, f"unknown operator `{name}`", takes, at_key=True, code="unknown-operator")
