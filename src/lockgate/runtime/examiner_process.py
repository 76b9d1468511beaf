"""The process that examines: detectors run here, never in the proxy's event loop.

Separate because a pattern that hangs or a library that crashes may take only this process down; its parent kills and
replaces it. It reads frames from standard input and answers on standard output; it never opens a file beyond the
compiled detectors, never logs content.
"""

import pickle
import signal
import struct
import sys
import time
from typing import BinaryIO, cast

import msgspec

from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.scan import Scanner

_LENGTH = struct.Struct(">I")


class Job(msgspec.Struct, frozen=True, array_like=True):
    """Texts to scan, each with the profiles still wanted for it."""

    texts: tuple[str, ...]
    profiles: tuple[str, ...]


class FoundHit(msgspec.Struct, frozen=True, array_like=True):
    """One hit; offsets are code points of the text it was found in."""

    detector: str
    profiles: tuple[str, ...]
    detection_confidence: int
    start: int
    end: int
    mask: str
    contributions: tuple[str, ...]
    value_mark: bytes


class Findings(msgspec.Struct, frozen=True, array_like=True):
    """The answer to a job: hits per text, whether each text was scanned to its end, and the time spent in microseconds."""

    hits: tuple[tuple[FoundHit, ...], ...]
    complete: tuple[bool, ...]
    spent_us: int


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next length-prefixed frame, or None at the end of the stream."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    return stream.read(length)


def frame(payload: bytes) -> bytes:
    """`payload` with its length in front."""
    return _LENGTH.pack(len(payload)) + payload


def answer(scanner: Scanner, job: Job) -> Findings:
    """Scan every text of a job."""
    started = time.perf_counter_ns()
    wanted = frozenset(job.profiles)
    results = [scanner.scan(text, wanted) for text in job.texts]
    return Findings(
        hits=tuple(
            tuple(
                FoundHit(
                    detector=hit.detector,
                    profiles=hit.profiles,
                    detection_confidence=int(hit.detection_confidence),
                    start=hit.start,
                    end=hit.end,
                    mask=hit.mask,
                    contributions=hit.contributions,
                    value_mark=hit.value_mark,
                )
                for hit in result.hits
            )
            for result in results
        ),
        complete=tuple(result.complete for result in results),
        spent_us=(time.perf_counter_ns() - started) // 1000,
    )


def main() -> None:
    """Take the detectors and the key of values from the first frame, then answer jobs until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when this ends
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    first = read_frame(source)
    if first is None:
        return
    detectors, key = cast("tuple[DetectorSet, bytes]", pickle.loads(first))  # noqa: S301 - from our own parent, over a private pipe
    scanner = Scanner.open(detectors, key=key)
    sink.write(frame(b"ready"))
    sink.flush()
    decoder, encoder = msgspec.msgpack.Decoder(Job), msgspec.msgpack.Encoder()
    while (payload := read_frame(source)) is not None:
        sink.write(frame(encoder.encode(answer(scanner, decoder.decode(payload)))))
        sink.flush()


if __name__ == "__main__":
    main()
