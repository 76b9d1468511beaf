"""How long records are kept.

Separate so that the rule (days, from the settings) and the time (from the caller) meet in one place. Whoever runs the recorder
calls this now and then; it must never run on an event loop.
"""

from dataclasses import dataclass

from lockgate.store.record_store import RecordStore

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was removed: whole records, and sealed texts of records that stay."""

    records: int
    captures: int


def prune(
    store: RecordStore, *, now: float, older_than_days: float | None, captures_older_than_days: float | None = None
) -> Pruned:
    """Delete what is older than asked at `now` (seconds since the epoch); None keeps that kind for ever.

    What is known of an MCP server goes when nobody has seen it for as long as records are kept, that somebody met an app when
    nothing was done with it for so long, and an acknowledgement when it has been over for so long. Counts of use go when no
    window reaches them any more. Sealed text goes when its rule says so.
    """
    store.remove_usage(now, None if older_than_days is None else now - older_than_days * _DAY_SECONDS)
    if older_than_days is not None:
        store.remove_beside(now - older_than_days * _DAY_SECONDS)
    records = 0 if older_than_days is None else store.remove(now - older_than_days * _DAY_SECONDS)
    ended = store.remove_ended_captures(now)
    captures = 0 if captures_older_than_days is None else store.remove_captures(now - captures_older_than_days * _DAY_SECONDS)
    return Pruned(records=records, captures=captures + ended)
