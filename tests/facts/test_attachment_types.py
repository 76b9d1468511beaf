"""A file that is declared to be what it is not is told; what is only named otherwise is not."""

import pytest

from lockgate.facts.attachment_types import is_disguised, type_of
from lockgate.facts.prompt import Attachment

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("declared", "detected", "disguised"),
    [
        ("image/png", "application/x-msdownload", True),
        ("text/plain", "image/png", True),
        ("application/pdf", "application/zip", True),
        ("application/pdf", "text/plain", True),
        ("image/png", "application/x-ole-storage", True),
        ("image/jpg", "image/jpeg", False),
        ("image/png; charset=x", "image/png", False),
        (WORD, "application/zip", False),
        ("application/zip", WORD, False),
        ("application/msword", "application/x-ole-storage", False),
        ("application/vnd.ms-excel", "text/plain", False),
        ("application/json", "text/plain", False),
        ("image/svg+xml", "text/plain", False),
        ("application/x-sh", "text/plain", False),
        ("text/csv", "text/plain", False),
        ("audio/webm", "video/webm", False),
        ("application/octet-stream", "image/png", False),
        ("image/*", "application/zip", False),
        ("", "image/png", False),
        ("image/png", "application/octet-stream", False),
        ("image/png", "", False),
        ("multipart/form-data", "application/zip", False),
    ],
)
def test_a_disguise(declared: str, detected: str, *, disguised: bool):
    assert is_disguised(Attachment(media_type=declared, detected=detected)) is disguised


def test_the_type_is_that_of_the_content_and_of_a_file_that_is_only_named_the_declared_one():
    assert type_of(Attachment(media_type="image/png", detected="text/plain")) == "text/plain"
    assert type_of(Attachment(media_type="Image/JPG; q=1", reference="file-1")) == "image/jpeg"
