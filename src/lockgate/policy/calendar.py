"""What the clock on the wall says at the moment of an exchange, in the policy's time zone.

Separate because nothing else knows time zones. The moment comes with the facts: nothing here looks at a clock. Zones are data
of the installed packages, read when a policy is compiled and never while one is evaluated.
"""

from datetime import UTC, date, datetime, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from lockgate.facts.sheet import FactSheet
from lockgate.policy.reading import Read
from lockgate.policy.selector import Surroundings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_OF_HOUR = 60
MINUTES_OF_DAY = 24 * MINUTES_OF_HOUR
_YEARS = range(1970, 9000)


@cache
def zone_names() -> frozenset[str]:
    """Every IANA time zone there is."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def zone_named(name: str) -> tzinfo | None:
    """The zone of that name, or None."""
    if name == "UTC":
        return UTC
    return ZoneInfo(name) if name in zone_names() else None


def parse_moment(text: str) -> datetime | None:
    """A date with a time, with or without an offset, as in `2026-03-03T10:00:00+01:00`; None when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A date alone is midnight to Python, which nobody means who asks what happens on a day.
    return at if at.year in _YEARS and ":" in text else None


def on_the_wall(at: datetime, zone: tzinfo) -> datetime:
    """The moment that is meant: without an offset, the time is that of the zone."""
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


@lru_cache(maxsize=256)
def _local(zone: tzinfo, at: datetime) -> datetime:
    """Each exchange has one moment, and many rules may ask about it."""
    return at.astimezone(zone)


def of_day(surroundings: Surroundings, _name: str) -> Read:
    """Minutes since midnight, as clocks there show them: an hour that comes twice in autumn is the same hour twice."""
    zone = surroundings.zone

    def reading(sheet: FactSheet) -> int:
        local = _local(zone, sheet.at)
        return local.hour * MINUTES_OF_HOUR + local.minute

    return reading


def weekday(surroundings: Surroundings, _name: str) -> Read:
    """The day of the week there."""
    zone = surroundings.zone
    return lambda sheet: WEEKDAYS[_local(zone, sheet.at).weekday()]


def day(surroundings: Surroundings, _name: str) -> Read:
    """The date there, as days of the calendar."""
    zone = surroundings.zone
    return lambda sheet: _local(zone, sheet.at).toordinal()


def shown_time(minutes: int) -> str:
    """For example `09:05`."""
    return f"{minutes // MINUTES_OF_HOUR:02}:{minutes % MINUTES_OF_HOUR:02}"


def shown_day(ordinal: int) -> str:
    """For example `2026-01-15`."""
    return date.fromordinal(ordinal).isoformat()
