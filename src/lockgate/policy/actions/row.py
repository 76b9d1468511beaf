"""One row of the table of actions, and what its reading function works on."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lockgate.facts.addition import Addition
from lockgate.facts.coaching import Coaching
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.problem import Path
from lockgate.policy.actions.base import EndsIf
from lockgate.policy.report import Report
from lockgate.policy.selector import Surroundings


@dataclass(slots=True)
class ThenReading:
    """What has been read of one `then`. `ends` stays None until an action that ends the walk was read."""

    report: Report
    surroundings: Surroundings
    ends: Verdict | None = None
    word: str = ""
    reason: Reason = Reason.RULE
    ends_if: EndsIf | None = None
    redirect_to: str = ""
    as_answer: bool = False
    coaching: Coaching | None = None
    capture: Capture | None = None
    capture_days: int = 0
    tags: list[str] = field(default_factory=list[str])
    adds: list[Addition] = field(default_factory=list[Addition])
    wrong: bool = False

    def refuse(self, path: Path, problem: str, help_text: str = "") -> None:
        """What stands at `path` cannot be read."""
        self.wrong = True
        self.report.wrong(path, problem, help_text)

    def unknown(self, path: Path, what: str, name: str, known: list[str]) -> None:
        """`name` is none of the `known` ones."""
        self.wrong = True
        self.report.unknown(path, what, name, known)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """One action. `read` is given what stands beside its name, None when the name stands alone.

    `example` is how to write it, shown when it is written wrong; `alone` says whether the name may stand alone.
    """

    name: str
    doc: str
    example: str
    alone: bool = False
    read: Callable[[ThenReading, object, Path], None]
