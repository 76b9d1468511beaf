"""Uploads: which file, how much of it, and by which names it is known afterwards."""

import json

import pytest
from wire_samples.notations import BOUNDARY, MULTIPART, as_multipart

from lockgate.apps.formats.address import request_address, stable_address
from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.traffic import Body, Headers, Request, Response

PDF = b"%PDF-1.7 \x00\x01"
REFUSAL = Refusal(message="Not <allowed> & logged. Reference abc123", code="rule", reference="abc123")


def put(content=PDF, host="files.example", path="/files/f-1/raw", query="", **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    request = Request(method="PUT", scheme="https", host=host, port=443, path=path, query=query, headers=Headers(pairs))
    return request, FORMATS["file-bytes"].read_request(request, Body(content=content))


def test_a_binary_body_is_one_file_with_its_name_type_and_address():
    _, said = put(
        content_type="application/pdf", content_disposition="attachment; filename*=UTF-8''pl%C3%A4ne.pdf", query="sig=s"
    )
    (turn,) = said.turns
    (file,) = turn.attachments
    assert (file.name, file.media_type, file.content) == ("pläne.pdf", "application/pdf", PDF)
    assert file.reference == "https://files.example/files/f-1/raw"
    assert (said.prompt, said.unread) == (None, ())


def test_a_text_body_is_the_text_of_a_file_whatever_it_is_declared():
    _, said = put(b"colour, count\nred, 1", content_type="application/octet-stream")
    (part,) = said.turns[0].parts
    assert (part.kind.value, part.text) == ("file", "colour, count\nred, 1")
    assert said.turns[0].attachments[0].content is None


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ({"x_file_name": "a%20b.txt"}, "a b.txt"),
        ({"x_goog_upload_file_name": "c.png"}, "c.png"),
        ({"upload_metadata": "filetype dGV4dA==,filename ZC5jc3Y="}, "d.csv"),
        ({"query": "filename=e.md&x=1"}, "e.md"),
        ({"path": "/up/f%2Dg.docx"}, "f-g.docx"),
        ({"path": "/up/0a0b0c"}, ""),
    ],
)
def test_where_the_name_of_a_file_is_found(head, name):
    assert put(**head)[1].turns[0].attachments[0].name == name


@pytest.mark.parametrize(
    ("head", "is_piece"),
    [
        ({"content_range": "bytes 0-10/11"}, False),
        ({"content_range": "bytes 0-10/40"}, True),
        ({"content_range": "bytes 11-21/22"}, True),
        ({"content_range": "bytes 0-10/*"}, True),
        ({"x_goog_upload_command": "upload, finalize", "x_goog_upload_offset": "0"}, False),
        ({"x_goog_upload_command": "upload", "x_goog_upload_offset": "0"}, True),
        ({"x_goog_upload_command": "upload, finalize", "x_goog_upload_offset": "11"}, True),
        ({"upload_offset": "0"}, True),
        ({"upload_offset": "0", "upload_length": "11"}, False),
        ({"x_entity_length": "11", "offset": "0"}, False),
        ({"x_entity_length": "12", "offset": "0"}, True),
        ({"query": "partNumber=2&uploadId=u"}, True),
        ({"query": "comp=block&blockid=b"}, True),
        ({"query": "x-id=PutObject"}, False),
    ],
)
def test_a_piece_of_a_file_is_a_partial_look(head, is_piece):
    assert bool(put(**head)[1].unread) is is_piece


def test_the_beginning_of_a_resumable_upload_says_nothing():
    assert put(b"", x_goog_upload_command="start")[1].turns == ()


def heard(content, media_type="application/json", status=200, **headers):
    pairs = (("content-type", media_type), *((name.replace("_", "-"), value) for name, value in headers.items()))
    response = Response(status=status, headers=Headers(pairs))
    return FORMATS["file-json"].read_response(response, Body(content=content.encode()))


def test_an_upload_is_joined_by_its_address_and_no_key_is_kept():
    registered = heard(json.dumps({
        "status": "success", "file_id": "file-Abc", "upload_url": "https://files.example/files/f-1/raw?se=1&sig=opensit",
        "fields": {"key": "uploads/f-1", "AWSAccessKeyId": "K", "policy": "p", "signature": "opensit"},
        "access_key_secret": "opensit", "security_token": "opensit", "user_id": "u-1",
    }))  # fmt: skip
    request, said = put(query="se=1&sig=opensit")
    assert said.turns[0].attachments[0].reference in registered.references
    assert registered.references == ("file-Abc", request_address(request), "uploads/f-1")
    assert "opensit" not in repr(registered)


def test_a_resumable_upload_is_joined_by_a_digest_of_its_id():
    begun = heard("", x_goog_upload_url="https://push.example/upload/?authuser=1&upload_id=one-time")
    assert begun.references == (stable_address("https://push.example/upload/?upload_id=one-time"),)
    assert "one-time" not in begun.references[0]
    assert begun.references != heard("", x_goog_upload_url="https://push.example/upload/?upload_id=other").references
    assert stable_address("not a url") == stable_address("https://[broken") == ""


def test_answers_that_are_text_or_lines():
    assert heard("/contrib_service/ttl_1d/172x_AbC\n", "text/plain").references == ("/contrib_service/ttl_1d/172x_AbC",)
    lines = '{"file_id":"file-1","event":"file.processing.started"}\n{"file_id":"file-1","event":"done"}\n'
    assert heard(lines, "application/x-ndjson").references == ("file-1",)
    xml = "<PostResponse><Location>https://b.example/k-1?x=1</Location><Key>k-1</Key></PostResponse>"
    assert heard(xml, "application/xml", 201).references == ("https://b.example/k-1", "k-1")
    assert heard("<Error><Code>x</Code><Message>Too old</Message></Error>", "application/xml", 403).error == "Too old"
    assert heard('{"text": "what was said"}').text == "what was said"


def test_a_store_gets_the_error_of_a_store():
    request, _ = put(host="bucket.s3.amazonaws.com")
    given = FORMATS["file-bytes"].refuse(REFUSAL, request, None)
    assert given.status == 400
    assert b"<Message>Not &lt;allowed&gt; &amp; logged. Reference abc123</Message>" in given.content


def post(format_id, content, **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    request = Request(method="POST", scheme="https", host="x.example", port=443, path="/up", headers=Headers(pairs))
    return FORMATS[format_id].read_request(request, Body(content=content))


def files_of(said):
    return [(file.name, file.media_type, file.reference, file.content) for turn in said.turns for file in turn.attachments]


def test_a_signed_form_names_its_object():
    fields = {"key": "user/1/plan.txt", "policy": "x" * 20, "file": ["plan.txt", "text/plain", "hi"]}
    said = post("file-form", as_multipart(fields), content_type=MULTIPART["content-type"])
    assert files_of(said) == [("plan.txt", "text/plain", "user/1/plan.txt", None)]
    assert [part.text for turn in said.turns for part in turn.parts if part.kind.value == "file"] == ["hi"]


def test_a_binary_file_of_a_form_is_kept_whole_and_a_body_without_end_is_unreadable():
    named = 'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf'
    whole = f"--{BOUNDARY}\r\n{named}\r\n\r\n".encode() + PDF + f"\r\n--{BOUNDARY}--\r\n".encode()
    assert files_of(post("file-form", whole, content_type=MULTIPART["content-type"])) == [("a.pdf", "application/pdf", "", PDF)]
    assert not hasattr(post("file-form", whole[:-10], content_type=MULTIPART["content-type"]), "turns")


@pytest.mark.parametrize(
    ("document", "files"),
    [
        ({"file_name": "p.pdf", "file_size": 5, "use_case": "my_files"}, [("p.pdf", "", "", None)]),
        ({"file_id": "file-1", "use_case": "multimodal", "file_name": "p.pdf"}, [("p.pdf", "", "file-1", None)]),
        ({"files": {"u-1": {"filename": "p.pdf", "content_type": "application/pdf", "file_size": 5}}},
         [("p.pdf", "application/pdf", "", None)]),
        ({"filename_list": ["a.png", "b.png"], "module": "chat"}, [("a.png", "", "", None), ("b.png", "", "", None)]),
        ({"fileName": "p.pdf", "fileMimeType": "application/pdf", "content": "JVBERi0x" + "A" * 300},
         [("p.pdf", "application/pdf", "", b"%PDF-1" + b"\0" * 225)]),
        ({"fileName": "p.txt", "content": "AKIA5678ABCD1234"}, [("p.txt", "", "", None)]),
        ({"name": "somebody", "plan": "free"}, []),
    ],
)  # fmt: skip
def test_files_named_or_carried_in_json(document, files):
    assert files_of(post("file-json", json.dumps(document).encode())) == files


def test_an_address_that_takes_several_notations():
    assert files_of(post("file-upload", PDF, content_type="image/png"))[0][3] == PDF
    assert files_of(post("file-upload", b'{"file_name": "p.pdf"}', content_type="application/json")) == [
        ("p.pdf", "", "", None)
    ]
    assert files_of(post("file-upload", b'{"file_na', content_type="application/json"))[0][1] == "application/json"


def test_one_json_value_per_line_each_with_a_file():
    lines = [
        {"key": "header", "value": {"summary": "a commit"}},
        {"key": "file", "value": {"path": "plan.txt", "content": "dGhlIHBsYW4=", "encoding": "base64"}},
        {"key": "file", "value": {"filename": "note.txt", "content": "a note"}},
    ]
    said = post("file-json", b"\n".join(json.dumps(value).encode() for value in lines))
    texts = [part.text for turn in said.turns for part in turn.parts if part.kind.value == "file"]
    assert texts == ["the plan", "a note"]
