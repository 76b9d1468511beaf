"""Whatever becomes of the policy's files, a gateway neither goes down nor opens, and says what is wrong where people look."""

import asyncio
import os
import threading

import pytest
from snapshot_texts import CASES, POLICY, STRICTER

from lockgate.facts.problem import UsageError
from lockgate.home.policy_archive import PolicyArchive
from lockgate.runtime.checks import doctor
from lockgate.runtime.gateway import Gateway
from lockgate.runtime.going_live import build_or_last_good
from lockgate.runtime.policy_status import running_workers
from lockgate.runtime.snapshot import PolicyRefusedError, SnapshotBuilder

FILE = "policies/own.yaml"


@pytest.fixture
def home(home):
    (home.path / FILE).write_text(POLICY)
    home.settings_file.write_text(f"policy: {FILE}\n")
    return home


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - a gateway looks at its files on a clock of its own
            await asyncio.sleep(0.02)


def gateway_of(home, worker=1):
    return Gateway(SnapshotBuilder(home), lambda _record: None, None, worker)


@pytest.fixture
async def gateway(home):
    running = gateway_of(home)
    await running.start()
    yield running
    await running.close()


def versions(home):
    return [entry.version for entry in PolicyArchive(home.policy_archive).history()]


def in_force(home):
    return next(check for check in doctor(home) if check.name == "policy in force")


def bomb():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


CONTENT = {
    "broken": POLICY.replace("app.id", "app.idd").encode(),
    "not YAML": b"version: [1\n",
    "half of it": POLICY[: len(POLICY) // 2].encode(),
    "empty": b"",
    "not UTF-8": b"version: 1\ndefault: allow # \xff\n",
    "too large": b"#" * (9 << 20),
    "too much in it": bomb(),
}
"""What may stand in a policy."""

INSTEAD = {
    "gone": lambda _: None,
    "a folder": lambda place: place.mkdir(),
    "a pipe": os.mkfifo,
    "a link to nowhere": lambda place: place.symlink_to("nowhere.yaml"),
}
"""What may be in its place."""

CASES_ARE = {
    "cases that fail": lambda place: place.write_text(CASES.replace("verdict: block", "verdict: allow")),
    "broken cases": lambda place: place.write_text("version: 1\ncases: [{name: x, given: {apps: y}}]\n"),
    "cases are a folder": lambda place: place.mkdir(),
}
BROKEN = (*CONTENT, *INSTEAD, *CASES_ARE)


def break_it(home, how):
    policy = home.path / FILE
    if how in CONTENT:
        policy.write_bytes(CONTENT[how])
    elif how in INSTEAD:
        policy.unlink()
        INSTEAD[how](policy)
    else:
        CASES_ARE[how](home.path / "policies" / "cases" / "own.yaml")


@pytest.mark.parametrize("how", BROKEN)
def test_a_start_with_a_broken_policy_goes_on_with_what_was_live_last(how, home):
    """As a worker that is replaced does. What was live last, never something older."""
    archive = PolicyArchive(home.policy_archive)
    for text in (POLICY, STRICTER):
        (home.path / FILE).write_text(text)
        begun = gateway_of(home)
        begun._archivist.note(begun.snapshot, "start")
    strict = archive.last().version
    break_it(home, how)
    with pytest.raises(PolicyRefusedError):
        SnapshotBuilder(home).build()
    start = build_or_last_good(SnapshotBuilder(home))
    assert start.snapshot.ruleset.version == strict
    assert start.refused.problems
    assert versions(home)[-1] == strict


def test_without_a_last_good_one_a_broken_policy_does_not_start(home):
    break_it(home, "broken")
    with pytest.raises(UsageError, match=r"app\.id"):
        gateway_of(home)


def test_when_the_last_good_one_cannot_be_used_either_both_are_told(home):
    begun = gateway_of(home)
    begun._archivist.note(begun.snapshot, "start")
    archive = PolicyArchive(home.policy_archive)
    (archive.load(archive.last()).folder / "own.yaml").write_text("version: 1\ndefault: allow\n")
    break_it(home, "broken")
    with pytest.raises(UsageError, match=r"(?s)app\.id.*nor can version .* be used.*damaged"):
        gateway_of(home)


def test_other_mistakes_are_none_of_the_policy_and_still_end_a_start(home):
    begun = gateway_of(home)
    begun._archivist.note(begun.snapshot, "start")
    home.settings_file.write_text(f"policy: {FILE}\nlistn: 1\n")
    with pytest.raises(UsageError, match="listn"):
        gateway_of(home)


def test_a_policy_that_is_gone_is_not_replaced_by_the_built_in_one_of_its_name(home):
    home.settings_file.write_text("policy: policies/monitor.yaml\n")
    own = home.path / "policies" / "monitor.yaml"
    own.write_text(POLICY)
    (home.path / "policies" / "cases" / "monitor.yaml").unlink()
    begun = gateway_of(home)
    begun._archivist.note(begun.snapshot, "start")
    own.unlink()
    start = build_or_last_good(SnapshotBuilder(home))
    assert "the built-in one of that name does not take its place" in str(start.refused)
    assert start.snapshot.ruleset.version == begun.snapshot.ruleset.version


async def test_a_running_worker_keeps_what_it_has_and_says_why_until_the_file_is_whole(home, gateway):
    first = gateway.snapshot.ruleset.version
    for how in ("not UTF-8", "gone", "broken"):
        (home.path / FILE).write_text(POLICY)
        await until(lambda: not gateway.refused_change)
        break_it(home, how)
        await until(lambda: gateway.refused_change)
        await until(lambda: any(worker.refused for worker in running_workers(home.policy_archive)))
        assert gateway.snapshot.ruleset.version == first
    (worker,) = running_workers(home.policy_archive)
    assert (worker.version, worker.last_good) == (first, False)
    assert "own.yaml:6:12: unknown selector `app.idd`" in worker.refused[0]
    (problem,) = in_force(home).problems
    assert "a change of the configuration is refused" in problem.problem
    assert "app.idd" in problem.help
    (home.path / FILE).write_text(STRICTER)
    await until(lambda: gateway.snapshot.ruleset.version != first)
    await until(lambda: not running_workers(home.policy_archive)[0].refused)
    assert versions(home) == [first, gateway.snapshot.ruleset.version]
    assert not in_force(home).problems


async def test_a_worker_that_began_with_the_last_good_one_takes_over_the_mended_file(home, gateway):
    first = gateway.snapshot.ruleset.version
    break_it(home, "broken")
    replaced = gateway_of(home, worker=2)
    await replaced.start()
    try:
        assert replaced.snapshot.ruleset.version == first
        workers = {worker.worker: worker for worker in running_workers(home.policy_archive)}
        assert workers[2].last_good
        assert "could not be used at a start" in in_force(home).problems[0].problem
        (home.path / FILE).write_text(STRICTER)
        await until(lambda: replaced.snapshot.ruleset.version != first and not replaced.refused_change)
        await until(lambda: not any(worker.last_good for worker in running_workers(home.policy_archive)))
    finally:
        await replaced.close()
    assert versions(home) == [first, replaced.snapshot.ruleset.version]


async def test_a_half_written_file_is_not_taken_for_a_policy(home, gateway, monkeypatch):
    """Written in two steps, the first of which would be a valid policy that stops nothing."""
    head = POLICY.partition("rules:")[0]
    seen = []
    fingerprint = gateway._builder.fingerprint

    def looked(**how):
        mark = fingerprint(**how)
        if not seen and mark != gateway.snapshot.version:
            seen.append(mark)
            (home.path / FILE).write_text(STRICTER)  # the writer goes on before the worker does
        return mark

    monkeypatch.setattr(gateway._builder, "fingerprint", looked)
    first = gateway.snapshot.ruleset.version
    (home.path / FILE).write_text(head)
    await until(lambda: gateway.snapshot.ruleset.version != first)
    await until(lambda: len(versions(home)) > 1)
    assert len(versions(home)) == 2
    assert gateway.snapshot.ruleset.rules


async def test_what_cannot_be_kept_is_told_and_tried_again(home, gateway):
    folder = home.policy_archive / "versions"
    await until(folder.is_dir)
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("in the way")
    (home.path / FILE).write_text(STRICTER)
    await until(lambda: gateway._archivist.failed)
    assert len(versions(home)) == 1
    folder.unlink()
    aside.rename(folder)
    await until(lambda: len(versions(home)) == 2)
    await until(lambda: not gateway._archivist.failed)


async def test_a_disk_that_hangs_keeps_no_change_from_going_live(home, gateway, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(PolicyArchive, "keep", lambda *_, **__: release.wait(60))
    try:
        for text in (STRICTER, POLICY, STRICTER):
            (home.path / FILE).write_text(text)
            rules = {"chatgpt", "claude"} if text == STRICTER else {"claude"}
            await until(lambda rules=rules: all(app in gateway.snapshot.ruleset.rules[0].condition for app in rules)
                        and ("chatgpt" in gateway.snapshot.ruleset.rules[0].condition) == (len(rules) == 2))  # fmt: skip
    finally:
        release.set()
