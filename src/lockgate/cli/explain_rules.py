"""How the rules of a policy came out, for a terminal and as JSON: each with its conditions, as the policy file nests them.

Separate from the rest of an explanation because a condition is a tree. It must never show content: what was there is told by
the policy's own selectors, which do not.
"""

from lockgate.policy.condition_tree import Condition
from lockgate.policy.explained import EntryExplained, ExceptionExplained, Explained, RuleExplained

_WIDTH = 14
_INDENT = 8
_SHORT = {"pending": "?", "uninspectable": "never", "yes": "yes", "no": "no"}


def rule_lines(explained: Explained) -> list[str]:
    """The rules with their conditions, one line each."""
    lines = [line for entry in explained.entries for line in _entry_lines(entry)]
    for rule in explained.request_rules:
        lines += _rule_lines(rule)
    if explained.response_rules:
        lines.append("  about the response")
        for rule in explained.response_rules:
            lines += _rule_lines(rule)
    return lines


def demand_lines(explained: Explained) -> list[str]:
    """Which rules wanted the content looked at, and for what."""
    wanted = "; ".join(f"{rule} for {', '.join(sorted(profiles))}" for rule, profiles in explained.demanded.items())
    return [f"  looked for   {wanted}"] if wanted else []


def rule_data(explained: Explained) -> dict[str, object]:
    """The same as JSON types."""
    return {
        "do_not_inspect": [
            {"id": each.id, "truth": each.condition.truth.value, "condition": _data(each.condition)}
            for each in explained.entries
        ],
        "rules": [_rule(rule) for rule in explained.request_rules],
        "response_rules": [_rule(rule) for rule in explained.response_rules],
        "looked_for": {rule: sorted(profiles) for rule, profiles in explained.demanded.items()},
    }


def _rule(rule: RuleExplained) -> dict[str, object]:
    return {
        "id": rule.id,
        "does": rule.does,
        "monitor": rule.monitor,
        "truth": rule.truth.value if rule.truth is not None else "not_asked",
        "excepted": rule.excepted,
        "why": rule.why,
        "condition": _data(rule.condition),
        "exceptions": [
            {"id": each.id, "expired": each.expired, "condition": _data(each.condition)} for each in rule.exceptions
        ],
    }  # fmt: skip


def _data(condition: Condition) -> dict[str, object]:
    told: dict[str, object] = {"truth": condition.truth.value}
    if condition.word in ("all", "any", "not"):
        return told | {condition.word: [_data(part) for part in condition.parts]}
    return told | {
        "selector": condition.word, "operator": condition.operator, "wanted": condition.wanted, "seen": condition.seen,
    }  # fmt: skip


def _entry_lines(entry: EntryExplained) -> list[str]:
    return [f"    {entry.condition.truth.value:<{_WIDTH}} do not inspect {entry.id}", *_tree(entry.condition)]


def _rule_lines(rule: RuleExplained) -> list[str]:
    mode = ", in monitor mode" if rule.monitor else ""
    if rule.truth is None:
        return [f"    {'not asked':<{_WIDTH}} {rule.id}: {rule.does}{mode}"]
    came = "excepted" if rule.excepted else rule.truth.value
    why = f"  ({rule.why})" if rule.why else ""
    lines = [f"    {came:<{_WIDTH}} {rule.id}{why}: {rule.does}{mode}", *_tree(rule.condition)]
    for each in rule.exceptions:
        lines += _exception_lines(each)
    return lines


def _exception_lines(exception: ExceptionExplained) -> list[str]:
    over = ", whose days are over" if exception.expired else ""
    return [f"{' ' * _INDENT}exception {exception.id}{over}", *_tree(exception.condition, _INDENT + 2)]


def _tree(condition: Condition, indent: int = _INDENT) -> list[str]:
    """A condition and its parts below it."""
    if condition.word == "all" and not condition.parts:
        return []
    truth = f"{' ' * indent}{_SHORT[condition.truth.value]:<5}"
    if not condition.parts:
        return [f"{truth} {condition.word} {condition.operator} {condition.wanted}: {condition.seen}"]
    parts = (line for part in condition.parts for line in _tree(part, indent + 2))
    return [f"{truth} {condition.word}", *parts]
