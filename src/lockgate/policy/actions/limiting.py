"""The action `limit`: so much in a while, and then no more until the while has passed.

Separate because it counts: what matches its rule and goes on is counted, and what would be too much ends the walk.
"""

from dataclasses import dataclass

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.problem import Path
from lockgate.facts.sheet import FactSheet
from lockgate.facts.usage import LONGEST_WINDOW, Limit, Measure, Per, ReachedLimit, Window
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.amounts import counts_as
from lockgate.policy.duration import seconds_of
from lockgate.policy.fields import is_list, is_mapping

_MEASURES = (Measure.REQUESTS, Measure.PROMPTS, Measure.BYTES, Measure.TOKENS)
_KEYS = (*(measure.value for measure in _MEASURES), "per", "window", "groups")
_SHORTEST_WINDOW = 60
_EXAMPLE = "write `limit: {prompts: 50, per: user, window: 1h}`"
_MOST = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class IfReached:
    """Ends the walk for an exchange that would count where no place is left."""

    limit: Limit

    def __call__(self, sheet: FactSheet, rule: str) -> bool | None:
        """Whether the limit is reached; None while only the body tells if that concerns this exchange.

        Of an exchange that is over, the counts are not kept: then nobody can tell.
        """
        if sheet.usage is None:
            return None
        undecided = False
        for measure, most in self.limit.most:
            if _is_full(self.limit, sheet, rule, measure, most):
                concerns = counts_as(measure, sheet)
                if concerns:
                    return True
                undecided = undecided or concerns is None
        return None if undecided else False

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        return self.limit.canonical


def reached_limit(limit: Limit, sheet: FactSheet, rule: str) -> ReachedLimit | None:
    """The measure of a limit that keeps this exchange waiting longest; None when there is none."""
    usage = sheet.usage
    if usage is None:
        return None
    reached: list[ReachedLimit] = []
    for measure, most in limit.most:
        if not counts_as(measure, sheet):
            continue
        for subject in limit.subjects(sheet.client):
            key = limit.key(rule, subject, measure)
            if usage.used(key, limit.window.seconds) >= most:
                wait = usage.free_after(key, limit.window.seconds, most)
                reached.append(
                    ReachedLimit(measure=measure, most=most, per=limit.per, window=limit.window, retry_after=max(1, wait))
                )
    return max(reached, key=lambda each: each.retry_after, default=None)


def _is_full(limit: Limit, sheet: FactSheet, rule: str, measure: Measure, most: int) -> bool:
    usage = sheet.usage
    return usage is not None and any(
        usage.used(limit.key(rule, subject, measure), limit.window.seconds) >= most for subject in limit.subjects(sheet.client)
    )


def _limit(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends, reading.word, reading.reason = Verdict.BLOCK, "limit", Reason.LIMIT_REACHED
    if not is_mapping(argument):
        reading.refuse(path, "`limit` says how much, of whom, and in which window", _EXAMPLE)
        return
    for key in argument:
        if key not in _KEYS:
            reading.unknown((*path, key), "key of `limit`", key, list(_KEYS))
    most = _amounts(reading, argument, path)
    per = _per(reading, argument, path)
    window = _window(reading, argument, path)
    groups = _groups(reading, argument, path, per)
    if most and per is not None and window is not None and groups is not None:
        limit = Limit(most=most, per=per, window=window, groups=groups)
        reading.ends_if = IfReached(limit=limit)
        reading.adds.append(limit)


def _amounts(reading: ThenReading, argument: dict[str, object], path: Path) -> tuple[tuple[Measure, int], ...]:
    amounts: list[tuple[Measure, int]] = []
    for measure in _MEASURES:
        if measure.value not in argument:
            continue
        most = argument[measure.value]
        if not isinstance(most, int) or isinstance(most, bool) or not 0 < most <= _MOST:
            reading.refuse(
                (*path, measure.value),
                f"`{measure.value}` is not a number above 0",
                "to allow none at all, write `then: block`",
            )
        else:
            amounts.append((measure, most))
    if not any(measure.value in argument for measure in _MEASURES):
        reading.refuse(path, "`limit` does not say how much", f"name at least one of: {', '.join(_MEASURES)}")
    return tuple(amounts)


def _per(reading: ThenReading, argument: dict[str, object], path: Path) -> Per | None:
    written = argument.get("per")
    if written is None:
        reading.refuse(path, "`limit` does not say for whom it counts", f"write `per:` and one of: {', '.join(Per)}")
    elif not isinstance(written, str) or written not in frozenset(Per):
        reading.unknown((*path, "per"), "word", str(written), list(Per))
    else:
        return Per(written)
    return None


def _window(reading: ThenReading, argument: dict[str, object], path: Path) -> Window | None:
    written = argument.get("window")
    if written is None:
        reading.refuse(path, "`limit` does not say in which window", "write `window: 1h` (from `1m` to `30d`)")
        return None
    seconds = seconds_of(written) if isinstance(written, str) else None
    if seconds is None or not isinstance(written, str):
        reading.refuse((*path, "window"), f"`{written}` is not a duration", "a number and `m`, `h` or `d`: `10m`, `24h`, `7d`")
        return None
    if not _SHORTEST_WINDOW <= seconds <= LONGEST_WINDOW:
        reading.refuse((*path, "window"), f"`{written}` cannot be a window", "from `1m` to `30d`")
        return None
    return Window(seconds, written)


def _groups(reading: ThenReading, argument: dict[str, object], path: Path, per: Per | None) -> frozenset[str] | None:
    written = argument.get("groups", [])
    good = [group for group in written if isinstance(group, str) and group] if is_list(written) else []
    if not is_list(written) or len(good) < len(written) or ("groups" in argument and not good):
        reading.refuse((*path, "groups"), "`groups` is not a list of groups", "write `groups: [contractors]`")
        return None
    if good and per is not None and per is not Per.GROUP:
        reading.refuse(
            (*path, "groups"), f"`groups` says which groups count, and this limit counts per {per}",
            "write `per: group`, or ask for the group in `when`: `user.groups: [contractors]`",
        )  # fmt: skip
        return None
    return frozenset(good)


LIMITING = (
    ActionRow(
        name="limit", read=_limit, example=_EXAMPLE,
        doc="let so many `requests`, `prompts`, `bytes` (sent) or `tokens` (sent, estimated) pass `per` user, group, address "
        "or everyone in a `window` (`10m`, `1h`, `7d` ... `30d`), counting what matches the rule; then stop with "
        "`limit_reached` (status 429) until the window has room. Until then, rules below are asked",
    ),
)  # fmt: skip
