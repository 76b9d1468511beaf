"""How bodies that are no plain JSON are written: text, multipart forms, URL-encoded forms."""

import json
from urllib.parse import urlencode

BOUNDARY = "----WebKitFormBoundaryAbc123"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


def text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_text(document: object) -> bytes:
    """A string as it is, anything else as JSON."""
    return text_of(document).encode("utf-8", "surrogatepass")


def as_form(document: object) -> bytes:
    """An object of fields; what is no string is written as JSON in its field."""
    fields = document if isinstance(document, dict) else {"data": document}
    return urlencode({name: text_of(value) for name, value in fields.items()}, errors="surrogatepass").encode()


def as_multipart(document: object) -> bytes:
    """An object of fields, whose values are text, `[file name, media type, text]`, or JSON."""
    fields = document if isinstance(document, dict) else {"data": document}
    written: list[str] = []
    for name, value in fields.items():
        is_file = isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
        head = f'; filename="{value[0]}"\r\nContent-Type: {value[1]}' if is_file else ""
        held = text_of(value[2] if is_file else value)
        written.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{head}\r\n\r\n{held}\r\n')
    return ("".join(written) + f"--{BOUNDARY}--\r\n").encode("utf-8", "surrogatepass")
