"""The compiled form of the detectors, kept on disk by version so that only the first start pays for compiling.

Separate because `dlp` does no I/O. A cache file that cannot be read or written costs time, never correctness: it is compiled anew.
"""

import contextlib
import os
from pathlib import Path

from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.scan import Scanner
from lockgate.home.home import Home

_KEPT_VERSIONS = 4


def compiled_detectors(home: Home, detectors: DetectorSet) -> bytes | None:
    """The compiled detectors, from the home's cache when it holds this version."""
    folder = home.state / "compiled"
    file = folder / f"{detectors.version}.bin"
    with contextlib.suppress(OSError):
        return file.read_bytes()
    compiled = Scanner.open(detectors).dump()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = folder / f".{detectors.version}.{os.getpid()}"
        partial.write_bytes(compiled)
        partial.replace(file)
        _forget_old(folder)
    return compiled


def _forget_old(folder: Path) -> None:
    files = sorted(folder.glob("*.bin"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[_KEPT_VERSIONS:]:
        file.unlink(missing_ok=True)
