"""Records on the wire."""

import asyncio
from math import inf, nan

import msgspec
import pytest

from lockgate.facts.record import FindingSummary
from lockgate.store.wire import MAX_FRAME_BYTES, BrokenFrame, Hello, decode_record, encode_record, frame, read_from_worker


def there_and_back(record):
    return decode_record(msgspec.Raw(encode_record(record)))


def test_a_record_survives_the_wire(record):
    finding = FindingSummary(detector="d", profiles=("p",), detection_confidence="high", mask="A***")
    whole = record("a", findings=(finding,), tags=("x", "y"), worker=3)
    assert there_and_back(whole) == whole


def test_undecodable_bytes_of_a_request_do_not_cost_the_record(record):
    finding = FindingSummary(detector="d", profiles=("p\udc81",), detection_confidence="high", mask="\udcff")
    shown = there_and_back(record("a", path="/caf\udce9", tags=("\ud800",), findings=(finding,)))
    assert shown.path == "/caf\\udce9"
    assert shown.tags == ("\\ud800",)
    assert shown.findings[0].mask == "\\udcff"


@pytest.mark.parametrize("odd", [nan, inf, -inf])
def test_a_time_that_is_no_number_becomes_zero(record, odd):
    shown = there_and_back(record("a", started_at=odd, first_byte_ms=odd))
    assert (shown.started_at, shown.first_byte_ms, shown.duration_ms) == (0.0, 0.0, 12.5)


def test_what_is_no_record_is_a_broken_frame():
    with pytest.raises(BrokenFrame):
        decode_record(msgspec.Raw(msgspec.msgpack.encode({"id": 7})))


async def read(data):
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await read_from_worker(reader)


async def test_a_message_is_read_back_and_a_cut_one_is_the_end():
    sent = frame(Hello(worker=1, pid=2))
    assert await read(sent) == Hello(worker=1, pid=2)
    assert await read(sent[:-1]) is None
    assert await read(b"") is None


async def test_an_announced_length_beyond_the_limit_is_refused_unread():
    with pytest.raises(BrokenFrame, match="announced"):
        await read((MAX_FRAME_BYTES + 1).to_bytes(4, "big"))


async def test_nonsense_is_a_broken_frame():
    with pytest.raises(BrokenFrame):
        await read(b"\x00\x00\x00\x03abc")
