"""How two policies differ in what they mean: rules that came, went, moved or changed, in words.

Separate because it works on compiled policies alone: spelling, comments and order of keys are no difference. It must never say
that nothing changed when the version did.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from lockgate.policy.exemption import Exemption
from lockgate.policy.ruleset import DoNotInspect, Rule, Ruleset


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `kind` is `added`, `removed`, `moved` or `changed`; `what` is the part of the policy, `name` which one.

    `before` and `after` are what it was and is, as text, empty where there is nothing to compare.
    """

    kind: str
    what: str
    name: str
    part: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """For example `rule no-keys changed: mode: monitor -> enforce`."""
        head = f"{self.what} {self.name} {self.kind}".replace("  ", " ")
        if self.kind == "moved":
            return f"{head}: from place {self.before} to {self.after}"
        if self.kind == "changed":
            part = f"{self.part}: " if self.part else ""
            return f"{head}: {part}{self.before or '(none)'} -> {self.after or '(none)'}"
        return f"{head}: {self.after or self.before}" if self.after or self.before else head


def compare(old: Ruleset, new: Ruleset) -> tuple[Change, ...]:
    """Every difference, the settings first. Empty for policies that mean the same."""
    return (
        *_settings(dict(old.head), dict(new.head)),
        *_each("do-not-inspect entry", _by_id(old.do_not_inspect), _by_id(new.do_not_inspect), _entry_texts),
        *_each("rule", _by_id(old.rules), _by_id(new.rules), _rule_texts),
        *_moved(old.rules, new.rules),
        *_each("exception", _by_id(old.exceptions), _by_id(new.exceptions), _exception_texts),
    )


def _by_id[T: (Rule, DoNotInspect, Exemption)](parts: tuple[T, ...]) -> dict[str, T]:
    return {part.id: part for part in parts}


def _settings(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for name in (*new, *(name for name in old if name not in new)):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield Change(kind="changed", what="setting", name=name, before=before, after=after)


def _each[T: (Rule, DoNotInspect, Exemption)](
    what: str, old: Mapping[str, T], new: Mapping[str, T], texts: Callable[[T], dict[str, str]]
) -> Iterator[Change]:
    for name, part in old.items():
        if name not in new:
            yield Change(kind="removed", what=what, name=name, before=_summary(texts(part)))
    for name, part in new.items():
        before = old.get(name)
        if before is None:
            yield Change(kind="added", what=what, name=name, after=_summary(texts(part)))
            continue
        was, now = texts(before), texts(part)
        for key in now:
            if was[key] != now[key]:
                yield Change(kind="changed", what=what, name=name, part=key, before=was[key], after=now[key])


def _summary(texts: Mapping[str, str]) -> str:
    return ", ".join(f"{key} {text}" for key, text in texts.items() if text and key not in ("description", "message"))


def _rule_texts(rule: Rule) -> dict[str, str]:
    return {
        "condition": rule.condition, "action": _action(rule), "mode": rule.mode.value, "message": rule.message,
        "description": rule.description,
    }  # fmt: skip


def _action(rule: Rule) -> str:
    """In words, and as far as these do not say it all, as its canonical text."""
    actions = rule.actions
    capture = f"capture {actions.capture.value}" if actions.capture is not None else ""
    to = f"{actions.label} to {actions.redirect_to}" if actions.redirect_to else actions.label if actions.ends else ""
    answer = "as answer" if actions.as_answer else ""
    tags = f"tag {', '.join(actions.tags)}" if actions.tags else ""
    added = (addition.canonical for addition in actions.adds)
    ends_if = f"if {actions.ends_if.canonical}" if actions.ends_if is not None else ""
    return " + ".join(part for part in (capture, tags, *added, " ".join(filter(None, (to, answer, ends_if)))) if part)


def _entry_texts(entry: DoNotInspect) -> dict[str, str]:
    return {"condition": entry.canonical.partition("|")[2], "description": entry.description}


def _exception_texts(each: Exemption) -> dict[str, str]:
    return {
        "rules": ", ".join(each.rules), "condition": each.condition or "everybody", "until": str(each.expires),
        "owner": each.owner, "reason": each.reason,
    }  # fmt: skip


def _moved(old: tuple[Rule, ...], new: tuple[Rule, ...]) -> Iterator[Change]:
    """Rules that stand elsewhere among those that both have; the fewest that explain the new order."""
    were, are = [rule.id for rule in old], [rule.id for rule in new]
    common_old, common_new = [name for name in were if name in are], [name for name in are if name in were]
    stayed = {
        name
        for block in SequenceMatcher(None, common_old, common_new, autojunk=False).get_matching_blocks()
        for name in common_old[block.a : block.a + block.size]
    }
    for name in common_new:
        if name not in stayed:
            before, after = str(were.index(name) + 1), str(are.index(name) + 1)
            yield Change(kind="moved", what="rule", name=name, before=before, after=after)
