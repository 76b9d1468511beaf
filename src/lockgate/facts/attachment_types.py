"""What sort of file an attachment is, and whether it is declared to be something else.

Separate from finding it out, which needs the bytes: this is a judgement over two names of types. It must never take a name for
a proof: what nobody knows is not disguised.
"""

from lockgate.facts.prompt import Attachment

_ANYTHING = frozenset({"", "application/octet-stream", "application/unknown", "binary/octet-stream", "application/x-unknown"})
_SAME = {
    "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "application/x-pdf": "application/pdf",
    "application/x-gzip": "application/gzip", "text/rtf": "application/rtf", "image/vnd.microsoft.icon": "image/x-icon",
    "application/vnd.microsoft.portable-executable": "application/x-msdownload", "application/exe": "application/x-msdownload",
    "application/x-dosexec": "application/x-msdownload", "application/x-msdos-program": "application/x-msdownload",
    "application/x-zip-compressed": "application/zip", "application/x-zip": "application/zip",
    "application/x-rar-compressed": "application/x-rar", "application/vnd.rar": "application/x-rar",
}  # fmt: skip
"""Other names of one type."""

_ARCHIVES = (
    "application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.", "application/vnd.ms-", "application/epub",
    "application/java-archive", "application/x-java-archive", "application/vnd.android.", "application/zip",
)  # fmt: skip
"""Types whose files are ZIP archives."""

_IN_OLE = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/x-msi",
                     "application/vnd.ms-outlook", "application/vnd.visio", "application/vnd.ms-project"})  # fmt: skip
_TEXTS = ("json", "xml", "javascript", "ecmascript", "typescript", "yaml", "toml", "sql", "graphql", "csv", "x-sh", "x-python",
          "x-ipynb", "jsonl", "ndjson", "x-tex", "rtf", "x-subrip", "pem", "x-php", "x-httpd-php",
          "vnd.ms-excel")  # fmt: skip
"""Of `application/`: what is text, or what browsers call text (tables with commas, by the program that opens them)."""
_SOUND_OR_FILM = ("audio/", "video/")


def type_of(attachment: Attachment) -> str:
    """The type by content; the declared one for a file whose content is not in the request."""
    return attachment.detected or _plain(attachment.media_type)


def is_disguised(attachment: Attachment) -> bool:
    """Whether a file is declared to be of a type that its content is not of."""
    declared, found = _plain(attachment.media_type), _plain(attachment.detected)
    if declared in _ANYTHING or found in _ANYTHING or "*" in declared or "/" not in declared or declared == found:
        return False
    if declared.startswith("multipart/") or declared in ("application/x-www-form-urlencoded", "application/grpc"):
        return False  # about the notation of the body, not about a file
    if found.startswith("text/"):
        textual = declared.partition("/")[2].rpartition("+")[2].removeprefix("x-")
        return not (declared.startswith("text/") or textual in _TEXTS or f"x-{textual}" in _TEXTS)
    if found.startswith(_ARCHIVES):
        return not declared.startswith(_ARCHIVES)
    if found == "application/x-ole-storage":
        return declared not in _IN_OLE
    return not (found.startswith(_SOUND_OR_FILM) and declared.startswith(_SOUND_OR_FILM))


def _plain(media_type: str) -> str:
    plain = media_type.partition(";")[0].strip().lower()
    return _SAME.get(plain, plain)
