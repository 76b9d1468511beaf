"""What the gate says about the body of a request, on the request's flow, where its layer reads it, and how the layer asks back.

Separate from the layer because the gate's side speaks in these words and knows no states of mitmproxy. Unless something
is said, a body is read to its end before anything is answered, so a mark that was forgotten lets nothing out.
"""

from dataclasses import astuple, dataclass, field

from mitmproxy import http
from mitmproxy.proxy import commands

from lockgate.facts.traffic import Completeness

_ANSWERED = "lockgate.answered"
_UNINVITED = "lockgate.uninvited"
_HELD = "lockgate.held"


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """How much of a body is held, how long it may pause, and how long all of it may take. Bytes and seconds."""

    longest: int
    pause: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyCut:
    """A held body that is not waited for. `begun` is what there is of it, empty if there is no room to look at that."""

    flow: http.HTTPFlow
    why: Completeness
    begun: bytes = field(repr=False)
    size: int


@dataclass
class BodyCutHook(commands.StartHook):
    """A held body is too long or too slow. What becomes of it is decided without the rest."""

    cut: BodyCut


def answer_at_once(flow: http.HTTPFlow) -> None:
    """The response on the flow is final: the client gets it now, whatever of its request is still to come."""
    flow.metadata[_ANSWERED] = True
    if flow.request.headers.pop("expect", None) is not None:
        # It waits to be told to go on. It is not, so whether its body comes at all is open.
        flow.metadata[_UNINVITED] = True


def is_answered_at_once(flow: http.HTTPFlow) -> bool:
    """Whether the client gets its answer without waiting for the end of its request."""
    return _ANSWERED in flow.metadata


def is_uninvited(flow: http.HTTPFlow) -> bool:
    """Whether nobody can say if the announced body follows."""
    return _UNINVITED in flow.metadata


def hold(flow: http.HTTPFlow, terms: HoldTerms) -> None:
    """The body is held until it is complete, or ask with a `BodyCutHook`."""
    flow.metadata[_HELD] = astuple(terms)  # plain numbers, because mitmproxy writes what is here into files of flows


def held_on(flow: http.HTTPFlow) -> HoldTerms | None:
    """The terms on which the body is held, if it is."""
    terms = flow.metadata.get(_HELD)
    return None if terms is None else HoldTerms(*terms)
