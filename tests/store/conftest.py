"""Records to store."""

from collections.abc import Callable

import pytest

from lockgate.facts.record import Record


def _record(record_id: str, **fields: object) -> Record:
    defaults: dict[str, object] = {"started_at": 1000.0, "duration_ms": 12.5, "kind": "http", "client_address": "192.0.2.7"}
    return Record(id=record_id, **{**defaults, **fields})


@pytest.fixture
def record() -> Callable[..., Record]:
    """`record("id", app="...")`: a record with plausible values for the rest."""
    return _record
