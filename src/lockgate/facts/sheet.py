"""Everything known about one exchange at one moment: what a policy is evaluated against.

A field that is None is not known *yet*; the evaluator answers `pending` for a condition on it.
"""

from dataclasses import dataclass, replace
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

    def knows_all_of(self, before: "FactSheet") -> bool:
        """Whether more is known here than in `before`, and none of what was known then is different.

        It is asked between two phases of every exchange, where nearly everything is the same object.
        """
        known = (
            (self.request, before.request), (self.request_size, before.request_size), (self.software, before.software),
            (self.conversation, before.conversation), (self.noticed, before.noticed), (self.examination, before.examination),
            (self.response, before.response),
        )  # fmt: skip
        return (
            self.phase >= before.phase
            and all(earlier is None or earlier is now for now, earlier in known)
            and self._has_beginning_of(before)
            and self._has_app_of(before)
            and (self.mcp is before.mcp if before.mcp_known or before.mcp is not None else True)
            and self.mcp_known >= before.mcp_known
        )

    def _has_beginning_of(self, before: "FactSheet") -> bool:
        return (
            (self.client is before.client or self.client == before.client)
            and (self.usage is before.usage or self.usage == before.usage)
            and (self.at, self.host, self.port) == (before.at, before.host, before.port)
            and self.acknowledged == before.acknowledged
        )

    def _has_app_of(self, before: "FactSheet") -> bool:
        """What is done and in which format may become known later; whose account it is, with the request's head."""
        now, earlier = self.app, before.app
        if not before.app_known or now is earlier:
            return self.app_known or not before.app_known
        if now is None or earlier is None or now.app is not earlier.app or earlier.operation not in (None, now.operation):
            return False
        if before.phase < Phase.REQUEST_HEADERS:
            return True
        return earlier == replace(now, operation=earlier.operation, format=earlier.format)


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
