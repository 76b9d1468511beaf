"""What a server answers to an upload: ids and addresses by which a later prompt names the file, or why it was not taken.

Separate because all upload formats share it. It takes names from a list of its own and nothing else: such answers also carry
keys to the store, which must not be kept.
"""

import re
from typing import override

from lockgate.apps.formats.address import stable_address
from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.json_view import dig, is_array, is_object, items, string
from lockgate.facts.traffic import Response

_NAMES = frozenset({
    "documentid", "documentuuid", "downloadurl", "fileid", "fileids", "fileidstring", "filekey", "filemetadataid",
    "filemetadatauri", "filepath", "fileurl", "fileuri", "fileuuid", "id", "imageurl", "key", "objectkey",
    "objecturl", "presignedurl", "presignurl", "presignurls", "s3bucketurl", "s3objecturl", "signedurl", "uploadurl", "uri",
    "url", "uuid", "mediagenerationid",
})  # fmt: skip
"""Members (in lower case, without `_` and `-`) that name an upload."""

_MAX_NODES = 4000
_LOCATIONS = ("location", "x-goog-upload-url", "x-goog-upload-control-url")
_IN_XML = re.compile(r"<(Message|Location|Key)>([^<]{1,2000})</")
_NAME = re.compile(r"[!-~]{4,400}", re.ASCII)
_FAILED = 400


class UploadAnswer(Interpreter):
    """Walks whatever JSON comes back. A transcription's `text` is an answer like any other."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self._failed = response.status >= _FAILED
        for header in _LOCATIONS:
            self.draft.refers_to(stable_address(response.headers.get(header)))

    @override
    def event(self, name: str, data: object) -> None:
        """Take the answer, or one piece of it."""
        if isinstance(data, str):
            self._text(data.strip())
            return
        self.draft.finished = not self._failed
        if is_object(data):
            self.draft.add(Channel.TEXT, "text", dig(data, "text"))
            for number, channel in enumerate(items(dig(data, "results", "channels"))):  # Deepgram
                self.draft.add(Channel.TEXT, number, dig(channel, "alternatives", 0, "transcript"))
            error = dig(data, "error")
            self.draft.failed(dig(error, "message") or error or dig(data, "detail") or dig(data, "data", "biz_msg"))
            if self._failed:
                self.draft.failed(self.draft.error or dig(data, "message"))
        self._walk(data)

    def _text(self, text: str) -> None:
        self.draft.finished = not self._failed and text[:1] not in ("{", "[")  # JSON that ended early
        found = _IN_XML.findall(text[:65536])
        for tag, value in found:
            if tag == "Message":
                self.draft.failed(value)
            else:
                self.draft.refers_to(stable_address(value) or value)
        if self._failed and not found:
            self.draft.failed(text[:2000])
        elif _NAME.fullmatch(text) and not text.startswith("<"):
            self.draft.refers_to(stable_address(text) or text)

    def _walk(self, data: object) -> None:
        stack: list[tuple[str, object]] = [("", data)]
        for _ in range(_MAX_NODES):
            if not stack:
                break
            name, node = stack.pop()
            if is_object(node):
                stack += reversed([(_plain(key), child) for key, child in node.items()])
            elif is_array(node):
                stack += reversed([(name, child) for child in node[:_MAX_NODES]])
            elif name in _NAMES or string(node).startswith("files/"):
                self.draft.refers_to(stable_address(string(node)) or node)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
