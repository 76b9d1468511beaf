"""Files that only their owner may read, written whole or not at all.

Separate so that there is one place to review. It must never follow a link or leave a half-written key.
"""

import os
import stat
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError

PRIVATE = 0o600
PUBLIC = 0o644


def write_new_file(path: Path, content: bytes, *, mode: int) -> None:
    """Create `path` with exactly `mode`. Raises UsageError when something is there already or when it cannot be written.

    The content is complete and on disk before the name exists: it is written under a temporary name and linked into place,
    and a link, unlike a rename, refuses to replace.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        # O_EXCL does not follow a link that somebody planted, and the mode is right from the first byte on.
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, PRIVATE)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), mode)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except FileExistsError:
        raise UsageError(Problem(problem=f"{path} exists already", help="it is never overwritten")) from None
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot write {path}: {_why(error)}")) from None


def read_private_file(path: Path) -> bytes:
    """The content of `path`. Raises UsageError when others than its owner may read it, or when it cannot be read."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise UsageError(
                Problem(
                    problem=f"{path} can be read by others (mode {mode:04o})",
                    help=f"run `chmod 600 {path}`; if others had access, replace it",
                )
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read {path}: {_why(error)}")) from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
