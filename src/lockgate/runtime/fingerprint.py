"""Whether files changed: a digest of names, sizes, times and inodes, without reading any of them.

Separate because every worker asks four times a second for as long as it runs, so this works on plain strings and one
look per file, where everything else uses pathlib. It must never raise: a file that is gone is a fact like its size.
"""

import os
from collections.abc import Iterable, Iterator
from hashlib import blake2b

_DIGEST_BYTES = 8
_DATA_SUFFIX = ".yaml"


def fingerprint(folders: Iterable[str], files: Iterable[str]) -> str:
    """A digest of the YAML files directly in `folders`, and of `files`; it changes when any of them does."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for folder in folders:
        for mark in sorted(_folder_marks(folder)):
            digest.update(mark.encode("utf-8", "surrogateescape"))
    for file in files:
        digest.update(_file_mark(file).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _folder_marks(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(_DATA_SUFFIX):
                    yield _file_mark(entry)
    except OSError:
        yield f"{folder}:absent\n"


def _file_mark(file: str | os.DirEntry[str]) -> str:
    path = file if isinstance(file, str) else file.path
    try:
        # Links are followed: a mounted configuration map swaps what they point at.
        stat = os.stat(path) if isinstance(file, str) else file.stat()  # noqa: PTH116 - this is why the file is separate
    except OSError:
        return f"{path}:absent\n"
    return f"{path}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}\n"
