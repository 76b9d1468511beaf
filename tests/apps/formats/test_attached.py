"""What a file is, is told by its content, whatever it is declared to be; nothing in it can raise."""

import base64
import io
import zipfile
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.formats.attached import UNKNOWN_TYPE, attached, detected_type
from lockgate.apps.formats.page import Page
from lockgate.facts.prompt import Role


def archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return held.getvalue()


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(40), "image/jpeg"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (archive("a.txt"), "application/zip"),
        (
            archive("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "application/x-ole-storage"),
        (b"MZ\x90\x00" + bytes(200), "application/x-msdownload"),
        (b"a,b\n1,2\n", "text/plain"),
        (b"ok", "text/plain"),
        ("naïve ".encode() * 3000, "text/plain"),
        (b"<!DOCTYPE html><html></html>", "text/html"),
        (bytes(range(1, 32)) * 8, UNKNOWN_TYPE),
        (b"", "text/plain"),
    ],
)
def test_the_type_by_content(content: bytes, media_type: str):
    assert detected_type(content) == media_type


@given(st.binary(max_size=200), st.sampled_from([b"", PNG, archive("a"), b"\x00\x00\x00\x18ftypmp42", b"\x1a\x45\xdf\xa3"]))
def test_no_content_raises(rest: bytes, beginning: bytes):
    assert "/" in detected_type(beginning + rest)


def test_a_file_is_known_by_size_and_digest_also_when_its_text_is_kept_elsewhere():
    file = attached(b"a,b\n1,2\n", name="t.csv", media_type="text/csv", is_text=True)
    assert (file.content, file.size, file.sha256) == (None, 8, sha256(b"a,b\n1,2\n").hexdigest())
    assert (file.media_type, file.detected) == ("text/csv", "text/plain")


def test_of_very_many_files_the_first_are_looked_into():
    encoded = base64.b64encode(PNG).decode()
    page = Page({"images": [encoded] * 100})
    page.open(Role.USER, ("images",))
    for index in range(100):
        assert page.data(("images", index))
    (turn,) = page.conversation().turns
    types = [file.detected for file in turn.attachments]
    assert (types[0], types[63], types[64], types[99]) == ("image/png", "image/png", UNKNOWN_TYPE, UNKNOWN_TYPE)
    assert len({file.sha256 for file in turn.attachments}) == 1
