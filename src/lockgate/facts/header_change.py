"""Headers that a rule sets or takes out of a request: what a policy says, and what comes of it for one exchange.

Separate because rules, the gate and the proxy speak of it. A copy that the client sent never stays beside what is set.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class HeaderFact(StrEnum):
    """Facts of an exchange that may stand in a value, as `${user}`. All are known from the beginning."""

    USER = "user"
    GROUPS = "groups"
    DEVICE = "device.id"
    COUNTRY = "source.country"
    TENANT = "tenant.id"


type ValuePart = str | HeaderFact


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderValue:
    """A header to set: its name as it is written, and the parts of its value."""

    name: str
    parts: tuple[ValuePart, ...]

    @property
    def canonical(self) -> str:
        """For example `x-user: ${user}`."""
        shown = "".join(f"${{{part}}}" if isinstance(part, HeaderFact) else part for part in self.parts)
        return f"{self.name.lower()}: {shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderChange:
    """An addition: headers set and removed on requests to `hosts` and what is below them (to any, if there are none).

    `label` is the action's word, `control` the ready set it stands for, if it does.
    """

    label: str
    control: str = ""
    hosts: tuple[str, ...] = ()
    sets: tuple[HeaderValue, ...] = ()
    removes: tuple[str, ...] = ()

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        removes = ", ".join(sorted(name.lower() for name in self.removes))
        return (
            f"{self.label} {self.control} {sorted(self.hosts)} [{'; '.join(each.canonical for each in self.sets)}] [{removes}]"
        )

    @property
    def protects(self) -> bool:
        """Whoever changes headers relies on it: a request must not go without, should nobody be able to tell."""
        return True

    def is_for(self, host: str) -> bool:
        """Whether requests to `host` are meant."""
        return not self.hosts or any(host == each or host.endswith("." + each) for each in self.hosts)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderEdits:
    """What becomes of one request's headers. `removed` (in lower case) are taken out before `added` are put in.

    `left_out` are those that could not be set because a fact was not known or did not fit a header.
    """

    removed: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    left_out: tuple[str, ...] = ()

    @property
    def summary(self) -> tuple[str, ...]:
        """The names, for a record: `set:x-a`, `removed:x-b`, `left_out:x-c`."""
        added = tuple(name.lower() for name, _ in self.added)
        removed = (name for name in self.removed if name not in added and name not in self.left_out)
        return (
            *(f"set:{name}" for name in added),
            *(f"removed:{name}" for name in removed),
            *(f"left_out:{name}" for name in self.left_out),
        )


NO_EDITS = HeaderEdits()
