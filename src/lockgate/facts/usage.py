"""Who used how much in a while: what is counted, for whom, and what an exchange sees of the counts.

Separate because limits, selectors, the gate and the store all speak of it. Nothing here counts anything.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple, Protocol

from lockgate.facts.traffic import Client

_SAME_SITE_BITS = 64
"""An IPv6 client picks addresses of its network as it likes, so the network is who it is."""
_WIDTHS = ((600, 10), (7200, 60), (86_400, 900), (604_800, 7200), (2_592_000, 21_600))
LONGEST_WINDOW = _WIDTHS[-1][0]


class Measure(StrEnum):
    """What is counted of exchanges."""

    REQUESTS = "requests"
    PROMPTS = "prompts"
    BYTES = "bytes"
    TOKENS = "tokens"
    BLOCKED = "blocked"


class Per(StrEnum):
    """For whom a limit counts."""

    USER = "user"
    GROUP = "group"
    ADDRESS = "address"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Window:
    """The last `seconds`, as `written` in the policy."""

    seconds: int
    written: str

    @property
    def width(self) -> int:
        """How many seconds are counted together: fine for short windows, coarse for long ones."""
        return next(width for longest, width in _WIDTHS if self.seconds <= longest)


class CounterKey(NamedTuple):
    """Which counter: of what (`scope`), of whom, of which measure, in buckets of how many seconds."""

    scope: str
    subject: str
    measure: str
    width: int


def kept_seconds(width: int) -> int:
    """How long a bucket of this width can still matter."""
    return next((longest for longest, each in _WIDTHS if each == width), LONGEST_WINDOW) + width


def subject_of(client: Client) -> str:
    """Who is counted: the user, or the address of whoever has none."""
    return f"user:{client.user}" if client.user is not None else address_subject(client.address)


def address_subject(address: str) -> str:
    """An address; of IPv6 its network."""
    try:
        read = ip_address(address)
    except ValueError:
        return f"address:{address}"
    if not isinstance(read, IPv6Address):
        return f"address:{read}"
    return f"address:{read.ipv4_mapped or ip_network((int(read), _SAME_SITE_BITS), strict=False)}"


class UsageSeen(Protocol):
    """The counts as one exchange sees them: asked twice, the answer is the same."""

    def used(self, key: CounterKey, seconds: int) -> int:
        """How much was counted in the last `seconds`."""
        ...

    def free_after(self, key: CounterKey, seconds: int, most: int) -> int:
        """In how many seconds less than `most` will be in the window, if nothing more is counted."""
        ...

    def first_use(self, subject: str, app: str) -> bool:
        """Whether somebody had not met an app before, or did only just now."""
        ...


class _NothingUsed:
    def used(self, key: CounterKey, seconds: int) -> int:  # noqa: ARG002 - nothing was counted of anybody
        return 0

    def free_after(self, key: CounterKey, seconds: int, most: int) -> int:  # noqa: ARG002
        return 0

    def first_use(self, subject: str, app: str) -> bool:  # noqa: ARG002
        return True


NOTHING_USED: UsageSeen = _NothingUsed()
"""Nobody has done anything yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedLimit:
    """A limit that stands in the way, and after how many seconds it does no more."""

    measure: Measure
    most: int
    per: Per
    window: Window
    retry_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So much of each measure in a window, for each of whom it counts; of groups, only `groups` if there are any."""

    most: tuple[tuple[Measure, int], ...]
    per: Per
    window: Window
    groups: frozenset[str] = frozenset()

    @property
    def label(self) -> str:
        """The word a policy writes for it."""
        return "limit"

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        amounts = ",".join(f"{measure}={most}" for measure, most in self.most)
        return f"limit {amounts} per {self.per} {sorted(self.groups)} in {self.window.seconds}"

    @property
    def protects(self) -> bool:
        """An exchange of which nobody can tell whether it counts goes on."""
        return False

    @property
    def measures(self) -> frozenset[Measure]:
        """What it counts."""
        return frozenset(measure for measure, _ in self.most)

    def subjects(self, client: Client) -> tuple[str, ...]:
        """For whom an exchange of this client counts: several for a user in several groups, perhaps nobody."""
        match self.per:
            case Per.USER:
                return (subject_of(client),)
            case Per.ADDRESS:
                return (address_subject(client.address),)
            case Per.GROUP:
                groups = client.groups if not self.groups else [group for group in client.groups if group in self.groups]
                return tuple(f"group:{group}" for group in groups)
            case Per.EVERYONE:
                return ("everyone",)

    def key(self, rule: str, subject: str, measure: Measure) -> CounterKey:
        """The counter of one measure for one of those it counts for. What matches this very rule counts."""
        return CounterKey(f"limit:{rule}", subject, measure.value, self.window.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So much to add to a counter. With `most` only if less than that is in the window, else the exchange must not go on."""

    key: CounterKey
    amount: int
    most: int | None = None
    seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCell:
    """What one worker counted in one bucket of a counter so far; it only grows. `bucket` counts widths since 1970."""

    scope: str
    subject: str
    measure: str
    width: int
    epoch: int
    bucket: int
    amount: int

    @property
    def key(self) -> CounterKey:
        """Its counter."""
        return CounterKey(self.scope, self.subject, self.measure, self.width)
