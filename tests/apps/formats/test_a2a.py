"""Agents that speak with agents."""

import json

import pytest

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.traffic import Body

REFUSAL = Refusal(message="Not allowed here.", code="rule", reference="abc")


def call(method, message, **more):
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"message": message, **more}}


def test_both_versions_parts_are_read(read, said):
    old = {"role": "user", "contextId": "c", "parts": [
        {"kind": "text", "text": "ask"},
        {"kind": "file", "file": {"name": "a.txt", "mimeType": "text/plain", "bytes": "d29yZHM="}},
        {"kind": "file", "file": {"name": "b.png", "uri": "https://example.com/b.png"}},
        {"kind": "data", "data": {"k": "value"}},
    ]}  # fmt: skip
    new = {"role": "ROLE_USER", "contextId": "c", "parts": [
        {"text": "ask"}, {"raw": "d29yZHM=", "filename": "a.txt", "mediaType": "text/plain"},
        {"url": "https://example.com/b.png", "filename": "b.png"}, {"data": {"k": "value"}},
    ]}  # fmt: skip
    for document in (call("message/send", old), call("SendMessage", new)):
        conversation = read("a2a", document)
        for row in (("user", "text", "ask"), ("user", "file", "words"), ("user", "file", "value")):
            assert row in said(conversation)
        assert conversation.id == "c"
        assert conversation.call_ids == (7,)
        files = [(file.name, file.reference) for file in conversation.turns[-1].attachments]
        assert files == [("a.txt", ""), ("b.png", "https://example.com/b.png")]
    conversation = read("a2a", {"message": new}, "/v1/message:send")
    assert ("user", "text", "ask") in said(conversation)


def test_upkeep_is_no_prompt(read):
    task = read("a2a", {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "task-1"}})
    assert (task.background, task.id) == (True, "task-1")
    assert not read("a2a", call("message/send", {"parts": [{"kind": "text", "text": "x"}]})).background


@pytest.mark.parametrize(
    "document",
    [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [{"to": "0x0"}]},
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}},
        {"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": {}},
        {"jsonrpc": "2.0", "id": 1, "method": "message/list", "params": {}},
        {"message": {"text": "a chat of people"}},
    ],
)
def test_other_calls_are_not_taken_for_it(make_request, document):
    assert sniff(make_request("/rpc"), Body(content=json.dumps(document).encode())) is None


WHOLE = [
    {"result": {"kind": "message", "role": "agent", "contextId": "c", "parts": [{"kind": "text", "text": "said"}]}},
    {"result": {"kind": "task", "contextId": "c", "status": {"state": "completed"},
                "artifacts": [{"artifactId": "a", "parts": [{"kind": "text", "text": "said"}]}]}},
    {"result": {"task": {"contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"},
                         "artifacts": [{"artifactId": "a", "parts": [{"text": "said"}]}]}}},
    {"message": {"role": "ROLE_AGENT", "contextId": "c", "parts": [{"text": "said"}]}},
    {"task": {"contextId": "c", "status": {"state": "TASK_STATE_INPUT_REQUIRED", "message": {"parts": [{"text": "said"}]}}}},
]  # fmt: skip


@pytest.mark.parametrize("whole", WHOLE)
def test_whole_answers_of_both_versions(answer, whole):
    heard = answer("a2a", json.dumps(whole), "application/a2a+json")
    assert (heard.text, heard.conversation, heard.finished, heard.error) == ("said", "c", True, "")


def test_a_stream_of_the_newer_version(answer, sse):
    part = {"artifactId": "a", "parts": [{"text": "one"}]}
    more = {"artifactId": "a", "parts": [{"text": " two"}]}
    heard = answer(
        "a2a",
        sse(
            {"task": {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_SUBMITTED"}}},
            {"artifactUpdate": {"contextId": "c", "artifact": part}},
            {"artifactUpdate": {"contextId": "c", "artifact": more, "append": True}},
            {"statusUpdate": {"contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"}}},
        ),
    )
    assert (heard.text, heard.conversation, heard.finished) == ("one two", "c", True)


def test_a_failed_task_is_an_error(answer, sse):
    failed = {"state": "failed", "message": {"parts": [{"kind": "text", "text": "no seats"}]}}
    assert answer("a2a", sse({"result": {"kind": "status-update", "status": failed}})).error == "no seats"


def test_a_refusal_answers_under_the_id_of_the_call(read, make_request):
    message = {"parts": [{"kind": "text", "text": "x"}]}
    request = make_request("/agent")
    given = FORMATS["a2a"].refuse(REFUSAL, request, read("a2a", call("message/send", message)))
    body = json.loads(given.content)
    assert (given.status, body["id"], body["error"]["message"]) == (200, 7, "Not allowed here.")
    streamed = FORMATS["a2a"].refuse(REFUSAL, request, read("a2a", call("message/stream", message)))
    assert streamed.headers.get("content-type").startswith("text/event-stream")
    assert json.loads(streamed.content.removeprefix(b"data: "))["id"] == 7
    rest = FORMATS["a2a"].refuse(REFUSAL, make_request("/v1/message:send"), None)
    assert (rest.status, json.loads(rest.content)["error"]["status"]) == (400, "PERMISSION_DENIED")
