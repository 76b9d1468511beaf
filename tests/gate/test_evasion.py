"""Bodies that try to look like something else: whatever cannot be read with certainty is a fact, and the policy blocks it."""

import pytest

from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.decision import Verdict
from lockgate.facts.traffic import Body, Client, Headers, Request
from lockgate.gate.effects import Examine, Forward, Hold, Refuse
from lockgate.gate.events import RequestBodySeen, RequestHeadersSeen
from lockgate.testing.builders import NOON

SECRET = "project nightingale"
POLICY = """
default: allow
on_uninspectable: block
rules:
  - {id: look, when: {app.known: true, operation.carries_payload: true, dlp.profiles: {any: [credentials]}}, then: block}
"""


def seen(path="/v1/chat/completions", content_type="application/json", method="POST"):
    request = Request(
        method=method, scheme="https", host="api.openai.com", port=443, path=path,
        headers=Headers((("content-type", content_type),)),
    )  # fmt: skip
    return RequestHeadersSeen(at=NOON, client=Client(address="192.0.2.7"), request=request, has_body=True)


def texts(effect):
    return [part.text for turn in effect.conversation.turns for part in turn.parts]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"messages":[{"role":"user","content":"%s"}],"messages":[{"role":"user","content":"hi"}]}', "application/json"),
        (b'\xef\xbb\xbf{"messages":[{"role":"user","content":"%s"}]}', "application/json"),
        (b'{"messages":[{"role":"user","content":"%s"}],"n":NaN}', "application/json"),
        (b'{/* */"messages":[{"role":"user","content":"%s"}]}', "application/json"),
        (b'{"messages":[{"role":"user","content":"%s"}]}', "application/x-www-form-urlencoded"),
        (b'{"messages":[{"role":"user","content":"%s"}]}', "application/octet-stream"),
        (b'{"messages":[{"role":"user","content":"%s"}],"n":' + b"9" * 5000 + b"}", "application/json"),
        (b'{"a":' + b"[" * 500 + b'"%s"' + b"]" * 500 + b"}", "application/json"),
        (b'{"messages":[{"role":"\\ud800","content":"%s"}]}', "application/json"),
        (
            b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\n%s\r\n--a--\r\n',
            'multipart/form-data; xboundary=b; boundary="a"',
        ),
        (b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\nhi\r\n--a--\r\n%s', "multipart/form-data; boundary=a"),
        (b'%s\r\n--a\r\nContent-Disposition: form-data; name="x"\r\n\r\nhi\r\n--a--\r\n', "multipart/form-data; boundary=a"),
    ],
    ids=["named twice", "byte order mark", "NaN", "comment", "form", "octets", "long number", "deep", "surrogate",
         "two boundaries", "epilogue", "preamble"],
)  # fmt: skip
def test_a_disguised_text_is_read_or_refused_never_overlooked(play, content, content_type):
    with play(POLICY) as exchange:
        exchange >> seen(content_type=content_type) << Hold
        exchange >> RequestBodySeen(body=Body(content=content.replace(b"%s", SECRET.encode()))) << Examine
        assert any(SECRET in text for text in texts(exchange.last))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037"])
def test_a_text_in_another_encoding_is_read_or_counts_as_unread(play, encoding):
    body = f'{{"messages":[{{"role":"user","content":"{SECRET}"}}]}}'.encode(encoding)
    with play(POLICY) as exchange:
        exchange >> seen(content_type=f"application/json; charset={encoding}") << Hold
        exchange >> RequestBodySeen(body=Body(content=body)) << Examine
        conversation = exchange.last.conversation
        assert conversation.unread or any(SECRET in text for text in texts(exchange.last))


def test_a_refused_exchange_stays_refused_whatever_comes(play):
    with play("default: block\nrules: []\n") as exchange:
        exchange >> seen() << Refuse
        assert exchange.last.decision.verdict is Verdict.BLOCK


def test_every_format_can_be_asked_about_any_body():
    """A reader that raises would turn a hostile body into a failure of the gate."""
    request = seen().request
    for content in (
        b"",
        b"\x00",
        b"[",
        b"{}",
        b"[[]]",
        b'{"messages":0}',
        b'{"messages":[0,null,[]]}',
        b"\xff" * 64,
        b"=" * 64,
    ):
        sniff(request, Body(content=content))
        for wire_format in FORMATS.values():
            wire_format.read_request(request, Body(content=content))


def test_a_get_that_brings_a_body_is_judged_by_the_body(play):
    with play(POLICY) as exchange:
        exchange >> seen(path="/v1/models", method="GET") << Hold
        exchange >> RequestBodySeen(body=Body(content=SECRET.encode())) << Examine


def test_a_get_without_one_keeps_the_operation_of_its_path(play):
    with play(POLICY) as exchange:
        exchange >> seen(path="/v1/models", method="GET") << Hold
        exchange >> RequestBodySeen(body=Body(content=b"")) << Forward(streamed=False)


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Length 40/Filter/ASCIIHexDecode>>stream\n" + SECRET.encode().hex().encode() + b">\nendstream endobj\n"
)


def part(head, value):
    return b'--X\r\nContent-Disposition: form-data; name="p"' + head + b"\r\n\r\n" + value + b"\r\n--X--\r\n"


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        (FORM, b"prompt=project+nightingale"),
        (FORM, b"prompt=project+nightingale&z=caf%E9"),
        (FORM, b"prompt=project+nightingale&z=caf\xe9"),
        (FORM, b"prompt=project+nightingale" + b"&a=1" * 5000),
        (FORM, b'["x&prompt=project+nightingale&y"]'),
        (MULTIPART, part(b"\r\nContent-Type: text/plain; charset=utf-16le", SECRET.encode("utf-16le"))),
        (MULTIPART, part(b"", SECRET.encode("utf-16le"))),
        (MULTIPART, part(b"\r\nContent-Type: text/plain; charset=utf-7", b"project +AG4-ightingale")),
        (MULTIPART, part(b'; filename="a.pdf"\r\nContent-Type: application/pdf', PDF)),
        (MULTIPART, part(b"; filename=a.pdf\r\nContent-Type: application/pdf", PDF)),
        (MULTIPART, part(b"; filename*=UTF-8''a.pdf\r\nContent-Type: application/pdf", PDF)),
        (MULTIPART, part(b"", PDF)),
        ("application/pdf", PDF),
        ("text/plain; charset=utf-7", b"project +AG4-ightingale"),
        ("application/json; charset=cp037", b'{"messages":[{"role":"user","content":"hi"}]}'),
    ],
    ids=["form", "Latin letter, escaped", "Latin letter", "many fields", "JSON as well", "UTF-16 field", "UTF-16 field, untold",
         "UTF-7 field", "PDF", "name without quotes", "extended name", "PDF without a name", "PDF alone", "UTF-7", "EBCDIC"],
)  # fmt: skip
def test_what_others_would_read_is_read_or_known_to_be_unread(play, content_type, content):
    with play(POLICY) as exchange:
        exchange >> seen(path="/v1/moderations", content_type=content_type) << Hold
        exchange >> RequestBodySeen(body=Body(content=content)) << Examine
        conversation = exchange.last.conversation
        unread = conversation.unread or any(file.content for turn in conversation.turns for file in turn.attachments)
        assert unread or any(SECRET in text for text in texts(exchange.last))


def test_a_query_with_a_letter_that_is_no_utf8_is_read(play):
    request = RequestHeadersSeen(
        at=NOON, client=Client(address="192.0.2.7"), has_body=True,
        request=Request(method="POST", scheme="https", host="api.openai.com", port=443, path="/v1/moderations",
                        query="q=project+nightingale&z=%ff"),
    )  # fmt: skip
    with play(POLICY) as exchange:
        exchange >> request << Hold
        exchange >> RequestBodySeen(body=Body(content=b"{}")) << Examine
        assert any(SECRET in text for text in texts(exchange.last))
