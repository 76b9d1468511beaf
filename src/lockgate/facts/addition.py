"""What a rule adds to an exchange that goes on, beside its capture and its tags: each kind is a noun of its own.

Separate because rules, decisions and the gate all speak of additions, and none of them has to know every kind.
"""

from dataclasses import dataclass
from typing import Protocol


class Addition(Protocol):
    """One thing to do to an exchange, whatever else becomes of it. A frozen value; equal ones mean the same."""

    @property
    def label(self) -> str:
        """The word a policy writes for it."""
        ...

    @property
    def canonical(self) -> str:
        """The same text for the same meaning: policy versions are hashes of it."""
        ...

    @property
    def protects(self) -> bool:
        """Whether an exchange must not go on without it, should nobody be able to tell if its rule matches."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """An addition with the rule that made it."""

    rule: str
    addition: Addition
