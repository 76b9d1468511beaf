"""Actions that change a request's headers: set_headers, remove_headers, and tenant_control with its ready sets.

Separate because headers have rules of their own: which names may be touched, and what may stand in a value.
"""

import re

from lockgate.facts.header_change import HeaderChange, HeaderFact, HeaderValue, ValuePart
from lockgate.facts.problem import Path
from lockgate.facts.tenant_control import ControlBasis, ControlHeader, TenantControl
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_list, is_mapping
from lockgate.policy.header_edits import LONGEST_VALUE
from lockgate.policy.pattern import BadPatternError, compile_pattern, utf8

_SET = 'write `set_headers: {X-Data-Region: eu, X-Person: "${user}"}`'
_REMOVE = "write `remove_headers: [X-Debug]`"
_CONTROL = "write `tenant_control: {openai: [the-id-of-a-workspace]}`"
_MOST_HEADERS = 20
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}\Z")
_LITERAL = re.compile(r"[\x20-\x7e]*\Z")
_PLACE = re.compile(r"\$\{([^}]*)\}")
_NOT_TO_BE_TOUCHED = {
    "is about this connection or how a message is framed": frozenset({
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect", "host", "http2-settings",
        "accept-encoding", "range", "via",
    }),
    "identifies an account": frozenset({"authorization", "cookie", "x-api-key", "x-goog-api-key", "api-key"}),
}  # fmt: skip
_FAMILIES = {
    "proxy-": "is about this connection or how a message is framed",
    "content-": "describes the body",
    "sec-websocket-": "is about this connection or how a message is framed",
    "x-lockgate-": "is the gateway's own",
    "client-cert": "is the gateway's own",
}


def untouchable(name: str) -> str:
    """Why a header must be left alone; empty when it may be changed."""
    lower = name.lower()
    for why, names in _NOT_TO_BE_TOUCHED.items():
        if lower in names:
            return why
    return next((why for prefix, why in _FAMILIES.items() if lower.startswith(prefix)), "")


def _set_headers(reading: ThenReading, argument: object, path: Path) -> None:
    entries = argument if is_mapping(argument) else {}
    if not entries or len(entries) > _MOST_HEADERS:
        reading.refuse(path, f"expected 1 to {_MOST_HEADERS} headers with their values", _SET)
        return
    found = [_header(reading, name, value, (*path, name)) for name, value in entries.items()]
    _once(reading, [name.lower() for name in entries], path)
    sets = tuple(header for header in found if header is not None)
    reading.adds.append(HeaderChange(label="set_headers", sets=sets))


def _remove_headers(reading: ThenReading, argument: object, path: Path) -> None:
    names = argument if is_list(argument) else [argument]
    if not names or len(names) > _MOST_HEADERS or not all(isinstance(name, str) for name in names):
        reading.refuse(path, f"expected 1 to {_MOST_HEADERS} names of headers", _REMOVE)
        return
    written = [str(name) for name in names]
    for index, name in enumerate(written):
        _check_name(reading, name, (*path, index) if is_list(argument) else path)
    _once(reading, [name.lower() for name in written], path)
    reading.adds.append(HeaderChange(label="remove_headers", removes=tuple(written)))


def _once(reading: ThenReading, names: list[str], path: Path) -> None:
    """In one rule a header is named once, whichever action names it."""
    before = {
        name.lower()
        for addition in reading.adds
        if isinstance(addition, HeaderChange)
        for name in (*(header.name for header in addition.sets), *addition.removes)
        if not addition.control
    }
    for name in sorted(before.intersection(names) | {name for name in names if names.count(name) > 1}):
        reading.refuse(path, f"the header `{name}` is named twice in one rule", "keep one of them")


def _check_name(reading: ThenReading, name: str, path: Path) -> bool:
    if not _NAME.match(name):
        reading.refuse(path, f"`{name}` is not the name of a header", "letters, digits and `-`")
        return False
    why = untouchable(name)
    if why:
        reading.refuse(path, f"`{name}` must be left alone: it {why}", "choose another header")
    return not why


def _header(reading: ThenReading, name: str, value: object, path: Path) -> HeaderValue | None:
    if not _check_name(reading, name, path):
        return None
    if not isinstance(value, str) or not value.strip():
        reading.refuse(
            path, f"the value of `{name}` is not text", "put it in quotes; to take a header out, use `remove_headers`"
        )
        return None
    text = value.strip()
    if not _LITERAL.match(text) or len(text) > LONGEST_VALUE:
        reading.refuse(
            path, f"`{name}` cannot have this value", f"printable ASCII, at most {LONGEST_VALUE} characters, in one line"
        )
        return None
    parts = _parts(reading, text, path)
    return HeaderValue(name=name, parts=parts) if parts is not None else None


def _parts(reading: ThenReading, text: str, path: Path) -> tuple[ValuePart, ...] | None:
    known = {fact.value: fact for fact in HeaderFact}
    parts: list[ValuePart] = []
    for index, piece in enumerate(_PLACE.split(text)):
        if index % 2 == 0:
            parts += [piece] if piece else []
        elif piece in known:
            parts.append(known[piece])
        else:
            reading.unknown(path, "fact for a header", piece, list(known))
            return None
    return tuple(parts)


def _tenant_control(reading: ThenReading, argument: object, path: Path) -> None:
    entries = argument if is_mapping(argument) else {}
    if not entries:
        reading.refuse(path, "`tenant_control` takes controls with their values", _CONTROL)
        return
    known = reading.surroundings.vocabulary.tenant_controls
    for name, given in entries.items():
        control = known.get(name)
        if control is None:
            reading.unknown((*path, name), "tenant control", name, list(known))
            continue
        values = _values(reading, control, given, (*path, name))
        if values is None:
            continue
        if control.basis is ControlBasis.UNCONFIRMED:
            reading.report.note((*path, name), f"`{name}` is not confirmed ({control.source}): try it before you rely on it")
        sets = tuple(HeaderValue(name=header.name, parts=(value,)) for header, value in values)
        reading.adds.append(
            HeaderChange(label="tenant_control", control=name, hosts=control.hosts, sets=sets, removes=control.removes)
        )


def _values(reading: ThenReading, control: TenantControl, given: object, path: Path) -> list[tuple[ControlHeader, str]] | None:
    """Each header with its value, or None when something is wrong (reported)."""
    taken = [header for header in control.headers if header.takes]
    if not taken:
        if given is not True:
            reading.refuse(path, f"`{path[-1]}` takes nothing", f"write `tenant_control: {{{path[-1]}: true}}`")
            return None
        return [(header, header.value) for header in control.headers]
    entries = {taken[0].takes: given} if len(taken) == 1 and not is_mapping(given) else given
    keys = [header.takes for header in taken]
    if not is_mapping(entries) or set(entries) != set(keys):
        wanted = ", ".join(f"{header.takes}: {header.what}" for header in taken)
        reading.refuse(path, f"`{path[-1]}` takes {' and '.join(f'`{key}`' for key in keys)}", f"write {{{wanted}}}")
        return None
    found = [
        (header, _joined(reading, header, entries[header.takes], path) if header.takes else header.value)
        for header in control.headers
    ]
    whole = [(header, value) for header, value in found if value is not None]
    return whole if len(whole) == len(found) else None


def _joined(reading: ThenReading, header: ControlHeader, given: object, path: Path) -> str | None:
    values = given if is_list(given) else [given]
    words = [str(value) if isinstance(value, str | int) and not isinstance(value, bool) else "" for value in values]
    wrong = next((word for word in words if not _fits(header, word)), None)
    if wrong is not None or not words:
        problem = f"`{wrong}` is not {header.what}" if wrong else f"expected {header.what}"
        reading.refuse(path, problem, "the vendor's administration pages show it")
        return None
    if len(words) > header.most or len(set(words)) < len(words):
        reading.refuse(path, f"`{header.takes}` takes each value once, and {header.most} at most", "leave some of them out")
        return None
    return ",".join(words)


def _fits(header: ControlHeader, word: str) -> bool:
    try:
        pattern = compile_pattern(rf"\A(?:{header.pattern})\z", any_case=False)
    except BadPatternError:
        return False
    return pattern.search(utf8(word)) is not None and _LITERAL.match(word) is not None and "," not in word


HEADERS = (
    ActionRow(
        name="set_headers", read=_set_headers, example=_SET,
        doc="set headers of the request, in place of any the client sent; `${user}`, `${groups}`, `${device.id}`, "
        "`${source.country}` and `${tenant.id}` stand for facts, and a header whose fact is not known is left out",
    ),
    ActionRow(
        name="remove_headers", read=_remove_headers, example=_REMOVE, doc="take headers out of the request",
    ),
    ActionRow(
        name="tenant_control", read=_tenant_control, example=_CONTROL,
        doc="on requests to a vendor's hosts, set the headers that keep people to your own accounts there, in place of any the "
        "client sent; the ready sets are in `apps/tenant-control.yaml`",
    ),
)  # fmt: skip
