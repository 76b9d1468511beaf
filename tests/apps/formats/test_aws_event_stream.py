"""Amazon's event stream, byte by byte."""

import struct
from zlib import crc32

from wire_samples.event_stream import aws_event, aws_exception, message

from lockgate.apps.formats.answer_draft import Channel, Interpreter
from lockgate.apps.formats.aws_event_stream import MAX_MESSAGE, AwsEventStreamReader, typed_headers


class Listener(Interpreter):
    def __init__(self):
        super().__init__()
        self.events = []
        self.draft.finished = True

    def event(self, name, data):
        self.events.append((name, data))
        self.draft.add(Channel.TEXT, "", data.get("text") if isinstance(data, dict) else None)


def heard(*pieces):
    listener = Listener()
    reader = AwsEventStreamReader(listener)
    for piece in pieces:
        reader.feed(piece)
    return listener.events, reader.finish()


def test_events_with_their_names_and_payloads():
    events, answer = heard(aws_event("one", {"text": "a"}) + aws_event("two", {"text": "b"}) + message(b"", event_type="three"))
    assert events == [("one", {"text": "a"}), ("two", {"text": "b"}), ("three", None)]
    assert (answer.text, answer.finished) == ("ab", True)


def test_a_stream_that_ends_inside_a_message_is_unfinished():
    stream = aws_event("one", {"text": "a"})
    for end in range(1, len(stream)):
        events, answer = heard(stream[:end])
        assert (events, answer.finished) == ([], False)


def test_a_broken_checksum_ends_the_reading():
    good, more = aws_event("one", {"text": "a"}), aws_event("two", {"text": "b"})
    for position in range(len(good)):
        broken = bytearray(good)
        broken[position] ^= 1
        events, answer = heard(bytes(broken) + more)
        assert not answer.finished
        assert ("two", {"text": "b"}) not in events


def test_a_message_beyond_the_bound_is_skipped_and_the_stream_goes_on():
    large = message(b" " * (MAX_MESSAGE + 1), event_type="large")
    pieces = [large[start : start + 100_000] for start in range(0, len(large), 100_000)]
    events, answer = heard(*pieces, aws_event("after", {"text": "x"}))
    assert events == [("after", {"text": "x"})]
    assert answer.finished


def test_a_length_that_cannot_be_ends_the_reading():
    for total, headers in ((0, 0), (15, 0), (20, 100), (2**32 - 1, 0)):
        prelude = struct.pack(">II", total, headers)
        events, answer = heard(prelude + struct.pack(">I", crc32(prelude)) + aws_event("one", {}))
        assert (events, answer.finished) == ([], False)


def test_exceptions_and_errors_are_told():
    assert heard(aws_exception("throttlingException", "slow down"))[1].error == "slow down"
    error = message(b"", message_type="error", error_code="InternalError", error_message="it broke")
    assert heard(error)[1].error == "it broke"
    assert heard(message(b"", message_type="exception", exception_type="oddException"))[1].error == "oddException"


def test_headers_of_every_type_are_stepped_over():
    def header(name, kind, value):
        return bytes([len(name)]) + name.encode() + bytes([kind]) + value

    written = b"".join((
        header("t", 0, b""), header("f", 1, b""), header("b", 2, b"\1"), header("s", 3, b"\1\2"), header("i", 4, b"\0" * 4),
        header("l", 5, b"\0" * 8), header("y", 6, b"\0\3abc"), header("w", 8, b"\0" * 8), header("u", 9, b"\0" * 16),
        header("name", 7, b"\0\5value"),
    ))  # fmt: skip
    assert typed_headers(written) == {"name": "value"}
    for end in range(len(written)):
        assert typed_headers(written[:end]) == {}
    assert typed_headers(header("odd", 10, b"xx") + written) == {}
