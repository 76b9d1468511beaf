"""Content decoding is bounded, and what cannot be decoded is a fact."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.traffic import Completeness
from lockgate.gate.decode import decode_body

LIMIT = 1 << 16
ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize("coding", ENCODERS)
@given(data=st.binary(max_size=5000))
def test_what_was_encoded_comes_back(coding, data):
    body = decode_body(ENCODERS[coding](data), coding, LIMIT)
    assert (body.content, body.completeness) == (data, Completeness.COMPLETE)


def test_deflate_without_its_zlib_header_is_understood():
    assert decode_body(raw_deflate(b"hello" * 50), "deflate", LIMIT).content == b"hello" * 50


def test_several_gzip_members_are_one_body():
    assert decode_body(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", LIMIT).content == b"ab"


def test_codings_are_undone_in_reverse_order():
    assert decode_body(brotli.compress(gzip.compress(b"x")), "gzip, br", LIMIT).content == b"x"


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_bomb_is_cut_at_the_limit_and_says_so(coding):
    body = decode_body(ENCODERS[coding](b"\0" * 50_000_000), coding, LIMIT)
    assert body.completeness is Completeness.TRUNCATED
    assert len(body.content) == LIMIT


def test_a_plain_body_over_the_limit_is_truncated():
    body = decode_body(b"a" * (LIMIT + 1), "", LIMIT)
    assert (len(body.content), body.completeness) == (LIMIT, Completeness.TRUNCATED)


@pytest.mark.parametrize("coding", ["snappy", "gzip, gzip, gzip, gzip", "aws-chunked"])
def test_an_unknown_or_absurd_coding_is_undecodable(coding):
    assert decode_body(b"whatever", coding, LIMIT).completeness is Completeness.UNDECODABLE


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_cut_stream_is_undecodable(coding):
    encoded = ENCODERS[coding](bytes(range(256)) * 20)
    body = decode_body(encoded[: len(encoded) // 2], coding, LIMIT)
    assert body.completeness is Completeness.UNDECODABLE


@pytest.mark.parametrize("coding", ENCODERS)
@given(data=st.binary(max_size=300))
def test_hostile_bytes_never_raise(coding, data):
    assert len(decode_body(data, coding, 1000).content) <= 1000
