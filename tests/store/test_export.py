"""Records as JSON lines."""

import base64
import json
from dataclasses import fields

from lockgate.facts.record import FindingSummary, Record, SealedText
from lockgate.store.export import export_lines, record_fields

SEALED = SealedText(key_id="k", wrapped_key=b"w", nonce=b"n", ciphertext=b"\x00\xff")


def test_every_field_of_a_record_is_exported_under_its_own_name(record):
    shown = record_fields(record("a"))
    assert list(shown) == [field.name for field in fields(Record) if field.name not in ("sealed", "facts")] + ["captured"]


def test_one_line_is_one_record(record):
    finding = FindingSummary(detector="d", profiles=("p",), detection_confidence="high", mask="***", found_in="file")
    lines = list(export_lines([record("a", error="two\nlines"), record("b", findings=(finding,))]))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    assert json.loads(lines[1])["findings"] == [
        {"detector": "d", "profiles": ["p"], "detection_confidence": "high", "mask": "***", "found_in": "file"}
    ]


def test_sealed_bytes_stay_out_unless_asked_for(record):
    (plain,) = export_lines([record("a", sealed=SEALED)])
    (whole,) = export_lines([record("a", sealed=SEALED)], with_sealed=True)
    assert json.loads(plain)["captured"] is True
    assert b"ciphertext" not in plain
    assert base64.b64decode(json.loads(whole)["sealed"]["ciphertext"]) == b"\x00\xff"
