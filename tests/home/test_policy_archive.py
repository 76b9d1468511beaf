"""Kept policies: exact bytes, one line of history for each time something went live, and no more than is needed."""

import os
from dataclasses import replace

import pytest

from lockgate.facts.problem import UsageError
from lockgate.home.policy_archive import VERSIONS_KEPT, PolicyArchive, WentLive
from lockgate.home.policy_files import read_policy_files

DAY = 86400.0


@pytest.fixture
def archive(tmp_path):
    return PolicyArchive(tmp_path / "var" / "policies")


@pytest.fixture
def files(tmp_path):
    def write(text, cases=None):
        policy = tmp_path / "policies" / "own.yaml"
        (policy.parent / "cases").mkdir(parents=True, exist_ok=True)
        policy.write_bytes(text)
        cases_file = policy.parent / "cases" / "own.yaml"
        cases_file.unlink(missing_ok=True)
        if cases is not None:
            cases_file.write_bytes(cases)
        return read_policy_files(policy)

    return write


def went_live(files, version="aa11", at=1000.0, cause="changed file"):
    return WentLive(at=at, version=version, content=files.digest, file="policies/own.yaml", cause=cause, mark=files.mark)


def test_what_went_live_comes_back_byte_for_byte_with_its_comments(archive, files):
    written = files(b"# why: \xc3\xa4\r\nversion: 1\n", b"version: 1 # cases\n")
    archive.keep(written, went_live(written, cause="start"), keep_since=0)
    last = archive.last()
    assert (last.version, last.previous, last.cause, last.file) == ("aa11", "", "start", "policies/own.yaml")
    loaded = archive.load(last)
    assert loaded == replace(written, folder=loaded.folder)
    assert [file.name for file in loaded] == ["own.yaml", "cases/own.yaml"]
    assert (loaded.folder / "own.yaml").read_bytes() == written.policy.content


def test_lists_in_files_are_kept_and_come_back_with_the_policy(archive, files, tmp_path):
    text = b"version: 1\nlists: {a: {file: lists/deep/a.txt}, gone: {file: b.txt}}\n"
    policy = tmp_path / "policies"
    (policy / "lists" / "deep").mkdir(parents=True)
    (policy / "lists" / "deep" / "a.txt").write_bytes(b"a.example\n")
    written = files(text)
    archive.keep(written, went_live(written), keep_since=0)
    (policy / "lists" / "deep" / "a.txt").write_bytes(b"b.example\n")
    assert files(text).digest != written.digest
    loaded = archive.load(archive.last())
    assert [file.name for file in loaded] == ["own.yaml", "lists/deep/a.txt"]
    attached = loaded.policy_document.attached
    assert (attached["lists/deep/a.txt"].text, attached["b.txt"].text) == ("a.example\n", "")
    assert "no such file" in attached["b.txt"].problem


def test_several_workers_write_one_line(archive, files):
    first = files(b"one")
    others = [PolicyArchive(archive.folder) for _ in range(3)]
    told = [each.keep(first, went_live(first), keep_since=0) for each in (archive, *others)]
    assert [each is None for each in told] == [False, True, True, True]
    assert len(archive.history()) == 1


def test_a_worker_that_is_late_does_not_bring_back_what_was_replaced(archive, files):
    first = files(b"one")
    second = files(b"two")
    for each, version in ((first, "aa"), (second, "bb"), (first, "aa")):
        archive.keep(each, went_live(each, version), keep_since=0)
    assert [entry.version for entry in archive.history()] == ["aa", "bb"]


def test_the_same_written_again_goes_live_again(archive, files):
    for text, version in ((b"one", "aa"), (b"two", "bb"), (b"one", "aa")):
        each = files(text)
        archive.keep(each, went_live(each, version), keep_since=0)
    assert [(entry.version, entry.previous) for entry in archive.history()] == [("aa", ""), ("bb", "aa"), ("aa", "bb")]


def test_comments_are_another_content_of_the_same_version(archive, files):
    for text in (b"one", b"one # and why"):
        each = files(text)
        archive.keep(each, went_live(each), keep_since=0)
    assert len(archive.history()) == 2
    assert archive.load(archive.find("aa11")).policy.content == b"one # and why"


def test_a_version_is_found_by_how_it_begins(archive, files):
    for text, version in ((b"one", "ab12"), (b"two", "ab34"), (b"three", "cd56")):
        each = files(text)
        archive.keep(each, went_live(each, version), keep_since=0)
    assert archive.find("cd").version == "cd56"
    assert archive.find("live").version == "cd56"
    with pytest.raises(UsageError, match="several versions begin with `ab`"):
        archive.find("ab")
    with pytest.raises(UsageError, match="no policy of version `ff` went live here"):
        archive.find("ff")


def test_a_rollback_is_named_as_the_cause_once(archive, files):
    first, second = files(b"one"), files(b"two")
    archive.keep(second, went_live(second, "bb"), keep_since=0)
    archive.announce_rollback(first.digest)
    archive.keep(first, went_live(first, "aa"), keep_since=0)
    again = files(b"two")
    archive.keep(again, went_live(again, "bb"), keep_since=0)
    assert [entry.cause for entry in archive.history()] == ["changed file", "rollback", "changed file"]


def test_what_was_changed_in_the_archive_is_not_used(archive, files):
    written = files(b"one")
    archive.keep(written, went_live(written), keep_since=0)
    stored = archive.load(archive.last()).folder / "own.yaml"
    stored.write_bytes(b"default: allow")
    with pytest.raises(UsageError, match="damaged"):
        archive.load(archive.last())


def test_a_torn_line_costs_only_itself(archive, files):
    first, second = files(b"one"), files(b"two")
    archive.keep(first, went_live(first, "aa"), keep_since=0)
    with (archive.folder / "history.jsonl").open("ab") as history:
        history.write(b'{"at": 5, "version": "../..", "content": "aa"}\n{"at": 12.5, "ver')
    archive.keep(second, went_live(second, "bb"), keep_since=0)
    assert [entry.version for entry in archive.history()] == ["aa", "bb"]


def test_old_versions_go_unless_records_may_refer_to_them(archive, files):
    for number in range(VERSIONS_KEPT + 10):
        each = files(f"policy {number}".encode())
        archive.keep(each, went_live(each, f"{number:04x}", at=number * DAY), keep_since=3 * DAY)
    history = archive.history()
    assert len(history) == VERSIONS_KEPT + 10
    assert [entry.version for entry in history if not archive.has(entry)] == ["0000", "0001"]
    with pytest.raises(UsageError, match="not kept any more"):
        archive.load(history[0])


def test_nobody_else_may_read_it(archive, files):
    written = files(b"one", b"cases")
    archive.keep(written, went_live(written), keep_since=0)
    modes = {oct(path.stat().st_mode & 0o077) for path in (archive.folder, *archive.folder.rglob("*"))}
    assert modes == {"0o0"}


@pytest.mark.parametrize("what", ["folder", "pipe"])
def test_something_else_in_the_place_of_a_policy_is_told_and_not_waited_for(what, tmp_path):
    place = tmp_path / "own.yaml"
    place.mkdir() if what == "folder" else os.mkfifo(place)
    with pytest.raises(UsageError, match="is not a file"):
        read_policy_files(place)
