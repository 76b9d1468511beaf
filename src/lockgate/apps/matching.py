"""What does a request do in the app it goes to? Signatures first, then what the method alone says.

Separate from the library because it is one app's business: no other app is known here. It must never guess that a request with
a body is harmless: what no signature names stays undecided until the body has been seen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lockgate.apps.accounts import account_kind
from lockgate.apps.canonical import canonical_host, canonical_path, query_values
from lockgate.apps.clues import CompiledClue, compile_clue
from lockgate.apps.credentials import CredentialKinds
from lockgate.apps.formats.described import described_id
from lockgate.apps.hosts import fits_host
from lockgate.apps.pattern import SafePattern, path_pattern
from lockgate.apps.schema import AppFile, Signature
from lockgate.apps.vocabulary import Protocol
from lockgate.facts.app import App, AppMatch, AppTier, Operation
from lockgate.facts.traffic import Request, Response

_WEBSOCKET = "WEBSOCKET"
_BODYLESS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSignature:
    """A signature with its path pattern ready. Its method was compared before: signatures are kept by method."""

    id: str
    operation: Operation
    format: str | None
    opaque: bool
    background: bool
    answers: Operation | None
    path: SafePattern
    hosts: tuple[str, ...]
    query: Mapping[str, str]

    def fits(self, request: Request, path: str) -> bool:
        """Whether `request`, whose canonical path is `path`, has this shape."""
        if self.path.match(path) is None or (self.hosts and not fits_host(canonical_host(request.host), self.hosts)):
            return False
        return not self.query or self.query.items() <= query_values(request).items()


def signatures_by_method(app: str, signatures: Iterable[Signature]) -> dict[str, tuple[CompiledSignature, ...]]:
    """Signatures ready to be compared, in their order, by method; those that open a WebSocket under `WEBSOCKET`."""
    by_method: dict[str, tuple[CompiledSignature, ...]] = {}
    for signature in signatures:
        compiled = CompiledSignature(
            id=signature.id,
            operation=signature.operation,
            format=signature.format if signature.reads is None else described_id(app, signature.id),
            opaque=signature.opaque,
            background=signature.background,
            answers=signature.answers,
            path=path_pattern(signature.path),
            hosts=signature.hosts,
            query=signature.query,
        )
        for method in (_WEBSOCKET,) if signature.protocol is Protocol.WEBSOCKET else signature.methods:
            by_method[method] = (*by_method.get(method, ()), compiled)
    return by_method


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledApp:
    """Everything that says what a request does in one app. `lowest` is the tier that is assumed when none is shown.

    `own_tenants` are the organisation's, in lower case.
    """

    app: App
    signatures: Mapping[str, tuple[CompiledSignature, ...]]
    tenant: tuple[CompiledClue, ...]
    tier: tuple[CompiledClue, ...]
    conversation: tuple[CompiledClue, ...]
    task: tuple[CompiledClue, ...]
    own_tenants: frozenset[str]
    credentials: CredentialKinds
    tiers: dict[str, AppTier]
    lowest: AppTier | None

    def match(self, request: Request) -> AppMatch:
        """What `request`, which goes to this app, is. Never raises."""
        found = self._operation(request)
        signature = found if isinstance(found, CompiledSignature) else None
        shown = next((self.tiers[tier] for clue in self.tier if (tier := clue.tier_of(request)) in self.tiers), None)
        tenant = _first(self.tenant, request)
        return AppMatch(
            app=self.app,
            operation=found.operation if isinstance(found, CompiledSignature) else found,
            signature=signature.id if signature else "",
            format=signature.format if signature else None,
            opaque=signature is not None and signature.opaque,
            background=signature is not None and signature.background,
            tier=shown or self.lowest,
            tier_known=shown is not None,
            tenant=tenant,
            account=account_kind(self.own_tenants, tenant, shown.kind if shown else None),
            credential=self.credentials.kind(request),
            conversation=_first(self.conversation, request),
            answers=signature.answers if signature else None,
            task=_first(self.task, request),
        )

    def with_answer(self, match: AppMatch, response: Response) -> AppMatch:
        """`match` with what only the response's head shows of the account; what the request showed stays."""
        tenant = next((value for clue in self.tenant if (value := clue.answer(response.headers))), None)
        if match.tenant is not None or tenant is None:
            return match
        tier = match.tier.kind if match.tier is not None and match.tier_known else None
        return replace(match, tenant=tenant, account=account_kind(self.own_tenants, tenant, tier))

    def _operation(self, request: Request) -> CompiledSignature | Operation | None:
        """The signature that fits, or else what the method alone says."""
        method = request.method.upper()
        if method == "OPTIONS" and not _announces_body(request):
            return Operation.STATUS
        # Only GET opens a WebSocket (RFC 6455); servers ignore `upgrade` on other methods, so it must not hide a body here.
        is_websocket = method == "GET" and request.is_websocket_upgrade
        path = canonical_path(request.path)
        if path is None:
            return Operation.UNRECOGNISED
        for signature in self.signatures.get(_WEBSOCKET if is_websocket else method, ()):
            if signature.fits(request, path):
                return signature
        return Operation.BROWSE if method in _BODYLESS and not is_websocket and not _announces_body(request) else None


def compile_app(app: App, file: AppFile, credentials: CredentialKinds) -> CompiledApp:
    """What `file` says about requests to `app`, ready to be asked."""
    return CompiledApp(
        app=app,
        signatures=signatures_by_method(file.id, file.operations),
        tenant=tuple(compile_clue(clue) for clue in file.tenant),
        tier=tuple(compile_clue(clue) for clue in file.tier),
        conversation=tuple(compile_clue(clue) for clue in file.conversation),
        task=tuple(compile_clue(clue) for clue in file.task),
        own_tenants=frozenset(tenant.lower() for tenant in file.own_tenants),
        credentials=credentials,
        tiers={tier.id: tier for tier in app.tiers},
        lowest=lowest_tier(app),
    )


def lowest_tier(app: App) -> AppTier | None:
    """The tier that counts while a request shows none; None for an app without tiers."""
    return min(app.tiers, key=_rank, default=None)


def _rank(tier: AppTier) -> tuple[int, int]:
    """What puts a tier below another: Gen-AI confidence, then application confidence; not scored is below everything."""
    genai, application = tier.genai_confidence.hundredths, tier.application_confidence.hundredths
    return (-1 if genai is None else genai, -1 if application is None else application)


def _first(clues: tuple[CompiledClue, ...], request: Request) -> str | None:
    return next((value for clue in clues if (value := clue.value(request))), None)


def _announces_body(request: Request) -> bool:
    return request.headers.get("content-length", "0").strip() != "0" or bool(request.headers.get("transfer-encoding"))
