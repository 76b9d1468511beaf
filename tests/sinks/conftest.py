"""Records to pass on."""

from collections.abc import Callable

import pytest

from lockgate.facts.record import Record


def _record(record_id: str = "id", **fields: object) -> Record:
    defaults: dict[str, object] = {"started_at": 1000.25, "duration_ms": 12.5, "kind": "http", "client_address": "192.0.2.7"}
    return Record(id=record_id, **{**defaults, **fields})


@pytest.fixture
def record() -> Callable[..., Record]:
    """`record(app="...")`: a record with plausible values for the rest."""
    return _record
