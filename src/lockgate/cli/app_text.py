"""Apps of the library as rows, as a page, and as data for programs.

Separate from the commands so that text and data say the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from lockgate.apps.library import AppLibrary
from lockgate.apps.matching import lowest_tier
from lockgate.apps.schema import AppFile, Clue, OwnedPath, Signature
from lockgate.apps.vocabulary import Protocol
from lockgate.facts.app import App, ConfidenceScore


def app_rows(library: AppLibrary, apps: Sequence[App]) -> Iterator[str]:
    """One line for each app below a line of heads, and how many there are."""
    widths = (max(len(app.id) for app in apps), max(len(app.category) for app in apps))
    yield f"{'ID':<{widths[0]}}  {'CATEGORY':<{widths[1]}}  {'STATUS':<10}  READABLE  {'SCORES':<11}  NAME"
    for app in apps:
        row = f"{app.id:<{widths[0]}}  {app.category:<{widths[1]}}  {app.status.value:<10}"
        yield f"{row}  {_how_readable(library, app):<8}  {_scores(app):<11}  {app.name}"
    everything = len(library.apps)
    yield f"\n{len(apps)} apps" if len(apps) == everything else f"\n{len(apps)} of {everything} apps"


def app_page(library: AppLibrary, app: App) -> Iterator[str]:
    """Everything about one app."""
    yield f"{app.name} ({app.id}) by {app.vendor}, {app.category}, {app.country or 'country unknown'}: {app.status.value}"
    source = library.source(app.id)
    if source is None:
        return
    file = source.file
    for name, text in (
        ("homepage", file.homepage),
        ("basis", f"{file.basis.value} ({', '.join(file.sources) or 'no source named'})"),
        ("notes", file.notes),
        ("overridden", f"{', '.join(source.overridden)} (by {source.document.file})" if source.overridden else ""),
        ("tenant", ", ".join(map(_clue, file.tenant))),
        ("tier", ", ".join(map(_clue, file.tier))),
        ("samples", str(len(file.samples))),
    ):
        if text:
            yield f"  {name:<11} {text}"
    yield "  hosts"
    yield from (f"    {line}" for line in _hosts(file))
    if file.operations:
        yield "  operations (* takes content along)"
        yield from _operations(file.operations)
    if app.tiers:
        yield "  tiers"
    for tier in app.tiers:
        scores = f"application {covered(tier.application_confidence)}, Gen-AI {covered(tier.genai_confidence)}"
        yield f"    {tier.id:<20} {scores}"


def app_data(library: AppLibrary, app: App) -> dict[str, Any]:
    """The same for programs."""
    source = library.source(app.id)
    return {
        "id": app.id,
        "name": app.name,
        "vendor": app.vendor,
        "category": app.category,
        "country": app.country,
        "status": app.status.value,
        "readable": is_readable(library, app),
        "tiers": [
            {
                "id": tier.id,
                "name": tier.name,
                "application_confidence_score": tier.application_confidence.shown,
                "gen_ai_confidence_score": tier.genai_confidence.shown,
                "answered": tier.application_confidence.answered + tier.genai_confidence.answered,
                "components": tier.application_confidence.components + tier.genai_confidence.components,
            }
            for tier in app.tiers
        ],
        **(_file_data(source.file) if source is not None else {}),
    }


def is_readable(library: AppLibrary, app: App) -> bool:
    """Whether some operation that takes content along can be read."""
    return any(_is_read(operation) for operation in _carrying(library, app))


def covered(confidence: ConfidenceScore) -> str:
    """A confidence score with how much of it was answered."""
    return f"{confidence.shown} ({confidence.answered} of {confidence.components} answered)"


def _file_data(file: AppFile) -> dict[str, Any]:
    hosts = file.hosts
    return {
        "homepage": file.homepage,
        "basis": file.basis.value,
        "sources": list(file.sources),
        "notes": file.notes,
        "samples": len(file.samples),
        "hosts": {
            "suffix": list(hosts.suffix),
            "exact": list(hosts.exact),
            "regex": list(hosts.regex),
            "also": [
                {"host": owned.host, "path": owned.path, "query": owned.query, "decrypt": owned.decrypt} for owned in hosts.also
            ],
        },
        "operations": [
            {
                "id": operation.id,
                "operation": operation.operation.value,
                "methods": list(operation.methods),
                "websocket": _is_websocket(operation),
                "hosts": list(operation.hosts),
                "path": operation.path,
                "query": operation.query,
                "payload": operation.operation.carries_payload,
                "format": operation.format,
                "described": operation.reads is not None,
                "opaque": operation.opaque,
                "basis": operation.basis.value,
            }
            for operation in file.operations
        ],
    }


def _hosts(file: AppFile) -> Iterator[str]:
    hosts = file.hosts
    yield from (f"{name} and all below" for name in hosts.suffix)
    yield from hosts.exact
    yield from hosts.regex
    yield from map(_owned, hosts.also)


def _owned(owned: OwnedPath) -> str:
    query = "".join(f", with {name}={value}" for name, value in owned.query.items())
    how = "" if owned.decrypt else ", where the host is decrypted anyway"
    return f"{owned.host}, only {owned.path}{query}{how}"


def _operations(operations: Sequence[Signature]) -> Iterator[str]:
    ids, kinds = max(len(one.id) for one in operations), max(len(one.operation.value) for one in operations) + 1
    read = max(len(_reading(one)) for one in operations)
    for one in operations:
        kind = one.operation.value + ("*" if one.operation.carries_payload else "")
        how = "WebSocket" if _is_websocket(one) else ",".join(one.methods)
        where = " ".join((*one.hosts, one.path, *(f"{name}={value}" for name, value in one.query.items())))
        yield f"    {one.id:<{ids}}  {kind:<{kinds}}  {_reading(one):<{read}}  {one.basis.value:<6}  {how} {where}"


def _reading(operation: Signature) -> str:
    if operation.opaque:
        return "opaque"
    return operation.format or ("described" if operation.reads is not None else "-")


def _is_read(operation: Signature) -> bool:
    return not operation.opaque and (operation.format is not None or operation.reads is not None)


def _is_websocket(operation: Signature) -> bool:
    return operation.protocol is Protocol.WEBSOCKET


def _carrying(library: AppLibrary, app: App) -> list[Signature]:
    """The operations that take content along."""
    source = library.source(app.id)
    return [] if source is None else [one for one in source.file.operations if one.operation.carries_payload]


def _how_readable(library: AppLibrary, app: App) -> str:
    """How many of the operations that take content along can be read."""
    carrying = _carrying(library, app)
    return f"{sum(map(_is_read, carrying))} of {len(carrying)}" if carrying else "-"


def _scores(app: App) -> str:
    tier = lowest_tier(app)
    if tier is None:
        return "-"
    both = (tier.application_confidence, tier.genai_confidence)
    return " / ".join("-" if score.hundredths is None else score.shown for score in both)


def _clue(clue: Clue) -> str:
    kind, where = next((kind, value) for kind in _CLUES if (value := getattr(clue, kind)))
    return f"{kind.replace('_', ' ')} {' '.join(where) if isinstance(where, tuple) else where}"


_CLUES = [each.name for each in fields(Clue) if each.name not in ("values", "tier")]
