"""Everything known about one exchange at one moment: what a policy is evaluated against.

A field that is None is not known *yet*; the evaluator answers `pending` for a condition on it.
"""

from dataclasses import dataclass
from datetime import datetime

from lockgate.facts.app import AppMatch
from lockgate.facts.client_software import ClientSoftware
from lockgate.facts.discovery import Noticed
from lockgate.facts.finding import Examination
from lockgate.facts.mcp import McpCall
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import BodySize, Client, Phase, Request, Response
from lockgate.facts.usage import UsageSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSheet:
    """The facts of an exchange so far.

    `host` is the lower-case name the client asked for. `app_known` says whether the app library has been asked; when it has,
    `app` is None for a host outside the library. `mcp_known` says whether it is settled if the request speaks MCP, to whatever
    host; when it is, `mcp` is None for one that does not. `noticed` is what the body
    showed beside its words. `host_category` comes from the operator's lists, empty when on none. `usage` are the counts as they
    were when the exchange began; absent where nobody kept them.
    `acknowledged` are the rules that the client had acknowledged for this app when it began.
    """

    at: datetime
    phase: Phase
    client: Client
    host: str
    port: int
    acknowledged: frozenset[str] = frozenset()
    app_known: bool = False
    app: AppMatch | None = None
    request: Request | None = None
    request_size: BodySize | None = None
    software: ClientSoftware | None = None
    mcp_known: bool = False
    mcp: McpCall | None = None
    conversation: Conversation | None = None
    noticed: Noticed | None = None
    examination: Examination | None = None
    response: Response | None = None
    usage: UsageSeen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What must still be learned before a walk can settle: the phase to wait for and what to examine when it comes."""

    phase: Phase
    profiles: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()

    @property
    def needs_examination(self) -> bool:
        """Whether detectors or topics have to run."""
        return bool(self.profiles or self.topics)
