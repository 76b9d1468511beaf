"""What every exchange of one configuration shares: the compiled policy, the app library, the wire formats, the limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lockgate.apps.formats.base import SocketFormat, WireFormat
from lockgate.apps.library import AppLibrary
from lockgate.facts.mcp import AcceptedTool, AcceptedTools
from lockgate.facts.traffic import Body, Request
from lockgate.gate.decryption import Decryption
from lockgate.policy import Ruleset


class DecryptScope(StrEnum):
    """Which hosts are decrypted: those of the app library, every host, or only the listed ones."""

    LIBRARY = "library"
    ALL = "all"
    LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateContext:
    """An immutable configuration of the gate.

    `sniff` recognises a format by body shape. `decrypt_hosts` are host suffixes,
    decrypted beside the library's hosts, or alone with `DecryptScope.LISTED`.
    `profiles` are all DLP profiles there are (what masking a capture examines for).
    `accepted_tools` are the tools of MCP servers that the organisation accepted as they are. `placeholder_key` makes the words
    that stand in for redacted values.
    """

    ruleset: Ruleset
    library: AppLibrary
    sniff: Callable[[Request, Body], WireFormat | None]
    decrypt: DecryptScope = DecryptScope.LIBRARY
    decrypt_hosts: tuple[str, ...] = ()
    profiles: frozenset[str] = frozenset()
    placeholder_key: bytes = field(default=b"", repr=False)
    accepted_tools: AcceptedTools = field(default_factory=dict[str, Mapping[str, AcceptedTool]])

    @property
    def formats(self) -> Mapping[str, WireFormat]:
        """Wire formats by id, with those that app files describe."""
        return self.library.formats

    @property
    def socket_formats(self) -> Mapping[str, SocketFormat]:
        """Formats of WebSocket messages by id."""
        return self.library.socket_formats

    def decryption(self, host: str) -> Decryption:
        """What becomes of connections to `host`."""
        if self.decrypts(host):
            return Decryption.DECRYPTED
        known = self.library.host(host)
        return Decryption.UNCLAIMED if known is None or not known.decrypts else Decryption.ENCRYPTED

    def decrypts(self, host: str) -> bool:
        """Whether connections to `host` are decrypted."""
        match self.decrypt:
            case DecryptScope.ALL:
                return True
            case DecryptScope.LIBRARY:
                known = self.library.host(host)
                return (known is not None and known.decrypts) or self._is_listed(host)
            case DecryptScope.LISTED:
                return self._is_listed(host)

    def _is_listed(self, host: str) -> bool:
        return any(host == suffix or host.endswith("." + suffix) for suffix in self.decrypt_hosts)
