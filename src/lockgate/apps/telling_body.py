"""What a body shows of being meant for a model: its fields, models named in it, texts that somebody typed.

Separate from weighing, which adds this to what the head shows. Bounded: of a large body the beginning is looked at. It must
never keep a word of what was said.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import parse_qsl

from lockgate.apps.formats import quick_json
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, members, string
from lockgate.apps.telling_words import (
    HISTORIES,
    MEANT_FOR,
    MEDIA,
    MODEL_FIELDS,
    MODEL_ROLES,
    PROMPTS,
    SAID,
    SETTINGS,
    THREADS,
    TYPED,
    VOICES,
    is_model,
    plain,
)
from lockgate.facts.traffic import Request

BEGINNING = 16 * 1024
"""Bytes of a body that is no JSON which are looked at."""
_MOST_NODES = 600
_MOST_INNER = 8
_LONGEST_INNER = 8 * 1024
_DEEPEST = 8
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_FIELD = re.compile(rb'(?<!file)name="?([^"\r\n;]{1,64})', re.IGNORECASE)
_RUN = re.compile(rb"[\x20-\x7e\xc3-\xf4\x80-\xbf]{3,400}")
_OPERATION = re.compile(r"\s{0,40}(?:query|mutation|subscription|\{)[\s\w({$]")
_OPERATIONS = frozenset({"operationname", "queryname", "fbapireqfriendlyname", "mutation"})
_NAMES = re.compile(r"\b[A-Za-z]\w{2,60}")
_TELLING = SETTINGS | THREADS | MEDIA | VOICES | MEANT_FOR | {"stream"}
_CJK = "\u2e80"
_TEXTS = frozenset({"content", "text", "parts", "message", "value"})


@dataclass(slots=True)
class BodyTells:
    """What was found, as counts and yes or no."""

    settings: set[str] = field(default_factory=set[str])
    names_model: bool = False
    model_field: bool = False
    prompt: int = 0
    typed: bool = False
    says: bool = False
    in_thread: bool = False
    meant_for: bool = False
    roles: int = 0
    streams: bool = False
    media: bool = False
    voice: bool = False
    graphql: str = ""


def legible(request: Request, content: bytes) -> object:
    """A body as plain data: JSON as it is, the fields of a form as an object, of anything else the texts in it."""
    media_type = request.media_type
    if media_type == "multipart/form-data":
        return _fields(content[:BEGINNING], request.headers.get("content-type"))
    parsed = parse_json(content)
    if isinstance(parsed, Parsed):
        return parsed.value
    if media_type.endswith("x-www-form-urlencoded"):
        text = content[:BEGINNING].decode("utf-8", "replace")
        try:
            return dict(parse_qsl(text, max_num_fields=200))
        except ValueError:
            return None
    if "proto" in media_type or "grpc" in media_type:
        return [run.decode("utf-8", "replace").strip() for run in _RUN.findall(content[:BEGINNING])[:200]]
    return None


def look_into(document: object) -> BodyTells:
    """What a body shows. Only the first few hundred values are looked at."""
    tells = BodyTells()
    left, inner = _MOST_NODES, _MOST_INNER
    # Breadth first: the names that tell stand near the top.
    level: list[tuple[str, object]] = [("", document)]
    for _ in range(_DEEPEST):
        below: list[tuple[str, object]] = []
        for name, given in level[:left]:
            value = given
            if isinstance(given, str) and given[:1] in ("{", "[") and inner and len(given) <= _LONGEST_INNER:
                inner -= 1
                value = _inner(given)
            if is_object(value):
                tells.roles = max(tells.roles, min(_role_weight(value), 1))
                below += [(plain(key), member) for key, member in islice(value.items(), _MOST_NODES)]
            elif is_array(value):
                below += [(name, member) for member in value[:40]]
                tells.roles = max(tells.roles, *(_role_weight(member) for member in value[:40]), 0)
            _take(tells, name, value)
        left -= len(level)
        level = below
        if left <= 0 or not level:
            break
    return tells


def is_words(text: str) -> bool:
    """Whether somebody may have written this: three words, or as much in letters that need no spaces."""
    start = text[:200]
    if start[:1] in ("<", "{", "[") or start.startswith(("http://", "https://", "data:")):
        return False
    letters = sum(map(str.isalpha, start))
    without_spaces = sum(character >= _CJK for character in start)
    return letters * 2 > len(start) and (len(start.split()) >= 3 or without_spaces >= 4)


def _take(tells: BodyTells, name: str, value: object) -> None:
    if name in _TELLING:
        _take_field(tells, name, value)
    if isinstance(value, str):
        tells.names_model = tells.names_model or is_model(value)
        tells.model_field = tells.model_field or MODEL_FIELDS.search(name) is not None
        _take_text(tells, name, value)


def _take_field(tells: BodyTells, name: str, value: object) -> None:
    if name in SETTINGS and value not in (None, ""):
        tells.settings.add(name)
    tells.streams = tells.streams or (name == "stream" and isinstance(value, bool))
    tells.in_thread = tells.in_thread or (name in THREADS and isinstance(value, (str, int)))
    tells.media = tells.media or name in MEDIA
    tells.voice = tells.voice or name in VOICES
    tells.meant_for = tells.meant_for or (name in MEANT_FOR and isinstance(value, str))


def _take_text(tells: BodyTells, name: str, text: str) -> None:
    if name in _OPERATIONS or (name == "query" and _OPERATION.match(text)):
        tells.graphql += " " + " ".join(_NAMES.findall(text[:400]))
    elif PROMPTS.search(name):
        tells.prompt = max(tells.prompt, 2 if is_words(text) else 1)
        tells.says = tells.says or tells.prompt > 1
    elif (name in SAID or not name) and is_words(text):
        tells.says = True
        tells.typed = tells.typed or name in TYPED


def _role_weight(value: object) -> int:
    """What a message says by the role of who wrote it. Staff have roles as well, but no list of texts."""
    if not is_object(value) or not ("role" in value or "author" in value):
        return 0
    role = string(value.get("role") or dig(value, "author", "role")).lower().removeprefix("role_")
    if not role or _TEXTS.isdisjoint(value):
        return 0
    return 3 if role in MODEL_ROLES else 2 if role in HISTORIES else 0


def _inner(text: str) -> object:
    try:
        return quick_json.loads(text)
    except ValueError:
        return text


def _fields(content: bytes, content_type: str) -> dict[str, object]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        return {}
    fields: dict[str, object] = {}
    for part in content.split(b"--" + (found.group(1) or found.group(2)).encode("utf-8", "replace"), 100):
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _FIELD.search(head)
        if blank and name is not None and b"filename" not in head:
            fields[name.group(1).decode("utf-8", "replace")] = value[:_LONGEST_INNER].decode("utf-8", "replace").strip()
    return fields


def roles_of(document: object) -> set[str]:
    """The roles in the list of messages of a body."""
    body = members(document)
    said = items(body.get("messages")) or items(body.get("contents"))
    return {string(members(message).get("role")).lower() for message in said}
