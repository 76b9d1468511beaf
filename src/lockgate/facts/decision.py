"""What was decided and why. `Reason` is the one list of reason codes: engine, log, API, console and docs all use it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lockgate.facts.addition import Added, Addition
from lockgate.facts.coaching import Coaching
from lockgate.facts.usage import ReachedLimit


class Verdict(StrEnum):
    """What happens to the exchange."""

    ALLOW = "allow"
    BLOCK = "block"
    REDIRECT = "redirect"
    COACH = "coach"
    TUNNEL = "tunnel"


class Capture(StrEnum):
    """How much of the text is kept with the record: none, with findings masked, or all of it (always encrypted)."""

    NONE = "none"
    MASKED = "masked"
    FULL = "full"


class Reason(StrEnum):
    """Why a verdict came out: stable codes, part of the public interface."""

    RULE = "rule"
    ACKNOWLEDGEMENT_REQUIRED = "acknowledgement_required"
    JUSTIFICATION_REQUIRED = "justification_required"
    DEFAULT = "default"
    DO_NOT_INSPECT = "do_not_inspect"
    NOT_IN_LIBRARY = "not_in_library"
    UNINSPECTABLE = "uninspectable"
    MONITOR_MODE = "monitor_mode"
    CANNOT_REDACT = "cannot_redact"
    LIMIT_REACHED = "limit_reached"
    ISOLATED = "isolated"
    JUDGED_BY_MESSAGE = "judged_by_message"
    GATE_FAILED = "gate_failed"
    GATEWAY_OWN_ADDRESS = "gateway_own_address"
    PRIVATE_DESTINATION = "private_destination"
    LOGIN_REQUIRED = "login_required"
    CLIENT_NOT_ALLOWED = "client_not_allowed"
    UPSTREAM_FAILED = "upstream_failed"
    UPSTREAM_UNTRUSTED = "upstream_untrusted"
    CLIENT_LEFT = "client_left"
    CLIENT_DISTRUSTS_CA = "client_distrusts_ca"
    MALFORMED_REQUEST = "malformed_request"
    MCP_HEADER_MISMATCH = "mcp_header_mismatch"
    PORTAL = "portal"

    @property
    def explanation(self) -> str:
        """One sentence for people, used by pages, logs and docs."""
        return _EXPLANATIONS[self]

    @property
    def is_of_policy(self) -> bool:
        """Whether a policy was asked: with another one, it might have come out otherwise."""
        return self not in _WHATEVER_THE_POLICY


_EXPLANATIONS = {
    Reason.RULE: "A policy rule matched.",
    Reason.ACKNOWLEDGEMENT_REQUIRED: "A policy rule matched that lets pass who has acknowledged it, and this person has not.",
    Reason.JUSTIFICATION_REQUIRED: "A policy rule matched that lets pass who gives a reason, and this person has given none.",
    Reason.DEFAULT: "No rule ended the walk, so the policy's default applied.",
    Reason.DO_NOT_INSPECT: "The host is on the do-not-inspect list, so the connection passed without decryption.",
    Reason.NOT_IN_LIBRARY: "The host is not an app of the library and the decrypt setting leaves such hosts alone.",
    Reason.UNINSPECTABLE: "A rule needed to look into the content and that was not possible.",
    Reason.MONITOR_MODE: "The policy is in monitor mode: it only tells what it would have done.",
    Reason.CANNOT_REDACT: "A rule replaces a part of this before it is sent, and that part cannot be replaced where it stands.",
    Reason.ISOLATED: "The app may be read here, and nothing may be sent to it.",
    Reason.LIMIT_REACHED: "As much was used as the policy allows in a while; it is possible again later.",
    Reason.JUDGED_BY_MESSAGE: "The WebSocket was opened because its messages are read and decided about one by one.",
    Reason.GATE_FAILED: "The gateway failed while deciding, so the fail-safe verdict applied.",
    Reason.GATEWAY_OWN_ADDRESS: "The destination is the gateway itself.",
    Reason.PRIVATE_DESTINATION: "The destination is a loopback, link-local or private address, which is not allowed.",
    Reason.LOGIN_REQUIRED: "The gateway needs to know who is asking; proxy login is missing or wrong.",
    Reason.CLIENT_NOT_ALLOWED: "The client's address is not in an allowed network.",
    Reason.UPSTREAM_FAILED: "The destination could not be reached or answered badly.",
    Reason.UPSTREAM_UNTRUSTED: "The destination's certificate could not be verified.",
    Reason.CLIENT_LEFT: "The client closed the connection before the exchange ended.",
    Reason.CLIENT_DISTRUSTS_CA: "The client refused the gateway's certificate: it pins its own or lacks the gateway's CA.",
    Reason.MALFORMED_REQUEST: "The request is not valid HTTP and was refused.",
    Reason.MCP_HEADER_MISMATCH: "The MCP headers of the request and its body say different things.",
    Reason.PORTAL: "The request was for the gateway's own portal.",
}

_WHATEVER_THE_POLICY = frozenset({
    Reason.GATE_FAILED, Reason.GATEWAY_OWN_ADDRESS, Reason.PRIVATE_DESTINATION, Reason.LOGIN_REQUIRED,
    Reason.CLIENT_NOT_ALLOWED, Reason.CLIENT_LEFT, Reason.CLIENT_DISTRUSTS_CA, Reason.MALFORMED_REQUEST,
    Reason.MCP_HEADER_MISMATCH, Reason.PORTAL,
})  # fmt: skip


class Truth(StrEnum):
    """Whether a condition holds. `PENDING` is not known yet, `UNINSPECTABLE` can no longer be known."""

    YES = "yes"
    NO = "no"
    PENDING = "pending"
    UNINSPECTABLE = "uninspectable"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """How one rule came out in a walk; `why` names the selector that settled it, with the value seen (never content).

    `excepted` is the exception without which it would have acted.
    """

    rule: str
    truth: Truth
    why: str = ""
    excepted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of one walk. `rule` is absent when no rule was responsible.

    `as_answer` is whether the client is told of a block by an answer of its model, where its format can write one.
    `capture_days` is for how many days what is captured is kept, 0 for as long as its record.
    `added` is what matching rules add, in their order. `monitored` lists the monitor-mode rules that matched and what each
    would have done, as `rule-id:verdict`; for a policy in monitor mode, also `default:block` or `on_uninspectable:block`.
    `exceptions` are those that kept a rule from acting, as `exception-id:rule-id`. `limit` is the one that was reached.
    `watched` are limits of rules in monitor mode: what matches them is counted, so that they can tell when they would have
    stopped something.
    `coaching` is what is asked of the person by a decision to coach, `acknowledged` lists the rules that matched and let pass
    because they were acknowledged.
    """

    verdict: Verdict
    reason: Reason
    rule: str | None = None
    message: str = ""
    redirect_to: str = ""
    as_answer: bool = False
    coaching: Coaching | None = None
    acknowledged: tuple[str, ...] = ()
    capture: Capture = Capture.NONE
    capture_days: int = 0
    tags: tuple[str, ...] = ()
    added: tuple[Added, ...] = ()
    watched: tuple[Added, ...] = ()
    limit: ReachedLimit | None = None
    monitored: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    trace: tuple[TraceStep, ...] = ()
    policy_version: str = ""

    def additions[Kind: Addition](self, kind: type[Kind]) -> tuple[tuple[str, Kind], ...]:
        """What is added of one kind, each with the id of its rule."""
        return tuple((each.rule, each.addition) for each in self.added if isinstance(each.addition, kind))

    def without_told(self, setting: str) -> "Decision":
        """This decision without what `setting` (`default`, `on_uninspectable`) would have done in a policy that acts."""
        return replace(self, monitored=tuple(each for each in self.monitored if not each.startswith(f"{setting}:")))

    def with_told(self, later: "Decision") -> "Decision":
        """This decision with what a later walk, which stopped nothing, tells beside."""
        if not later.monitored and not later.exceptions:
            return self
        return replace(self, monitored=self.monitored + later.monitored, exceptions=self.exceptions + later.exceptions)
