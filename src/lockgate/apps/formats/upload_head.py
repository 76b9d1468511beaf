"""What the head of an upload says about the file in its body: name, type, where it goes, and whether this is all of it.

Separate because every store says it elsewhere: in headers of Google, Meta, Azure and tus, in the query, or in the path alone.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from lockgate.apps.formats.address import request_address
from lockgate.facts.traffic import Request

_NAME_HEADERS = ("x-file-name", "x-filename", "x-goog-upload-file-name", "x-upload-file-name", "x-entity-name", "slug")
_NAME_FIELDS = ("filename", "file_name", "name")
_TYPE_HEADERS = ("x-goog-upload-header-content-type", "x-upload-content-type", "x-ms-blob-content-type", "x-entity-type")
_DISPOSITION = re.compile(r"""filename\*?=(?:UTF-8'[^']{0,16}')?"?([^";]{1,1024})""", re.IGNORECASE)
_ENDS_AS_FILE = re.compile(r"[^/]{1,200}\.[A-Za-z0-9]{1,8}", re.ASCII)
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)
_PIECE_FIELDS = frozenset({"partnumber", "part_number", "blockid", "chunkindex", "chunk_index"})
_MAX_NAME = 1024
_MAX_FIELDS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadHead:
    """`name` and `media_type` may be empty. `address` is the place without its key, `is_piece` that this may not be all."""

    name: str
    media_type: str
    address: str
    is_piece: bool


def upload_head(request: Request, size: int) -> UploadHead:
    """What is said about a file of which `size` bytes are in the body."""
    fields = _query_fields(request)
    return UploadHead(
        name=_name(request, fields)[:_MAX_NAME],
        media_type=_media_type(request),
        address=request_address(request),
        is_piece=_is_piece(request, fields, size),
    )


def _query_fields(request: Request) -> dict[str, str]:
    try:
        return {name.lower(): value for name, value in parse_qsl(request.query, max_num_fields=_MAX_FIELDS)}
    except ValueError:
        return {}


def _name(request: Request, fields: dict[str, str]) -> str:
    headers = request.headers
    disposed = _DISPOSITION.search(headers.get("content-disposition"))
    if disposed:
        return unquote(disposed.group(1)).strip()
    named = next((value for header in _NAME_HEADERS if (value := headers.get(header))), "")
    if named:
        return unquote(named)
    told = _metadata(headers.get("upload-metadata")).get("filename", "")
    asked = next((value for field in _NAME_FIELDS if (value := fields.get(field))), "")
    last = unquote(request.path.rpartition("/")[2])
    return told or asked or (last if _ENDS_AS_FILE.fullmatch(last) else "")


def _metadata(header: str) -> dict[str, str]:
    """The pairs of tus' `Upload-Metadata`: a name, a blank and base64, with commas between."""
    found: dict[str, str] = {}
    for pair in header[:4096].split(","):
        name, _, encoded = pair.strip().partition(" ")
        try:
            found[name.lower()] = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return found


def _media_type(request: Request) -> str:
    told = next((value for header in _TYPE_HEADERS if (value := request.headers.get(header))), "")
    return told.partition(";")[0].strip().lower() or request.media_type


def _is_piece(request: Request, fields: dict[str, str], size: int) -> bool:
    headers = request.headers
    found = _RANGE.match(headers.get("content-range"))
    if found:
        return found.group(1) != "0" or found.group(3) != str(int(found.group(2)) + 1)
    command = headers.get("x-goog-upload-command")
    if command:
        return "finalize" not in command or headers.get("x-goog-upload-offset", "0") != "0"
    if headers.get("upload-offset"):
        # Whoever creates the upload says how long it is; a PATCH alone does not tell whether it brings everything.
        return headers.get("upload-offset") != "0" or headers.get("upload-length") != str(size)
    if headers.get("x-entity-length"):
        return headers.get("offset", "0") != "0" or headers.get("x-entity-length") != str(size)
    return not _PIECE_FIELDS.isdisjoint(fields) or fields.get("comp", "") in ("block", "appendblock", "page")
