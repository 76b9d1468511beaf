"""Files named or carried in JSON: a call that asks for an address to upload to, one that brings the bytes along as base64.

Any JSON that names files by one of the usual members fits, also one value per line. What it says of them becomes attachments,
the rest stays in sight.
"""

from typing import override

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.json_lines import parse_json_lines
from lockgate.apps.formats.json_text import Parsed, parse_json, unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, string
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.upload_format import UploadFormat
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, PartKind, Role
from lockgate.facts.traffic import Request

_NAMES = (
    "file_name",
    "fileName",
    "filename",
    "original_file_name",
    "originalFileName",
    "display_name",
    "displayName",
    "path",
    "name",
)
_TYPES = ("mimeType", "mime_type", "content_type", "contentType", "fileMimeType", "filetype", "file_type", "fileType", "type")
_IDS = ("file_id", "fileId", "file_uuid", "fileUuid", "object_key", "file_key", "file_url", "fileUrl")
_ENCODED = ("base64", "rawImageBytes", "imageBytes", "bytes", "data", "file_data", "fileData", "base64Content", "image")
_TEXTS = ("content", "fileContent", "file_content", "text", "extracted_content")
_SIZES = frozenset({"file_size", "fileSize", "filesize", "size", "size_bytes", "use_case", "content_length", "bytes"})
_LISTS = ("filename_list", "filenames", "file_names", "fileNames", "file_name_list")
_LEAST_ENCODED = 256
"""Characters. What is shorter and not declared as base64 is text that happens to look like it."""
_MAX_FILES = 256
_MAX_DEPTH = 8


class FileJson(UploadFormat):
    """`file-json`."""

    id = "file-json"

    @override
    def _decode(self, content: bytes) -> Parsed | Unreadable:
        parsed = parse_json(content)
        return parsed if isinstance(parsed, Parsed) else parse_json_lines(content) or parsed

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document) and not is_array(document):
            return unreadable("not an object")
        page.open(Role.USER, ())
        level: list[tuple[Path, object]] = [((), document)]
        for _ in range(_MAX_DEPTH):
            for path, node in level[:_MAX_FILES]:
                _read_file(page, node, path)
            level = [below for path, node in level for below in _below(path, node)]
        return page.conversation(conversation_id=string(dig(document, "conversation_id")))


def _below(path: Path, node: object) -> list[tuple[Path, object]]:
    if is_object(node):
        return [((*path, name), child) for name, child in node.items() if is_object(child) or is_array(child)]
    return [((*path, index), child) for index, child in enumerate(items(node)) if is_object(child) or is_array(child)]


def _read_file(page: Page, node: object, path: Path) -> None:
    """What one object says of a file, if it speaks of one."""
    if not is_object(node):
        return
    for field in _LISTS:
        for index, listed in enumerate(items(node.get(field))):
            page.names(string(listed), (*path, field, index))
    name = next((string(node[field]) for field in _NAMES if string(node.get(field))), "")
    media_type = next((string(node[field]) for field in _TYPES if "/" in string(node.get(field))), "")
    if _read_content(page, node, path, name, media_type):
        return
    identifier = next((string(node[field]) for field in _IDS if string(node.get(field))), "")
    if identifier:
        page.reference(identifier, path, name=name, media_type=media_type)
    elif name and (media_type or not _SIZES.isdisjoint(node) or "name" not in node):
        page.names(name, path, media_type=media_type)


def _read_content(page: Page, node: dict[str, object], path: Path, name: str, media_type: str) -> bool:
    """The file itself, encoded or as text. Whether it was there."""
    for field in _ENCODED:
        if isinstance(node.get(field), str) and page.data((*path, field), name=name, media_type=media_type):
            return True
    field = next((field for field in _TEXTS if string(node.get(field))), "")
    text = string(node.get(field))
    declared = text.startswith("data:") or string(node.get("encoding")).lower() == "base64"
    encoded = declared or len(text) >= _LEAST_ENCODED
    if text and not (encoded and page.data((*path, field), name=name, media_type=media_type)):
        page.text((*path, field), PartKind.FILE)
        page.names(name, path, media_type=media_type)
    return bool(text)
