"""Files: asked about by rules, kept in records without their names, joined by the ids that vendors give."""

import gzip
import json
from hashlib import sha256

import pytest

from lockgate.facts.decision import Verdict
from lockgate.facts.traffic import Headers, Response
from lockgate.gate.effects import Forward, Hold, Note, PassResponse, Refuse
from lockgate.gate.events import Closed, ResponseChunkSeen, ResponseHeadersSeen
from lockgate.testing.builders import body, head

CLOSED = Closed(duration_ms=1.0, status=200, upstream_contacted=True)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
PROGRAM = b"MZ\x90\x00" + bytes(200)
READ_ALL = "default: allow\nrules: [{id: r, when: {attachment.count: {at_least: 99}}, then: block}]\n"
SENT = "https://sdmntprwestus.oaiusercontent.com/files/file-Abc123xyz/raw?sig=secret"


def record_of(exchange, answer=None, content_encoding="", media_type="application/json"):
    if answer is not None:
        coding = (("content-encoding", content_encoding),) if content_encoding else ()
        response = Response(status=200, headers=Headers((("content-type", media_type), *coding)))
        exchange >> ResponseHeadersSeen(response=response) << PassResponse(tap=True)
        for at in range(0, len(answer), 7):
            exchange >> ResponseChunkSeen(chunk=answer[at : at + 7])
    exchange >> CLOSED << Note
    return exchange.last.record


def put(play, content, policy=READ_ALL, media_type="image/png", effect=Forward):
    with play(policy) as exchange:
        exchange >> head("PUT", SENT, content_type=media_type, x_ms_blob_type="BlockBlob") << Hold()
        exchange >> body(content) << effect
        return record_of(exchange)


@pytest.mark.parametrize(
    ("condition", "content", "verdict"),
    [
        ("attachment.types: application/x-msdownload", PROGRAM, Verdict.BLOCK),
        ("attachment.types: 'application/*'", PNG, Verdict.ALLOW),
        ("attachment.types: {outside: ['image/*', text/plain]}", PROGRAM, Verdict.BLOCK),
        ("attachment.disguised: true", PROGRAM, Verdict.BLOCK),
        ("attachment.disguised: true", PNG, Verdict.ALLOW),
        ("attachment.max_bytes: {above: 100}", PROGRAM, Verdict.BLOCK),
        ("attachment.max_bytes: {above: 100}", PNG, Verdict.ALLOW),
        ("attachment.count: 1", PNG, Verdict.BLOCK),
    ],
)
def test_rules_about_files(play, condition, content, verdict):
    policy = f"default: allow\nrules: [{{id: r, when: {{{condition}}}, then: block}}]\n"
    record = put(play, content, policy, effect=Refuse if verdict is Verdict.BLOCK else Forward)
    assert record.verdict is verdict


def test_names_can_be_asked_for_and_are_in_no_record(play):
    policy = "default: allow\nrules: [{id: r, when: {attachment.names: '*.exe'}, then: block}]\n"
    with play(policy) as exchange:
        exchange >> head("POST", "https://chatgpt.com/backend-api/files", content_type="application/json") << Hold()
        exchange >> body(json.dumps({"file_name": "Quarter-Plan.EXE", "file_size": 9, "use_case": "x"}).encode()) << Refuse
        record = record_of(exchange)
    assert record.verdict is Verdict.BLOCK
    assert "quarter" not in repr(record).lower()


def test_a_record_knows_a_file_by_type_size_and_digest(play):
    record = put(play, PROGRAM)
    (file,) = record.attachments
    assert (file.type, file.declared, file.size) == ("application/x-msdownload", "image/png", len(PROGRAM))
    assert file.sha256 == sha256(PROGRAM).hexdigest()
    assert "file-Abc123xyz" in record.uploaded_as
    assert "secret" not in repr(record)


@pytest.mark.parametrize(
    "coding", [("", lambda answer: answer), ("gzip", gzip.compress), ("deflate", None)], ids=["plain", "gzip", "broken"]
)
def test_the_ids_that_a_server_gives_are_read_along(play, coding):
    name, encode = coding
    answer = json.dumps({"file_id": "file-Abc123xyz", "upload_url": SENT, "status": "success"}).encode()
    with play("default: allow\nrules: []\n") as exchange:
        exchange >> head("POST", "https://chatgpt.com/backend-api/files", content_type="application/json")
        exchange << Forward(streamed=True)
        record = record_of(exchange, encode(answer) if encode else b"not deflated", name)
    assert ("file-Abc123xyz" in record.uploaded_as) is (encode is not None)
    assert "sig" not in repr(record.uploaded_as)


def test_only_a_bounded_beginning_of_an_answer_is_kept(play):
    answer = json.dumps({"file_id": "file-Abc123xyz", "rest": "x" * 70_000}).encode()
    with play("default: allow\nrules: []\n") as exchange:
        exchange >> head("POST", "https://chatgpt.com/backend-api/files", content_type="application/json")
        exchange << Forward(streamed=True)
        record = record_of(exchange, answer)
    assert record.uploaded_as == ()


def test_asked_for_sent_finished_and_named_have_a_name_in_common(play):
    """The flow of ChatGPT: an id and an address are given, bytes go to the address, the prompt names the id."""
    answer = json.dumps({"file_id": "file-Abc123xyz", "upload_url": SENT}).encode()
    with play(READ_ALL) as exchange:
        exchange >> head("POST", "https://chatgpt.com/backend-api/files", content_type="application/json") << Hold()
        exchange >> body(b'{"file_name": "a.png", "file_size": 58, "use_case": "multimodal"}') << Forward(streamed=False)
        asked = record_of(exchange, answer)
    sent = put(play, PNG)
    with play(READ_ALL) as exchange:
        finish = "https://chatgpt.com/backend-api/files/file-Abc123xyz/uploaded"
        exchange >> head("POST", finish, content_type="application/json") << Hold()
        exchange >> body(b"{}") << Forward(streamed=False)
        finished = record_of(exchange)
    message = {
        "author": {"role": "user"},
        "content": {
            "content_type": "multimodal_text",
            "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Abc123xyz"}, "what is it"],
        },
        "metadata": {"attachments": [{"id": "file-Abc123xyz", "name": "a.png", "mimeType": "image/png"}]},
    }
    with play(READ_ALL) as exchange:
        exchange >> head("POST", "https://chatgpt.com/backend-api/f/conversation", content_type="application/json") << Hold()
        exchange >> body(json.dumps({"messages": [message], "model": "auto"}).encode()) << Forward(streamed=False)
        prompt = record_of(exchange)
    assert prompt.refers_to == ("file-Abc123xyz",)
    assert prompt.uploaded_as == ()
    for upload in (asked, sent, finished):
        assert "file-Abc123xyz" in upload.uploaded_as
        assert upload.refers_to == ()
    assert set(asked.uploaded_as) & set(sent.uploaded_as) > {"file-Abc123xyz"}
    assert "a.png" not in repr((asked, sent, finished, prompt))
