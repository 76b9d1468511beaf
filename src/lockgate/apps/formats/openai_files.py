"""Files for models: uploads in one piece or in parts, files of requests to be worked off later, and what points at such files.

A file of requests (a batch, training examples) is read line by line, prompt by prompt; any other text file as a text. Also the
calls that put an uploaded file to use: parts completed, stores filled, batches begun.
https://platform.openai.com/docs/api-reference/files
"""

import re
from typing import override

from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.budget import Budget
from lockgate.apps.formats.json_text import Parsed, unreadable
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, string
from lockgate.apps.formats.media_fields import fields, parse_media, read_fields
from lockgate.apps.formats.multipart_document import claim_files
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.refusal import openai_error, refuse_with_json
from lockgate.apps.formats.request_lines import MAX_VALUES, lines_of, read_lines, written_lines
from lockgate.apps.formats.upload_format import UploadFormat
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, Role
from lockgate.facts.traffic import Answer, Body, Request

_PIECE = re.compile(r"/uploads/([A-Za-z0-9_-]{1,128})/parts$")
_REFERENCES = ("file_id", "input_file_id", "training_file", "validation_file")
_LISTS = ("file_ids", "files")


class OpenAiFiles(UploadFormat):
    """`openai-files`."""

    id = "openai-files"

    @override
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """The vendor's error object."""
        return refuse_with_json(refusal, request, openai_error(refusal))

    @override
    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:
        parsed = parse_media(request, body)
        if isinstance(parsed, Unreadable) or not parsed.files:
            return parsed
        budget = Budget(MAX_VALUES)
        texts = {path: string(dig(parsed.value, *path)) for path in _text_files(parsed)}
        found = {path: values for path, text in texts.items() if (values := lines_of(text, budget))}
        for path, values in found.items():
            _put(parsed.value, path, values)

        def write(document: object) -> bytes:
            for path in found:
                _put(document, path, written_lines(dig(document, *path)))
            return parsed.write(document)

        return Parsed(value=parsed.value, write=write, files=parsed.files)

    @override
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        if not is_object(document) and not is_array(document):
            return unreadable("neither a form nor an object")
        read_fields(page, document, {})
        piece = _PIECE.search(request.path)
        for file in page.files:
            if is_array(dig(document, *file.path)):
                read_lines(page, dig(document, *file.path), file.path)
        page.open(Role.USER, page.files[0].path[:1] if page.files else ())
        claim_files(page, document, reference=piece.group(1) if piece else "")
        if is_object(document):
            if string(document.get("filename")):
                page.names(string(document["filename"]), ("filename",), media_type=string(document.get("mime_type")))
            _read_references(page, document)
        if piece:
            page.could_not_read("a file that is sent in pieces")
        return page.conversation()


def _text_files(parsed: Parsed) -> list[Path]:
    return [file.path for file in parsed.files if isinstance(dig(parsed.value, *file.path), str)]


def _put(document: object, path: Path, value: object) -> None:
    pair = dig(document, *path[:1])
    if is_array(pair):
        pair[1] = value


def _read_references(page: Page, document: dict[str, object]) -> None:
    for name, path in fields(document):
        if name in _REFERENCES:
            page.reference(document[name], path)
        for index, item in enumerate(items(document[name]) if name in _LISTS else []):
            page.reference(item, (*path, index))
            page.reference(dig(item, "file_id"), (*path, index, "file_id"))
