"""What the layer of a WebSocket asks and tells: its terms, one message on trial, what was heard, how it ended.

Separate from the layer because the gate's side speaks in these words and knows no bytes of frames.
"""

from dataclasses import dataclass, field

from mitmproxy import http
from mitmproxy.proxy import commands

from lockgate.facts.traffic import SocketMessage


@dataclass(slots=True, kw_only=True)
class SocketTerms:
    """What the gate says about a WebSocket before its first message. Unless `open`, there will be none.

    `longest` is the bytes a message of the client, and all that wait together, may have; `most_waiting` counts them.
    """

    flow: http.HTTPFlow
    open: bool = False
    longest: int = 0
    most_waiting: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Trial:
    """One message of the client and what becomes of it. Nothing of it leaves unless `passes`.

    `frames` are what came of it, in the pieces it came in. A message that is too long is tried before all of it is there.
    """

    flow: http.HTTPFlow
    is_text: bool
    frames: list[list[str | bytes]] = field(default_factory=lambda: [[]])
    size: int = 0
    is_complete: bool = False
    is_too_long: bool = False
    passes: bool | None = None
    replies: tuple[SocketMessage, ...] = ()
    close: str | None = None

    @property
    def message(self) -> SocketMessage:
        """All of it as one message; without its content when it is too long."""
        frames = () if self.is_too_long else self.frames
        pieces = (piece.encode() if isinstance(piece, str) else piece for frame in frames for piece in frame)
        return SocketMessage(content=b"".join(pieces), is_text=self.is_text)

    def say_instead(self, content: bytes) -> None:
        """What leaves, if it may, is this, in one frame. A text that is none cannot be sent as one: UnicodeDecodeError."""
        self.frames[:] = [[content.decode() if self.is_text else content]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketEnd:
    """How a WebSocket ended. `why` says what the client did wrong, if it was ended for that."""

    flow: http.HTTPFlow
    by_client: bool
    why: str = ""


@dataclass(slots=True)
class Heard:
    """Messages of the server that became complete in one go, `size` bytes long together."""

    flow: http.HTTPFlow
    messages: list[SocketMessage] = field(default_factory=list[SocketMessage])
    size: int = 0


# mitmproxy's own master calls hooks of one argument only.


@dataclass
class SocketOpenedHook(commands.StartHook):
    """A WebSocket is open. Its terms are filled in."""

    terms: SocketTerms


@dataclass
class SocketSaidHook(commands.StartHook):
    """A message of the client waits to be judged. The layer goes on meanwhile."""

    trial: Trial


@dataclass
class SocketHeardHook(commands.StartHook):
    """Messages of the server have passed. Nobody waits for this."""

    heard: Heard
    blocking = False


@dataclass
class SocketEndedHook(commands.StartHook):
    """A WebSocket is over."""

    end: SocketEnd
    blocking = False
