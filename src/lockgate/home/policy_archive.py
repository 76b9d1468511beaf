"""Policies that were live: `var/policies` in the home keeps the exact bytes of each, and a history of what went live when.

Separate because several processes write it: every worker notices a change by itself, and one of them writes it down. It must
never be asked on the way of a request. What was kept is checked against its digest before it is used again.
"""

import errno
import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from lockgate.facts.problem import Problem, UsageError
from lockgate.home.policy_files import PolicyFile, PolicyFiles

VERSIONS_KEPT = 50
"""Besides those that were live within the time for which records are kept."""
_MOST_VERSIONS = 500
_MOST_ENTRIES = 5000
_ENTRIES_LEFT = 4000
_LOOKED_BACK = 50
_LARGEST_HISTORY = 8 << 20
_LOCK_SECONDS = 10.0
_LOCK_LOOK_SECONDS = 0.02
_NAMES = ".names.json"
_DIGEST = re.compile(r"[0-9a-f]{1,64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class WentLive:
    """A line of the history. `at` is seconds since the epoch, `content` the digest of the bytes, `file` relative to the home.

    `cause` is `start`, `changed file` or `rollback`. `mark` tells one writing of the files from the next.
    """

    at: float
    version: str
    content: str
    file: str
    previous: str = ""
    cause: str = ""
    mark: str = ""


class PolicyArchive:
    """The kept policies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._history = folder / "history.jsonl"
        self._versions = folder / "versions"

    def history(self) -> tuple[WentLive, ...]:
        """What went live, oldest first. A line that cannot be read is passed over. Raises UsageError for an unreadable file."""
        try:
            if self._history.stat().st_size > _LARGEST_HISTORY:
                raise UsageError(Problem(problem=f"{self._history} is too large", help="move it aside"))
            lines = self._history.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UsageError(_unreadable(self._history, error)) from None
        return tuple(entry for entry in map(_entry, lines) if entry is not None)

    def last(self) -> WentLive | None:
        """What went live last: the policy in force, while a gateway runs."""
        history = self.history()
        return history[-1] if history else None

    def find(self, version: str) -> WentLive:
        """The newest entry of a version, or of the one that begins like that. Raises UsageError when none or several do."""
        history = self.history()
        if version == "live" and history:
            return history[-1]
        found = {entry.version: entry for entry in history if entry.version.startswith(version)}
        exact = found.get(version)
        if exact is not None:
            return exact
        if len(found) == 1:
            return next(iter(found.values()))
        problem = f"several versions begin with `{version}`" if found else f"no policy of version `{version}` went live here"
        help_text = ", ".join(found) if found else "versions there were: lockgate policy history"
        raise UsageError(Problem(problem=problem, help=help_text))

    def load(self, entry: WentLive) -> PolicyFiles:
        """The files as they were when they went live. Raises UsageError when they are not kept any more, or are damaged."""
        folder = self._versions / _folder_name(entry)
        try:
            files = _files(folder, json.loads((folder / _NAMES).read_bytes()))
        except FileNotFoundError:
            problem = f"the files of version {entry.version} are not kept any more"
            raise UsageError(Problem(problem=problem, help="others: lockgate policy history")) from None
        except OSError as error:
            raise UsageError(_unreadable(folder, error)) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            files = None
        if files is None or files.digest != entry.content:
            raise UsageError(Problem(problem=f"what is kept of version {entry.version} in {folder} is damaged"))
        return files

    def has(self, entry: WentLive) -> bool:
        """Whether the files of an entry are still kept."""
        return (self._versions / _folder_name(entry)).is_dir()

    def keep(self, files: PolicyFiles, entry: WentLive, *, keep_since: float) -> WentLive | None:
        """Write down that `files` went live, unless somebody has done so already.

        Files of versions that were last live before `keep_since` go, but for the newest. Raises UsageError when it cannot be
        written.
        """
        try:
            with self._locked():
                history = self.history()
                last = history[-1] if history else None
                if last is not None and (last.version, last.content, last.file) == (entry.version, entry.content, entry.file):
                    self._store(files, entry)  # the folder may have been lost
                    return None
                if any(_same(entry, earlier) for earlier in history[-_LOOKED_BACK:]):
                    return None  # another worker told of it, and what came after it is known, too
                written = _with_origin(entry, last, self._announced(entry))
                self._store(files, written)
                self._append(written, history)
                self._prune((*history, written), keep_since)
                return written
        except OSError as error:
            problem = f"cannot keep the policy in {self.folder}: {(error.strerror or str(error)).lower()}"
            raise UsageError(Problem(problem=problem, help="mend the folder's owner and mode, or make room")) from None

    def announce_rollback(self, content: str) -> None:
        """The next time these bytes go live, it is because somebody rolled back to them."""
        with self._locked():
            self._write(self.folder / "rollback", content.encode())

    def set_aside(self, files: PolicyFiles, name: str) -> Path:
        """Keep files that may never have been live in a folder `name` of their own."""
        folder = self.folder / "replaced" / name
        with self._locked():
            self._write_all(folder, files)
        return folder

    @contextmanager
    def _locked(self) -> Generator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            _own_like(self.folder, handle)
            _lock(handle)
            yield
        finally:
            os.close(handle)

    def _announced(self, entry: WentLive) -> bool:
        note = self.folder / "rollback"
        try:
            announced = note.read_bytes() == entry.content.encode()
        except OSError:
            return False
        if announced:
            note.unlink(missing_ok=True)
        return announced

    def _store(self, files: PolicyFiles, entry: WentLive) -> None:
        folder = self._versions / _folder_name(entry)
        if folder.is_dir():
            return
        partial = self._versions / f".{folder.name}"
        shutil.rmtree(partial, ignore_errors=True)  # of somebody who was interrupted: the lock is ours
        self._make(partial)
        names: dict[str, str | list[str]] = {"policy": files.policy.name, "lists": [each.name for each in files.lists]}
        if files.cases is not None:
            names["cases"] = files.cases.name
        self._write_all(partial, files)
        self._write(partial / _NAMES, json.dumps(names).encode())
        partial.rename(folder)

    def _append(self, entry: WentLive, history: tuple[WentLive, ...]) -> None:
        if len(history) >= _MOST_ENTRIES:
            lines = "".join(_line(each) for each in (*history[-_ENTRIES_LEFT:], entry))
            fresh = self._history.with_name(".history.new")
            self._write(fresh, lines.encode())
            fresh.replace(self._history)
            return
        handle = os.open(self._history, os.O_CREAT | os.O_APPEND | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "rb+") as file:
            _own_like(self.folder, file.fileno())
            size = file.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write((b"\n" if torn else b"") + _line(entry).encode())
            file.flush()
            os.fsync(file.fileno())

    def _prune(self, history: tuple[WentLive, ...], keep_since: float) -> None:
        """Take away the files of versions that neither records nor people are likely to ask for."""
        ended = {_folder_name(entry): later.at for entry, later in pairwise(history)}
        ended[_folder_name(history[-1])] = float("inf")
        newest_first = sorted(ended, key=lambda name: -ended[name])
        kept = {name for number, name in enumerate(newest_first) if number < VERSIONS_KEPT or ended[name] >= keep_since}
        kept = {name for name in newest_first[:_MOST_VERSIONS] if name in kept}
        for folder in self._versions.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _write_all(self, folder: Path, files: PolicyFiles) -> None:
        for file in files:
            target = folder / file.name
            self._make(target.parent)
            self._write(target, file.content)

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700)
        _own_like(self.folder, folder)

    def _write(self, path: Path, content: bytes) -> None:
        handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            _own_like(self.folder, file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _lock(handle: int) -> None:
    """Raises OSError when somebody holds the lock for too long."""
    until = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OSError(errno.EWOULDBLOCK, "somebody else holds its lock") from None
            time.sleep(_LOCK_LOOK_SECONDS)
        else:
            return


def _folder_name(entry: WentLive) -> str:
    return f"{entry.version}-{entry.content}"


def _files(folder: Path, names: dict[str, Any]) -> PolicyFiles:
    def file(name: str) -> PolicyFile:
        return PolicyFile(name=name, content=(folder / name).read_bytes())

    return PolicyFiles(
        folder=folder,
        policy=file(names["policy"]),
        cases=file(names["cases"]) if "cases" in names else None,
        lists=tuple(map(file, names.get("lists", ()))),
    )


def _same(entry: WentLive, earlier: WentLive) -> bool:
    return (entry.version, entry.content, entry.mark) == (earlier.version, earlier.content, earlier.mark)


def _with_origin(entry: WentLive, last: WentLive | None, rolled_back: bool) -> WentLive:
    return replace(entry, previous=last.version if last is not None else "", cause="rollback" if rolled_back else entry.cause)


def _line(entry: WentLive) -> str:
    return json.dumps(asdict(entry)) + "\n"


def _entry(line: bytes) -> WentLive | None:
    try:
        data = json.loads(line)
        said = {each.name: str(data.get(each.name, "")) for each in fields(WentLive)}
        entry = WentLive(
            at=float(data["at"]), version=said["version"], content=said["content"], file=said["file"],
            previous=said["previous"], cause=said["cause"], mark=said["mark"],
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    # They name a folder.
    return entry if _DIGEST.match(entry.version) and _DIGEST.match(entry.content) else None


def _own_like(folder: Path, made: int | Path) -> None:
    """What an administrator's command writes into a gateway's folder belongs to whom the folder belongs."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid)


def _unreadable(path: Path, error: OSError) -> Problem:
    return Problem(problem=f"cannot read {path}: {(error.strerror or str(error)).lower()}", help="mend its owner or mode")
