"""The bundled secrets engine: hundreds of vendors' token formats, kept current by others, asked in process and offline.

Separate because it is a library with rule names of its own; detectors map them to families and labels. Its verification and
revocation calls, which would send a secret to its vendor, are never touched. It must never be given a path, only text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

PACKAGE = "kingfisher-secret-scanner"
_MODULE = "kingfisher_sdk"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFind:
    """A secret by one of the engine's rules; offsets are code points."""

    rule: str
    start: int
    end: int


class SecretsEngine:
    """The engine with its own rules."""

    __slots__ = ("_scanner",)

    def __init__(self) -> None:
        self._scanner = _scanner()

    def find(self, text: str) -> Iterator[EngineFind]:
        """Everything the engine reports in `text`."""
        # Secrets are ASCII, and one byte per character keeps the engine's byte offsets code points.
        for finding in self._scanner.scan(text.encode("ascii", "replace")):
            if finding.visible:
                place = finding.location
                yield EngineFind(rule=finding.rule_id, start=place["start_offset"], end=place["end_offset"])


@cache
def rule_names() -> frozenset[str]:
    """The ids of all rules of the engine."""
    return frozenset(rule["id"] for rule in _scanner().rules.metadata())


def engine_installed() -> bool:
    """Whether the engine's package is there."""
    return find_spec(_MODULE) is not None


def engine_version() -> str:
    """Name and version of the engine."""
    return f"{PACKAGE} {version(PACKAGE)}"


@cache
def _scanner() -> Any:
    """One scanner per process: its rules take seconds to compile where its own cache is cold, and tens of megabytes."""
    library: Any = import_module(_MODULE)  # on first use: only a process that looks for secrets pays for it
    # Decoding is ours (`normalise`), with offsets; no policy, because a policy would honour ignore-comments in the text.
    return library.Scanner(base64=False)
