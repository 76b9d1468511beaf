"""What a rule does, as typed data: how it ends the walk, if it does, and what it adds.

Separate from reading it out of a file, because the checker, the compiler and the evaluator work with this alone.
"""

from dataclasses import dataclass
from typing import Protocol

from lockgate.facts.addition import Addition
from lockgate.facts.coaching import Coaching
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.redaction import Redact
from lockgate.facts.sheet import FactSheet
from lockgate.facts.usage import Limit


class EndsIf(Protocol):
    """What else it takes for a rule that matches to end the walk, such as a limit that is reached.

    It reads what an exchange knows from its beginning, and perhaps its body: until that is there, the answer may be that it
    is not known yet. Yes and no stay what they are. A frozen value.
    """

    def __call__(self, sheet: FactSheet, rule: str) -> bool | None:
        """Whether the rule with this id ends the walk for this exchange; None while only the request's body can tell."""
        ...

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What a rule does when it matches.

    `ends` is absent for a rule that only adds; `word` is how the policy calls it, where that differs. `reason` is what a
    decision gives that the rule ended. With `ends_if` it ends the walk only if that holds too; what it adds, it adds anyway.
    """

    ends: Verdict | None = None
    word: str = ""
    reason: Reason = Reason.RULE
    ends_if: EndsIf | None = None
    redirect_to: str = ""
    as_answer: bool = False
    coaching: Coaching | None = None
    capture: Capture | None = None
    capture_days: int = 0
    tags: tuple[str, ...] = ()
    adds: tuple[Addition, ...] = ()

    @property
    def label(self) -> str:
        """The one word for what it would do: how it ends, or else what it adds."""
        if self.ends is not None:
            return self.word or self.ends.value
        return self.label_anyway or "tag"

    @property
    def label_anyway(self) -> str | None:
        """The one word for what it adds, whether or not it ends the walk; None when that is nothing anybody would notice."""
        for addition in self.adds:
            if not isinstance(addition, Limit):
                return addition.label
        if self.capture is not None:
            return "capture"
        return "tag" if self.tags else None

    @property
    def doubted_as(self) -> Verdict | None:
        """How the walk might end if the rule matched, for when nobody can tell; None when that is no danger.

        Without what it was to add, a protected exchange must not go on: that is as good as a stop.
        """
        if self.ends is None and any(addition.protects for addition in self.adds):
            return Verdict.BLOCK
        return self.ends

    @property
    def redacts(self) -> frozenset[str]:
        """The DLP profiles whose findings it replaces: without a look for them, none of it can leave."""
        none: frozenset[str] = frozenset()
        return none.union(*(addition.profiles for addition in self.adds if isinstance(addition, Redact)))

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        how = f"{self.ends} as answer" if self.as_answer else f"{self.ends}"
        days = f" {self.capture_days}d" if self.capture_days else ""
        conditions = f"|{self.word}|{self.ends_if.canonical}" if self.ends_if is not None else ""
        added = "".join(f"|{addition.canonical}" for addition in self.adds)
        return f"{how}|{self.redirect_to}|{self.capture}{days}|{'|'.join(self.tags)}{conditions}{added}"
