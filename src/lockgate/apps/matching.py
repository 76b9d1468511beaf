"""What does a request do in the app it goes to? Signatures first, then what the method alone says.

Separate from the library because it is one app's business: no other app is known here. It must never guess that a request with
a body is harmless: what no signature names stays undecided until the body has been seen.
"""

from dataclasses import dataclass

from lockgate.apps.canonical import canonical_path, query_values
from lockgate.apps.clues import CompiledClue
from lockgate.apps.hosts import fits_host
from lockgate.apps.pattern import SafePattern
from lockgate.apps.schema import Signature
from lockgate.apps.vocabulary import Protocol
from lockgate.facts.app import App, AppMatch, AppTier, Operation
from lockgate.facts.traffic import Request

_BODYLESS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class CompiledSignature:
    """A signature with its path pattern ready."""

    signature: Signature
    path: SafePattern
    methods: frozenset[str]
    hosts: tuple[str, ...]
    is_websocket: bool

    @classmethod
    def of(cls, signature: Signature, path: SafePattern) -> "CompiledSignature":
        """`signature` with `path`, which is its path pattern compiled."""
        is_websocket = signature.protocol is Protocol.WEBSOCKET
        return cls(signature, path, frozenset(signature.methods), signature.hosts, is_websocket)

    def fits(self, request: Request, path: str, is_websocket: bool) -> bool:
        """Whether `request`, whose canonical path is `path`, has this shape."""
        if self.is_websocket != is_websocket or request.method.upper() not in self.methods or self.path.match(path) is None:
            return False
        if not fits_host(request.host, self.hosts):
            return False
        return not self.signature.query or self.signature.query.items() <= query_values(request).items()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledApp:
    """Everything that is needed to say what a request does in one app. `lowest` is the tier that is assumed when none is
    shown.
    """

    app: App
    signatures: tuple[CompiledSignature, ...]
    tenant: tuple[CompiledClue, ...]
    tier: tuple[CompiledClue, ...]
    tiers: dict[str, AppTier]
    lowest: AppTier | None

    def match(self, request: Request) -> AppMatch:
        """What `request`, which goes to this app, is. Never raises."""
        operation, wire_format = self._operation(request)
        shown = next((self.tiers[tier] for clue in self.tier if (tier := clue.tier_of(request)) in self.tiers), None)
        tenant = next((value for clue in self.tenant if (value := clue.value(request))), None)
        return AppMatch(
            app=self.app,
            operation=operation,
            format=wire_format,
            tier=shown or self.lowest,
            tier_known=shown is not None,
            tenant=tenant,
        )

    def _operation(self, request: Request) -> tuple[Operation | None, str | None]:
        method = request.method.upper()
        if method == "OPTIONS":
            return Operation.STATUS, None
        is_websocket = request.is_websocket_upgrade
        path = canonical_path(request.path)
        if path is None:
            return Operation.UNRECOGNISED, None
        for signature in self.signatures:
            if signature.fits(request, path, is_websocket):
                return signature.signature.operation, signature.signature.format
        if method in _BODYLESS and not is_websocket and not _announces_body(request):
            return Operation.BROWSE, None
        return None, None


def _announces_body(request: Request) -> bool:
    return request.headers.get("content-length", "0").strip() != "0" or bool(request.headers.get("transfer-encoding"))
