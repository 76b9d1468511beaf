"""What one selector is: a row of the table in `selectors.py`.

Separate from the table because the syntax, the checker and the compiler work with rows, whatever they are about.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import lru_cache

from lockgate.facts.traffic import Phase
from lockgate.policy.named_list import Lists
from lockgate.policy.operators import OPERATORS, ValueType
from lockgate.policy.reading import Read
from lockgate.policy.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a selector may need of the policy it stands in.

    `examined` are the profiles its enforcing rules mention, or all there are when they mention none: what an
    examination has to have covered before its state counts. Rules in monitor mode must not change that. `zone` is where the
    policy's clocks hang.
    """

    vocabulary: Vocabulary
    approved_alternative: str = ""
    lists: Lists = field(default_factory=Lists)
    examined: frozenset[str] = frozenset()
    zone: tzinfo = UTC


type Reader = Callable[[Surroundings, str], Read]
type Names = Callable[[Surroundings], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What the placeholder at the end of a name stands for: `what` a member is called, and which `members` there are."""

    placeholder: str
    what: str
    members: Callable[[Vocabulary], frozenset[str]]


COMPONENT = Family(
    placeholder="<component>", what="component of the scores", members=lambda vocabulary: frozenset(vocabulary.evidence)
)
DETECTOR = Family(placeholder="<detector>", what="detector", members=lambda vocabulary: vocabulary.detectors)
DLP_PROFILE = Family(placeholder="<profile>", what="DLP profile", members=lambda vocabulary: vocabulary.profiles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One row. `what` is what its words are called, `known` which ones there are (any, if absent); `known_of` of a member.

    `read` makes the reading function, given the member of a `family`; a set is asked for one name at a time and is
    given that name. A set of a family has `read_member`, which is given both; `read_whole` gives all that its members depend
    on in one reading. `profiles` says what has to be examined to answer. `always_there` means the value is never absent,
    `is_content` that a trace must not show it.
    """

    name: str
    type: ValueType
    phase: Phase
    doc: str
    what: str = "word"
    read: Reader
    read_member: Callable[[Surroundings, str, str], Read] | None = None
    read_whole: Read | None = None
    family: Family | None = None
    known: Names | None = None
    known_of: Callable[[Surroundings, str], frozenset[str]] | None = None
    profiles: Callable[[Surroundings, str], frozenset[str]] | None = None
    always_there: bool = False
    is_content: bool = False

    @property
    def prefix(self) -> str:
        """The name up to the placeholder, for a row of a family."""
        return self.name if self.family is None else self.name.removesuffix(self.family.placeholder)

    def words(self, surroundings: Surroundings, member: str) -> frozenset[str] | None:
        """The words it can be compared with; None for any."""
        if self.known_of is not None:
            return self.known_of(surroundings, member)
        return self.known(surroundings) if self.known is not None else None

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators it takes; `known` only where a value can be absent."""
        return _operators(self.type, self.always_there)


@lru_cache
def _operators(kind: ValueType, always_there: bool) -> tuple[str, ...]:
    return tuple(name for name in OPERATORS[kind] if not (always_there and name == "known"))


def plain(read: Read) -> Reader:
    """Reads the same, whatever policy it stands in."""
    return lambda _surroundings, _name: read


def words(known: frozenset[str]) -> Names:
    """The same words, whatever policy they stand in."""
    return lambda _surroundings: known
