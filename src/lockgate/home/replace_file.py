"""Putting a new file in the place of an old one, in one step.

Separate because every file the gateway changes itself is changed in this way: whoever reads it sees the old text or the new
one, never half of it, and nobody else may read it.
"""

import os
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError


def replace_file(path: Path, text: str) -> None:
    """Write `text` to `path` (0600). Raises UsageError when that is not possible; the old file is then as it was."""
    _replace(path, text.encode(), None)


def replace_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, which keeps its owner and mode; a new one gets those of its folder's owner and 0600.

    Raises UsageError when that is not possible; the old file is then as it was.
    """
    try:
        like = path.stat()
    except OSError:
        like = None
    _replace(path, content, like)


def _replace(path: Path, content: bytes, like: os.stat_result | None) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                if like is not None:
                    os.fchmod(handle, like.st_mode & 0o7777)
                if os.geteuid() == 0:  # an administrator's command must not take the file away from the gateway
                    owner = like or path.parent.stat()
                    os.fchown(handle, owner.st_uid, owner.st_gid)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot write {path}: {(error.strerror or str(error)).lower()}")) from None
