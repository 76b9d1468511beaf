"""The fingerprint of a home: any change shows, and asking costs next to nothing."""

import os
import sys

import pytest

from lockgate.home.home import Home, built_in_data
from lockgate.runtime.fingerprint import fingerprint
from lockgate.runtime.snapshot import SnapshotBuilder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("a.yaml", "b.yaml", ".hidden.yaml", "notes.txt"):
        (tmp_path / "data" / name).write_text("text\n")
    (tmp_path / "single.yaml").write_text("one\n")
    return tmp_path / "data"


def of(folder):
    return fingerprint([str(folder)], [str(folder.parent / "single.yaml"), str(folder.parent / "absent.yaml")])


def same_size_later(file):
    before = file.stat()
    file.write_text("TEXT\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


def same_size_and_time_but_another_file(file):
    before = file.stat()
    fresh = file.with_name("fresh")
    fresh.write_text("TEXT\n")
    os.utime(fresh, ns=(before.st_atime_ns, before.st_mtime_ns))
    fresh.replace(file)


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a.yaml").write_text("longer text\n"),
        lambda folder: same_size_later(folder / "a.yaml"),
        lambda folder: same_size_and_time_but_another_file(folder / "a.yaml"),
        lambda folder: (folder / "a.yaml").unlink(),
        lambda folder: (folder / "a.yaml").rename(folder / "c.yaml"),
        lambda folder: (folder / "c.yaml").write_text(""),
        lambda folder: (folder / ".hidden.yaml").unlink(),
        lambda folder: (folder.parent / "single.yaml").unlink(),
        lambda folder: (folder.parent / "absent.yaml").write_text(""),
        lambda folder: folder.rename(folder.with_name("elsewhere")),
    ],
)
def test_a_change_shows(folder, change):
    before = of(folder)
    assert of(folder) == before
    change(folder)
    assert of(folder) != before


def test_what_is_not_read_is_not_looked_at(folder):
    before = of(folder)
    (folder / "notes.txt").unlink()
    (folder / "new.yaml~").write_text("")
    assert of(folder) == before


def test_what_a_link_points_at_counts(folder):
    """A mounted configuration map is a folder of links; an update swaps what they lead to."""
    for version in ("one", "two"):
        (folder.parent / version).mkdir()
        (folder.parent / version / "map.yaml").write_text(f"{version}\n")
    current = folder.parent / "current"
    current.symlink_to("one")
    (folder / "map.yaml").symlink_to(current / "map.yaml")
    before = of(folder)
    current.unlink()
    current.symlink_to("two")
    assert of(folder) != before


def test_asking_costs_little_more_than_a_look_at_each_file(home):
    """Workers ask four times a second for ever. Calls are counted because times would depend on the machine."""
    builder = SnapshotBuilder(home)
    folders = (built_in_data() / folder for folder in ("apps", "dlp/detectors", "dlp/profiles"))
    files = sum(len(list(folder.glob("*.yaml"))) for folder in folders)
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        builder.fingerprint()
    finally:
        sys.setprofile(None)
    assert files > 100
    assert calls < 10 * files


def test_a_home_that_ships_the_data_looks_at_it_once():
    checkout = Home(built_in_data())
    assert checkout.own_files("apps") == ()
    assert checkout.data_folders("apps") == (built_in_data() / "apps",)
