"""What an exchange counts: for limits that let it pass, for what history asks about, and when.

Separate because all kinds of exchanges count alike: once when they may go on, and once when they are over, for what is known
only then. What was refused counts as blocked and as nothing else.
"""

from dataclasses import dataclass

from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.sheet import FactSheet
from lockgate.facts.usage import Count, CounterKey, Limit, Measure, subject_of
from lockgate.policy import Ruleset
from lockgate.policy.amounts import announced_bytes, counts_as, tokens_of
from lockgate.policy.subjects.history import ALL_APPS, asks_for_meetings, history_wanted, scope_of

_BY_POLICY = frozenset({Reason.RULE, Reason.DEFAULT, Reason.UNINSPECTABLE})
_FROM_THE_BODY = frozenset({Measure.PROMPTS, Measure.TOKENS})
_BYTES_OF_A_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What an exchange that may go on counts now. `meets` is who uses which app, where a rule asks for that.

    `announced` are the bytes counted already, before they were sent.
    """

    counts: tuple[Count, ...] = ()
    meets: tuple[str, str] | None = None
    announced: int = 0


NO_USE = Use()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sort:
    """One counter that an exchange counts in."""

    key: CounterKey
    measure: Measure
    most: int | None = None
    seconds: int = 0


def needs_body(ruleset: Ruleset, sheet: FactSheet, decision: Decision) -> bool:
    """Whether an exchange that may go on has to be read for what it counts."""
    return any(
        sort.measure in _FROM_THE_BODY and counts_as(sort.measure, sheet) is not False
        for sort in _sorts(ruleset, sheet, decision)
    )


def use_of(ruleset: Ruleset, sheet: FactSheet, decision: Decision, *, message_bytes: int = 0) -> Use:
    """What an exchange counts that was decided and may go on."""
    if decision.verdict is not Verdict.ALLOW:
        return NO_USE
    sorts = _sorts(ruleset, sheet, decision)
    meets = _meets(ruleset, sheet)
    if not sorts:
        return NO_USE if meets is None else Use(meets=meets)
    announced = message_bytes or announced_bytes(sheet)
    counts = tuple(
        Count(key=sort.key, amount=_amount(sort.measure, sheet, announced), most=sort.most, seconds=sort.seconds)
        for sort in sorts
        if counts_as(sort.measure, sheet)
    )
    return Use(counts=counts, meets=meets, announced=announced)


def use_at_end(ruleset: Ruleset, sheet: FactSheet, decision: Decision, *, sent: int, announced: int) -> tuple[Count, ...]:
    """What is known only when an exchange is over: bytes that nobody had announced, and that it was stopped."""
    if decision.verdict is not Verdict.ALLOW:
        stopped = decision.verdict is not Verdict.TUNNEL and decision.reason in _BY_POLICY
        sorts = _history(ruleset, sheet) if stopped else ()
        return tuple(Count(key=sort.key, amount=1) for sort in sorts if sort.measure is Measure.BLOCKED)
    more = max(0, sent - announced)
    unread = tokens_of(sheet.conversation) is None
    late: list[Count] = []
    for sort in _sorts(ruleset, sheet, decision) if more or (unread and sent) else ():
        if sort.measure is Measure.BYTES and more:
            late.append(Count(key=sort.key, amount=more))
        elif sort.measure is Measure.TOKENS and unread and counts_as(Measure.TOKENS, sheet):
            late.append(Count(key=sort.key, amount=-(-sent // _BYTES_OF_A_TOKEN)))
    return tuple(late)


def _amount(measure: Measure, sheet: FactSheet, announced: int) -> int:
    match measure:
        case Measure.REQUESTS | Measure.PROMPTS:
            return 1
        case Measure.BYTES:
            return announced
        case Measure.TOKENS:
            return tokens_of(sheet.conversation) or 0
        case Measure.BLOCKED:
            return 0


def _sorts(ruleset: Ruleset, sheet: FactSheet, decision: Decision) -> tuple[_Sort, ...]:
    """The counters of an exchange that may go on."""
    sorts = tuple(sort for sort in _history(ruleset, sheet) if sort.measure is not Measure.BLOCKED)
    for added in decision.added:
        if isinstance(added.addition, Limit):
            sorts += _of_limit(added.addition, added.rule, sheet, enforced=True)
    for watched in decision.watched:
        if isinstance(watched.addition, Limit):
            sorts += _of_limit(watched.addition, watched.rule, sheet, enforced=False)
    return sorts


def _of_limit(limit: Limit, rule: str, sheet: FactSheet, *, enforced: bool) -> tuple[_Sort, ...]:
    return tuple(
        _Sort(
            key=limit.key(rule, subject, measure), measure=measure, most=most if enforced else None,
            seconds=limit.window.seconds,
        )
        for subject in limit.subjects(sheet.client)
        for measure, most in limit.most
    )  # fmt: skip


def _history(ruleset: Ruleset, sheet: FactSheet) -> tuple[_Sort, ...]:
    wanted, app = history_wanted(ruleset.selectors), sheet.app
    if not wanted or app is None:
        return ()
    subject, scope = subject_of(sheet.client), scope_of(app.app.id)
    return tuple(
        _Sort(key=CounterKey(ALL_APPS if overall else scope, subject, measure.value, width), measure=measure)
        for measure, overall, width in wanted
    )


def _meets(ruleset: Ruleset, sheet: FactSheet) -> tuple[str, str] | None:
    app = sheet.app
    if app is None or not asks_for_meetings(ruleset.selectors):
        return None
    if app.operation is not None and not app.operation.carries_payload:
        return None
    return subject_of(sheet.client), app.app.id
