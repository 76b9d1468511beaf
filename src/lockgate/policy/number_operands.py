"""How numbers, scores and levels become ranges.

Separate because whatever is ordered is compared in this one way: a set of inclusive ranges of whole numbers.
"""

from collections.abc import Callable
from decimal import Decimal

from lockgate.facts.finding import DetectionConfidence
from lockgate.policy.fields import is_list
from lockgate.policy.operand import UNBOUNDED, InRanges, Operand
from lockgate.policy.written import Parse, Written

type Number = Callable[[Written], int | None]
type Bounds = Callable[[int], tuple[float, float]]

_LEVELS = {level.name.lower(): level for level in DetectionConfidence}


def whole(written: Written) -> int | None:
    """A whole number, not negative."""
    if isinstance(written.value, bool) or not isinstance(written.value, int) or written.value < 0:
        written.wrong(f"expected a whole number, found `{written.shown}`", "write digits without quotes")
        return None
    return written.value


def hundredths(written: Written) -> int | None:
    """A score as written, in hundredths: 3.0 is 300, exactly."""
    value = written.value
    if not isinstance(value, bool) and isinstance(value, int | float):
        exact = Decimal(str(value)) * 100
        if exact == int(exact) and 0 <= exact <= 500:
            return int(exact)
    written.wrong(f"expected a score, found `{written.shown}`", "write a number from 0.0 to 5.0 with at most two decimals")
    return None


def level(written: Written) -> int | None:
    """A detection confidence."""
    found = _LEVELS.get(written.value) if isinstance(written.value, str) else None
    if found is None:
        written.report.unknown(written.path, "detection confidence", written.shown, _LEVELS)
    return found


def ranges(number: Number, bounds: Bounds) -> Parse:
    """One range for each number of a list, or for the only one."""

    def parse(written: Written) -> Operand | None:
        numbers = [number(item) for item in written.entries]
        found = [bounds(each) for each in numbers if each is not None]
        return InRanges(tuple(sorted(found))) if found and None not in numbers else None

    return parse


def scalar(number: Number, bounds: Bounds, what: str = "number") -> Parse:
    """One range for one number."""
    parse = ranges(number, bounds)

    def parsed(written: Written) -> Operand | None:
        if isinstance(written.value, list):
            written.wrong(f"expected one {what}, found a list")
            return None
        return parse(written)

    return parsed


def between(number: Number, what: str = "number", shape: str = "[lowest, highest]") -> Parse:
    """From one number to another, both included."""

    def parse(written: Written) -> Operand | None:
        if not is_list(written.value) or len(written.value) != 2:
            written.wrong(f"`between` takes two {what}s", f"write {shape}; both belong to it")
            return None
        low, high = [number(item) for item in written.entries]
        if low is None or high is None:
            return None
        if low > high:
            above = "above" if what == "number" else "after"
            problem = f"the first {what} is {above} the second, so this could never match"
            written.wrong(problem, f"write {shape}", code="never-matches")
            return None
        return InRanges(((low, high),))

    return parse


def equal(number: int) -> tuple[float, float]:
    """This number alone."""
    return (number, number)


def from_here(number: int) -> tuple[float, float]:
    """This number or a higher one."""
    return (number, UNBOUNDED)


def up_to(number: int) -> tuple[float, float]:
    """This number or a lower one."""
    return (-UNBOUNDED, number)


def level_alone(found: int) -> tuple[float, float]:
    """The highest level has nothing above it, which matters when a partial look can only raise what it saw."""
    return (found, UNBOUNDED if found == max(DetectionConfidence) else found)
