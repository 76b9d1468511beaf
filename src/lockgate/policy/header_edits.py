"""From what rules add to the headers of one request, by the facts of its exchange.

Separate because the gate, explain and cases must come to the same. Laws: of two rules that name a header the first decides;
a header that is to be set is taken out first, also when it can then not be set; a value is printable ASCII of a bounded length,
or it is not there.
"""

import re

from lockgate.facts.decision import Decision
from lockgate.facts.header_change import NO_EDITS, HeaderChange, HeaderEdits, HeaderFact, HeaderValue
from lockgate.facts.sheet import FactSheet

LONGEST_VALUE = 4096
_LONGEST_FACT = 256
_MOST_GROUPS = 50
_SAFE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\Z")


def header_edits(decision: Decision, sheet: FactSheet) -> HeaderEdits:
    """What the decision means for the request's headers."""
    if not decision.added:
        return NO_EDITS
    removed: dict[str, None] = {}
    added: list[tuple[str, str]] = []
    left_out: list[str] = []
    for _, change in decision.additions(HeaderChange):
        if not change.is_for(sheet.host):
            continue
        for header in change.sets:
            name = header.name.lower()
            if name in removed:
                continue
            removed[name] = None
            value = _value(header, sheet)
            if value is None:
                left_out.append(name)
            else:
                added.append((header.name, value))
        for name in change.removes:
            removed.setdefault(name.lower())
    return HeaderEdits(removed=tuple(removed), added=tuple(added), left_out=tuple(left_out)) if removed else NO_EDITS


def _value(header: HeaderValue, sheet: FactSheet) -> str | None:
    parts: list[str] = []
    for part in header.parts:
        text = _fact(part, sheet) if isinstance(part, HeaderFact) else part
        if not text:
            return None
        parts.append(text)
    value = "".join(parts)
    return value if len(value) <= LONGEST_VALUE and _SAFE.match(value) else None


def _fact(fact: HeaderFact, sheet: FactSheet) -> str | None:
    """A fact as it may stand in a header; None when it is not known, too long, or of other characters."""
    client = sheet.client
    match fact:
        case HeaderFact.USER:
            text = client.user
        case HeaderFact.DEVICE:
            text = client.device.id
        case HeaderFact.COUNTRY:
            text = client.country
        case HeaderFact.TENANT:
            text = sheet.app.tenant if sheet.app is not None else None
        case HeaderFact.GROUPS:
            return _groups(client.groups)
    return text if text and _is_safe(text) else None


def _groups(groups: tuple[str, ...]) -> str | None:
    """Joined by commas; one that has a comma itself could not be told from two."""
    if len(groups) > _MOST_GROUPS or not all(_is_safe(group) and "," not in group for group in groups):
        return None
    return ",".join(groups) or None


def _is_safe(text: str) -> bool:
    return len(text) <= _LONGEST_FACT and _SAFE.match(text) is not None
