"""Content decoding with a bound on what comes out.

Separate because mitmproxy decodes without a limit, and a kilobyte of gzip can become a gigabyte. What cannot be decoded
is a fact, not an error: an unknown coding is undecodable, more than the bound is truncated.
"""

import zlib

import brotli
import zstandard

from lockgate.facts.traffic import Body, Completeness

_CODINGS = ("gzip", "x-gzip", "deflate", "br", "zstd")
_MOST_CODINGS = 3
_MOST_MEMBERS = 256
"""Members of a gzip body, frames of a zstd body: empty ones cost time and add nothing, so that no other limit ends them."""
_STEP = 1 << 16
_ZSTD_STEP = 256
_ZSTD_WINDOW = 8 << 20  # what RFC 8878 section 3.1.1.1.2 asks every decoder to support


def decode_body(raw: bytes, content_encoding: str, limit: int) -> Body:
    """`raw` with its content codings undone, at most `limit` bytes of it."""
    codings = [coding.strip().lower() for coding in content_encoding.split(",") if coding.strip()]
    codings = [coding for coding in codings if coding != "identity"]
    if len(codings) > _MOST_CODINGS or any(coding not in _CODINGS for coding in codings):
        return Body(content=b"", completeness=Completeness.UNDECODABLE, sent=len(raw))
    content = raw
    for coding in reversed(codings):
        try:
            content = _decode(content, coding, limit + 1)
        except (zlib.error, brotli.error, zstandard.ZstdError, ValueError, EOFError):
            return Body(content=b"", completeness=Completeness.UNDECODABLE, sent=len(raw))
    if len(content) > limit:
        return Body(content=content[:limit], completeness=Completeness.TRUNCATED, sent=len(raw))
    return Body(content=content, sent=len(raw))


def _decode(data: bytes, coding: str, limit: int) -> bytes:
    match coding:
        case "gzip" | "x-gzip":
            return _inflate(data, zlib.MAX_WBITS | 16, limit)
        case "deflate":
            try:
                return _inflate(data, zlib.MAX_WBITS, limit)
            except zlib.error:
                return _inflate(data, -zlib.MAX_WBITS, limit)  # some senders leave the zlib header out
        case "br":
            return _unbrotli(data, limit)
        case _:
            return _unzstd(data, limit)


def _inflate(data: bytes, wbits: int, limit: int) -> bytes:
    out = bytearray()
    members = 0
    while data and len(out) < limit:
        members += 1
        if members > _MOST_MEMBERS:
            raise zlib.error("too many members")
        stream = zlib.decompressobj(wbits)
        out += stream.decompress(data, limit - len(out))
        if not stream.eof and len(out) < limit:
            raise zlib.error("ends early")
        data = stream.unused_data if stream.eof else b""  # a body may be several members, one after the other
    return bytes(out)


def _unbrotli(data: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    out = bytearray()
    for start in range(0, len(data), _STEP):
        out += stream.process(data[start : start + _STEP], output_buffer_limit=limit - len(out))
        while len(out) < limit and not stream.can_accept_more_data():
            out += stream.process(b"", output_buffer_limit=limit - len(out))
        if len(out) >= limit:
            return bytes(out)
    if not stream.is_finished():
        raise EOFError("ends early")
    return bytes(out)


def _unzstd(data: bytes, limit: int) -> bytes:
    """Small steps, because one step's output is not bounded by the library: a block of four bytes can stand for 128 KiB."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    out = bytearray()
    position = frames = 0
    while position < len(data):
        frames += 1
        if frames > _MOST_MEMBERS:
            raise zstandard.ZstdError("too many frames")
        frame = decompressor.decompressobj()
        while not frame.eof:
            if position >= len(data):
                raise EOFError("ends early")
            step = data[position : position + _ZSTD_STEP]
            out += frame.decompress(step)
            position += len(step) - len(frame.unused_data)
            if len(out) >= limit:
                return bytes(out[:limit])
    return bytes(out)
