"""The program that sent a request, as far as its headers say: a browser, a coding agent, a library.

Separate from `traffic.Client`, which is the person behind the connection: a program is a claim of the client, and anybody can
make any claim. It must never make a check weaker.
"""

from dataclasses import dataclass
from enum import StrEnum


class ClientKind(StrEnum):
    """What sort of program a client is."""

    BROWSER = "browser"
    BROWSER_EXTENSION = "browser_extension"
    CODING_AGENT = "coding_agent"
    CLI = "cli"
    SDK = "sdk"
    HTTP_LIBRARY = "http_library"
    DESKTOP_APP = "desktop_app"
    MOBILE_APP = "mobile_app"
    SERVER = "server"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSoftware:
    """A program by its id among the known ones. `via` is the editor or service it runs inside of.

    `product`, `version` and `via` are empty when not told; `session` is the conversation it says it is in.
    """

    kind: ClientKind = ClientKind.UNKNOWN
    product: str = ""
    version: str = ""
    via: str = ""
    session: str = ""


UNKNOWN_SOFTWARE = ClientSoftware()
