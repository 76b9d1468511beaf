"""What the app files were when they last passed, kept between starts: their data, and that they were proven.

Separate because it is a memory and nothing else: without one, or with a damaged one, every file is read and proven again. It
must never speak for a file with other bytes, nor for a proof under other code or another rubric.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

import orjson

from lockgate import __version__, apps, facts

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenApps:
    """What passed, under the code and rubric that `head` names.

    `data` is what files hold, by the digest of their bytes. `apps` are the digests of apps that passed, one or two files each,
    and `whole` that of all of them together.
    """

    head: str
    data: Mapping[str, object] = field(default_factory=dict[str, object])
    apps: frozenset[str] = frozenset()
    whole: str = ""

    @classmethod
    def load(cls, content: bytes | None, head: str) -> "ProvenApps":
        """What `content` remembers under `head`, which is nothing when it is not from there or not whole."""
        try:
            kept: Any = orjson.loads(content or b"{}")
            if kept["head"] != head:
                return cls(head=head)
            return cls(head=head, data=dict(kept["data"]), apps=frozenset(map(str, kept["apps"])), whole=str(kept["whole"]))
        except (ValueError, TypeError, KeyError):
            return cls(head=head)

    def dump(self) -> bytes | None:
        """Bytes for `load`; None when something in the files has no form that could be kept."""
        kept = {"head": self.head, "data": cast("dict[str, object]", self.data), "apps": sorted(self.apps), "whole": self.whole}
        try:
            return orjson.dumps(kept)
        except TypeError:
            return None


def digest(*parts: bytes) -> str:
    """A name for these bytes, in this order."""
    made = blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


@cache
def code_mark() -> str:
    """A name for the code that proves app files: another version, or a changed file of it, proves anew."""
    marks = sorted(f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file in _code() if (stat := file.stat()))
    return digest(__version__.encode(), *(mark.encode("utf-8", "surrogateescape") for mark in marks))


def _code() -> Iterable[Path]:
    for package in (apps, facts):
        for folder in package.__path__:
            for below, _, names in os.walk(folder):
                yield from (Path(below, name) for name in names if name.endswith(".py"))
