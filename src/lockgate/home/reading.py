"""One file of a home as bytes, text or a document, with complaints an operator can act on.

Separate because every loader reads its files in this way. It must never say more of a file than its name.
"""

import os
import stat
from pathlib import Path

from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.home.yaml_document import parse_yaml

_LARGEST_FILE_BYTES = 8 << 20


def read_bytes(file: Path) -> bytes:
    """What is in a file. Raises UsageError when it cannot be read or is too large."""
    try:
        # Not blocking, because to open a pipe would wait for somebody to write into it.
        with open(file, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UsageError(Problem(problem=f"`{file}` is not a file", help="it is a folder, a pipe or a device"))
            if status.st_size > _LARGEST_FILE_BYTES:
                raise UsageError(Problem(problem=f"`{file}` is too large", help=f"at most {_LARGEST_FILE_BYTES >> 20} MiB"))
            return opened.read()
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read `{file}`: {(error.strerror or str(error)).lower()}")) from None


def as_text(content: bytes, file: Path) -> str:
    """The text that the bytes of a file are. Raises UsageError when they are none."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(Problem(problem=f"`{file}` is not UTF-8 text")) from None


def read_document(file: Path, *, placed: bool = False) -> Document:
    """One YAML file, with its places at once if `placed`. Raises UsageError when it cannot be read or is not valid YAML."""
    return parse_yaml(as_text(read_bytes(file), file), shown(file), placed=placed)


def shown(file: Path) -> str:
    """The file as people name it: relative to where they stand when it is below there."""
    try:
        return str(file).removeprefix(os.getcwd() + os.sep)  # noqa: PTH109 - asked for hundreds of files
    except OSError:
        return str(file)
