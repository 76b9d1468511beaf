"""What is kept of the facts an exchange ended with, so that any policy can be judged against it later, without the text.

Separate from the record because a record is for people and this is for policies. Laws: whatever a selector reads off a fact
sheet it reads off the kept one, but for content; what was not kept reads as not known yet, never as absent; there are no words
of anybody in it, no names of files, no queries and no headers that no selector reads.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any, TypeAliasType, get_args, get_type_hints

import msgspec
import zstandard

from lockgate.facts.app import App, AppMatch, AppTier, ConfidenceScore, Operation
from lockgate.facts.client_software import ClientKind, ClientSoftware
from lockgate.facts.discovery import Noticed
from lockgate.facts.finding import DetectionConfidence, Examination, ExaminationState, Finding, Span
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import BodySize, Client, Headers, IdentifiedBy, Phase, Request, Response
from lockgate.gate.decryption import Decryption
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.outline import TurnOutline, bare, outline_of, with_outline

_FORM = 2
"""Grows when what is written below changes although the fields of the facts do not."""
_MARK_BYTES = 4
_MOST_BYTES = 4 << 20
_NOWHERE = Span(turn=0, part=0, start=0, end=0)
_OF_A_SORT = tuple(field.name for field in fields(Finding) if field.name not in ("span", "mask", "contributions"))
_sort_of = attrgetter(*_OF_A_SORT)


class Replaced(StrEnum):
    """What became of what a rule wanted replaced: only the text itself could tell if that is possible."""

    NOTHING = "nothing"
    DONE = "done"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The facts of one exchange. `sheet` is as it ended; `reading` is how complete the look at it could be at best.

    `decryption` is of a tunnel's host, as the settings were then.
    """

    sheet: FactSheet
    kind: ExchangeKind = ExchangeKind.REQUEST
    reading: ExaminationState = ExaminationState.COMPLETE
    decryption: Decryption = Decryption.DECRYPTED
    replaced: Replaced = Replaced.NOTHING


class _Form(msgspec.Struct, array_like=True, frozen=True, gc=False):
    sheet: FactSheet
    turns: tuple[TurnOutline, ...]
    found: tuple[tuple[Finding, int], ...]
    kind: ExchangeKind
    reading: ExaminationState
    decryption: Decryption
    replaced: Replaced


def keep(kept: Kept, *, shown_path: str | None = None) -> bytes:
    """The facts as bytes; none when there is text among them that no encoding knows.

    `shown_path` is the path as a record may show it; a path that is another counts as not known.
    """
    sheet = kept.sheet
    conversation, examination = sheet.conversation, sheet.examination
    form = _Form(
        sheet=_without_words(sheet, shown_path),
        turns=outline_of(conversation) if conversation is not None else (),
        found=_found(examination.findings) if examination is not None else (),
        kind=kept.kind,
        reading=kept.reading,
        decryption=kept.decryption,
        replaced=kept.replaced,
    )
    try:
        return _MARK + _compressor.compress(_encoder.encode(form))
    except UnicodeEncodeError:
        return b""


def kept_from(raw: bytes) -> Kept | None:
    """The facts that were kept; None when they are not in the form of this version."""
    if raw[:_MARK_BYTES] != _MARK:
        return None
    try:
        form = _decoder.decode(_decompressor.decompress(raw[_MARK_BYTES:], max_output_size=_MOST_BYTES))
    except (zstandard.ZstdError, msgspec.DecodeError):
        return None
    sheet = form.sheet
    said, done = sheet.conversation, sheet.examination
    if (said is not None and form.turns) or (done is not None and form.found):
        findings = tuple(finding for finding, count in form.found for _ in range(count))
        sheet = replace(
            sheet,
            conversation=with_outline(said, form.turns) if said is not None else None,
            examination=replace(done, findings=findings) if done is not None and findings else done,
        )
    return Kept(sheet=sheet, kind=form.kind, reading=form.reading, decryption=form.decryption, replaced=form.replaced)


def _without_words(sheet: FactSheet, shown_path: str | None) -> FactSheet:
    """Every exchange pays for this: what has nothing to leave out is not made anew."""
    request, response, noticed, examination = sheet.request, sheet.response, sheet.noticed, sheet.examination
    return replace(
        sheet,
        request=_head(request, shown_path) if request is not None else None,
        app=_without_tiers(sheet.app) if sheet.app is not None else None,
        mcp=replace(sheet.mcp, ids=()) if sheet.mcp is not None and sheet.mcp.ids else sheet.mcp,
        conversation=bare(sheet.conversation) if sheet.conversation is not None else None,
        noticed=_noticed(noticed) if noticed is not None and (noticed.shape or noticed.discovery.signs) else noticed,
        examination=replace(examination, findings=()) if examination is not None and examination.findings else examination,
        response=replace(response, headers=_answer_head(response)) if response is not None else None,
        usage=None,
    )


@lru_cache(maxsize=1024)
def _without_tiers(match: AppMatch) -> AppMatch:
    return replace(match, app=replace(match.app, tiers=()), task=None)


def _head(request: Request, shown_path: str | None) -> Request:
    upgrade = request.headers.get("upgrade")
    headers = _typed(request.media_type)
    if upgrade:
        headers = Headers((*headers.pairs, ("upgrade", upgrade)))
    # mitmproxy keeps undecodable bytes of a path as lone surrogates.
    path = (request.path if shown_path is None else shown_path).encode("utf-8", "backslashreplace").decode()
    return replace(request, query="", headers=headers, path=path, path_known=path == request.path)


@lru_cache(maxsize=256)
def _typed(media_type: str) -> Headers:
    return Headers((("content-type", media_type),) if media_type else ())


def _answer_head(response: Response) -> Headers:
    typed, size = _typed(response.media_type), response.declared_bytes
    return typed if size is None else Headers((*typed.pairs, ("content-length", str(size))))


def _noticed(noticed: Noticed) -> Noticed:
    return Noticed(discovery=replace(noticed.discovery, signs=()), drift=noticed.drift)


def _found(findings: tuple[Finding, ...]) -> tuple[tuple[Finding, int], ...]:
    """What was found, each sort once, with how often; neither where nor what.

    Equal values are told apart by their number in the exchange: what compares them live is not for a disk.
    """
    numbers: dict[bytes, bytes] = {b"": b""}
    for finding in findings:
        numbers.setdefault(finding.value_mark, str(len(numbers)).encode())
    sorts = Counter(_sort_of(replace(finding, value_mark=numbers[finding.value_mark])) for finding in findings)
    return tuple(
        (Finding(**dict(zip(_OF_A_SORT, sort, strict=True)), span=_NOWHERE, mask=""), count) for sort, count in sorts.items()
    )


def _layout(hint: Any, seen: dict[str, tuple[str, ...]]) -> None:
    """The names of the fields of every kind of fact, which say whether what was kept still means the same."""
    if isinstance(hint, TypeAliasType):
        hint = hint.__value__
    if isinstance(hint, type) and is_dataclass(hint):
        if hint.__qualname__ in seen:
            return
        seen[hint.__qualname__] = tuple(field.name for field in fields(hint))
        for inner in get_type_hints(hint).values():
            _layout(inner, seen)
    for inner in get_args(hint):
        _layout(inner, seen)


def _mark() -> bytes:
    seen: dict[str, tuple[str, ...]] = {}
    _layout(FactSheet, seen)
    return blake2b(f"{_FORM}|{seen}".encode(), digest_size=_MARK_BYTES).digest()


def _usual() -> Iterator[_Form]:
    """Exchanges as most are. What is written is compressed against them: names of fields, and values that come up again."""
    of_tier = ConfidenceScore(hundredths=290, answered=5, components=5)
    app = App(id="chatgpt", name="ChatGPT", vendor="OpenAI", category="chat-assistant", country="US")
    evidence = {
        "soc2": "yes", "gdpr": "yes", "iso27001": "yes", "retention": "none", "sharing": "none", "mfa": "yes", "rbac": "yes",
        "session_monitoring": "yes", "tls13": "yes", "sso": "yes", "security_reports": "both", "financial": "public_or_300m",
        "iso42001": "yes", "deployment": "authenticated_rate_limited", "model_card": "own", "training": "never",
    }  # fmt: skip
    tier = AppTier(
        id="free", name="Free", application_confidence=of_tier, genai_confidence=of_tier, evidence=evidence
    )  # fmt: skip
    host, finding = "chatgpt.com", Finding(
        detector="card-number", profiles=("credentials", "pii"), detection_confidence=DetectionConfidence.HIGH,
        span=_NOWHERE, mask="",
    )  # fmt: skip
    sheet = FactSheet(
        at=datetime(2026, 1, 5, 12, tzinfo=UTC), phase=Phase.CONNECT, host=host, port=443, mcp_known=True, app_known=True,
        client=Client(address="10.0.0.7", user="user", groups=("staff",), identified_by=IdentifiedBy.PROXY_LOGIN),
    )  # fmt: skip
    turns: tuple[TurnOutline, ...] = ((Role.USER, ((PartKind.TEXT, "", 12, True),), ()),)
    state = ExaminationState.COMPLETE
    kind = ExchangeKind.REQUEST
    yield _Form(
        sheet=sheet, turns=turns, found=((finding, 1),), kind=kind, reading=state, decryption=Decryption.UNCLAIMED,
        replaced=Replaced.NOTHING,
    )  # fmt: skip
    headers = _typed("application/json")
    sheet = replace(
        sheet, phase=Phase.RESPONSE_HEADERS,
        request_size=BodySize(bytes=1200),
        app=AppMatch(app=app, operation=Operation.SEND_PROMPT, signature="send-prompt", format="openai-chat", tier=tier),
        request=Request(method="POST", scheme="https", host=host, port=443, path="/v1/chat/completions", headers=headers),
        software=ClientSoftware(kind=ClientKind.BROWSER, product="chrome", version="140.0"),
        conversation=Conversation(turns=(), model="gpt-5", is_outline=True), noticed=Noticed(),
        examination=Examination(state=state, profiles=frozenset({"credentials"}), examined=1, spent_us=400),
        response=Response(status=200, headers=_typed("text/event-stream")),
    )  # fmt: skip
    yield _Form(
        sheet=sheet, turns=turns, found=(), kind=kind, reading=state, decryption=Decryption.DECRYPTED, replaced=Replaced.DONE
    )


_MARK = _mark()
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Form)
_dictionary = zstandard.ZstdCompressionDict(b"".join(map(_encoder.encode, _usual())), zstandard.DICT_TYPE_RAWCONTENT)
_compressor = zstandard.ZstdCompressor(dict_data=_dictionary, write_checksum=False, write_dict_id=False)
_decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary)
