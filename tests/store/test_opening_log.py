"""Looks at captured text leave a trace."""

import json
import stat

import pytest

from lockgate.facts.problem import UsageError
from lockgate.store.opening_log import Opening, note_opening

LOOK = Opening(at="2026-11-24T08:00:00Z", record="id", by="ana", key="k", reason="two\nlines")


def test_each_look_is_one_line_in_a_file_of_the_owner(tmp_path):
    path = tmp_path / "openings.log"
    note_opening(path, LOOK)
    note_opening(path, LOOK)
    lines = path.read_text().splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["two\nlines"] * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_look_that_cannot_be_noted_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="is not shown"):
        note_opening(tmp_path / "missing" / "openings.log", LOOK)
