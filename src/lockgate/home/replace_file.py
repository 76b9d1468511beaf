"""Putting a new file in the place of an old one, in one step.

Separate because every file the gateway changes itself is changed in this way: whoever reads it sees the old text or the new
one, never half of it, and nobody else may read it.
"""

import os
from pathlib import Path

from lockgate.facts.problem import Problem, UsageError


def replace_file(path: Path, text: str) -> None:
    """Write `text` to `path` (0600). Raises UsageError when that is not possible; the old file is then as it was."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot write {path}: {(error.strerror or str(error)).lower()}")) from None
