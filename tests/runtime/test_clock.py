"""A wrong clock is told where something proves it; where nothing can, that is said instead of `fine`."""

import time

import pytest

from lockgate.runtime import clock
from lockgate.runtime.clock import Trace, clock_note, clock_problems, newest_file

DAY = 86_400.0
YEAR = 365 * DAY
NOW = 1_795_000_000.0  # November 2026


@pytest.fixture(autouse=True)
def hardware(monkeypatch, tmp_path):
    """A hardware clock of the test's own; without a call there is none, as in a container."""
    file = tmp_path / "since_epoch"
    monkeypatch.setattr(clock, "_HARDWARE_CLOCK", file)
    return lambda seconds: file.write_text(f"{seconds:.0f}\n")


def told(now, *traces):
    return "\n".join(str(problem) for problem in clock_problems(now, traces))


@pytest.mark.parametrize("now", [0.0, NOW - 2 * YEAR, NOW + 30 * YEAR])
def test_a_time_at_which_this_program_cannot_be_running(now):
    assert "this machine's clock says" in told(now)


def test_what_happened_is_never_later_than_now():
    said = told(NOW, Trace(at=NOW - DAY, what="an old file"), Trace(at=NOW + DAY, what="the newest record"))
    assert "the newest record is from 2026-11-19" in said
    assert "NTP" in said


def test_a_little_later_is_the_network_file_system():
    assert told(NOW, Trace(at=NOW + 60, what="a file")) == ""


def test_a_time_beyond_any_calendar_is_told_all_the_same():
    assert "1e+30 seconds" in told(NOW, Trace(at=1e30, what="a record"))


def test_three_years_ahead_of_the_hardware_clock(hardware):
    hardware(NOW)
    assert "its hardware clock says 2026-11-18" in told(NOW + 3 * YEAR)


def test_a_hardware_clock_in_local_time_is_no_problem(hardware):
    hardware(NOW + 14 * 3600)
    assert told(NOW) == ""


def test_nothing_to_go_by_finds_nothing():
    """Three years ahead in a container: this is why the note does not say that the clock is right."""
    assert told(NOW + 3 * YEAR, Trace(at=NOW, what="a file")) == ""


@pytest.mark.parametrize(
    ("kernel", "says"),
    [(True, "kept by NTP"), (False, "cannot be told from here"), (None, "cannot be told from here")],
)
def test_the_note_says_how_far_to_trust_it(monkeypatch, kernel, says):
    monkeypatch.setattr(clock, "_synchronised", lambda: kernel)
    note = clock_note(NOW)
    assert note.startswith("2026-11-18 ")
    assert says in note


def test_the_kernel_can_be_asked():
    assert clock._synchronised() in (True, False, None)
    assert clock_note(time.time())


def test_the_newest_file_of_those_that_are_there(tmp_path):
    assert newest_file([tmp_path / "absent"]) is None
    (tmp_path / "there").write_text("")
    newest = newest_file([tmp_path / "absent", tmp_path / "there"])
    assert newest is not None
    assert newest.what.endswith("there")
