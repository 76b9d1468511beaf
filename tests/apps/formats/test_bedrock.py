"""Amazon Bedrock: what its clients send and hear, whichever vendor's model answers."""

import base64
import json

import pytest
from wire_samples.event_stream import aws_chunk, aws_event, aws_exception

from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.apps.formats.signed_body import SignedBodyError, body_is_signed
from lockgate.facts.traffic import Body

AWS = "application/vnd.amazon.eventstream"
MODEL = "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0"
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/eu-west-1/bedrock/aws4_request, SignedHeaders=host, Signature=00"


def test_blocks_of_every_kind_are_read_as_what_they_are(read, said):
    blocks = [
        {"guardContent": {"text": {"text": "guarded words"}}},
        {"searchResult": {"title": "t", "content": [{"text": "found words"}]}},
        {"citationsContent": {"content": [{"text": "cited words"}]}},
        {"document": {"name": "plan", "format": "pdf", "source": {"s3Location": {"uri": "s3://bucket-1/plan.pdf"}}}},
        {"document": {"name": "note", "format": "txt", "source": {"text": "note words"}}},
        {"image": {"format": "png", "source": {"bytes": "not base64!"}}},
    ]
    conversation = read("bedrock-converse", {"messages": [{"role": "user", "content": blocks}]}, f"{MODEL}/converse")
    found = said(conversation)
    for kind, text in (
        ("text", "guarded words"), ("file", "found words"), ("text", "cited words"), ("file", "note words"),
        ("machine", "s3://bucket-1/plan.pdf"),
    ):  # fmt: skip
        assert ("user", kind, text) in found
    names = [(file.name, file.media_type, file.reference) for file in conversation.turns[-1].attachments]
    assert names == [("plan", "application/pdf", "s3://bucket-1/plan.pdf"), ("note", "text/plain", "")]
    assert conversation.unread == ("inline image",)


def test_the_model_is_in_the_path(read):
    conversation = read("bedrock-converse", {"messages": [{"role": "user", "content": [{"text": "x"}]}]}, f"{MODEL}/converse")
    assert conversation.model == "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0"
    assert not conversation.wants_stream


def test_counting_tokens_is_no_prompt_of_its_own(read, said):
    counted = {"input": {"converse": {"messages": [{"role": "user", "content": [{"text": "count me"}]}]}}}
    conversation = read("bedrock-converse", counted, f"{MODEL}/count-tokens")
    assert said(conversation) == [("user", "text", "count me")]
    assert conversation.background
    body = base64.b64encode(b'{"prompt": "count me, too"}').decode()
    conversation = read("bedrock-converse", {"input": {"invokeModel": {"body": body}}}, f"{MODEL}/count-tokens")
    assert said(conversation) == [("user", "file", '{"prompt": "count me, too"}')]


def test_prompt_variables_and_guardrails(read, said):
    conversation = read("bedrock-converse", {"promptVariables": {"topic": {"text": "whales"}}}, "/model/p/converse")
    assert said(conversation) == [("user", "text", "whales")]
    checked = {"source": "INPUT", "content": [{"text": {"text": "is this allowed"}}]}
    conversation = read("bedrock-converse", checked, "/guardrail/g1/version/1/apply")
    assert said(conversation) == [("user", "text", "is this allowed")]


def test_tools_and_thoughts_in_a_stream(answer):
    def block(index, **more):
        return {"contentBlockIndex": index, **more}

    heard = answer(
        "bedrock-converse",
        aws_event("contentBlockDelta", block(0, delta={"reasoningContent": {"text": "hm"}}))
        + aws_event("contentBlockDelta", block(1, delta={"text": "Let me see."}))
        + aws_event("contentBlockStart", block(2, start={"toolUse": {"toolUseId": "t", "name": "weather"}}))
        + aws_event("contentBlockDelta", block(2, delta={"toolUse": {"input": '{"city":'}}))
        + aws_event("contentBlockDelta", block(2, delta={"toolUse": {"input": '"Oslo"}'}}))
        + aws_event("messageStop", {"stopReason": "tool_use"}),
        AWS,
    )
    assert (heard.text, heard.reasoning, heard.finished) == ("Let me see.", "hm", True)
    assert heard.tool_calls == ('weather {"city":"Oslo"}',)


def test_an_exception_in_a_stream_is_an_error(answer):
    stream = aws_event("contentBlockDelta", {"delta": {"text": "Well"}}) + aws_exception("throttlingException", "slow down")
    heard = answer("bedrock-converse", stream, AWS)
    assert (heard.text, heard.error, heard.finished) == ("Well", "slow down", False)


VENDORS = [
    ({"anthropic_version": "bedrock-2023-05-31", "messages": [{"role": "user", "content": [{"type": "text", "text": "ask"}]}]}),
    ({"prompt": "ask", "max_gen_len": 100}),
    ({"inputText": "ask"}),
    ({"message": "ask", "chat_history": [{"role": "CHATBOT", "message": "earlier"}], "preamble": "be kind"}),
    ({"messages": [{"role": "user", "content": [{"text": "ask"}]}], "schemaVersion": "messages-v1"}),
    ({"messages": [{"role": "user", "content": "ask"}]}),
    ({"texts": ["ask"], "input_type": "search_document"}),
    ({"text_prompts": [{"text": "ask", "weight": 1}]}),
    ({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "ask"}}),
    ({"modelId": "amazon.nova-reel-v1:0", "modelInput": {"textToVideoParams": {"text": "ask"}}}),
]


@pytest.mark.parametrize("document", VENDORS, ids=lambda document: "-".join(document)[:40])
def test_every_vendors_prompt_is_found(read, document):
    conversation = read("bedrock-invoke", document, "/model/some.model-v1/invoke")
    assert conversation.prompt is not None
    assert conversation.prompt.typed_text == "ask"
    assert conversation.model in ("some.model-v1", "amazon.nova-reel-v1:0")


WHOLE = [
    {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "said"}], "stop_reason": "end_turn"},
    {"completion": "said", "stop_reason": "stop_sequence"},
    {"results": [{"outputText": "said", "completionReason": "FINISH"}]},
    {"generation": "said", "stop_reason": "stop"},
    {"outputs": [{"text": "said", "stop_reason": "stop"}]},
    {"generations": [{"text": "said", "finish_reason": "COMPLETE"}]},
    {"text": "said", "finish_reason": "COMPLETE"},
    {"output": {"message": {"role": "assistant", "content": [{"text": "said"}]}}, "stopReason": "end_turn"},
    {"choices": [{"message": {"content": "said"}, "finish_reason": "stop"}]},
    {"completions": [{"data": {"text": "said"}, "finishReason": {"reason": "endoftext"}}], "finish_reason": "x"},
]


@pytest.mark.parametrize("document", WHOLE, ids=lambda document: next(iter(document)))
def test_every_vendors_answer_is_heard(answer, document):
    heard = answer("bedrock-invoke", json.dumps(document), "application/json")
    assert (heard.text, heard.finished, heard.error) == ("said", True, "")


STREAMED = [
    [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "said"}}, {"type": "message_stop"}],
    [{"completion": "sa", "stop_reason": None}, {"completion": "id", "stop_reason": "stop_sequence"}],
    [{"generation": "said", "stop_reason": None}, {"generation": "", "stop_reason": "stop"}],
    [{"outputs": [{"text": "said", "stop_reason": "stop"}]}],
    [{"text": "said", "is_finished": False}, {"is_finished": True, "finish_reason": "COMPLETE"}],
    [{"contentBlockDelta": {"delta": {"text": "said"}, "contentBlockIndex": 0}}, {"messageStop": {"stopReason": "end_turn"}}],
    [{"choices": [{"index": 0, "delta": {"content": "said"}, "finish_reason": "stop"}]}],
]


@pytest.mark.parametrize("events", STREAMED, ids=lambda events: next(iter(events[0])))
def test_every_vendors_stream_is_heard(answer, events):
    heard = answer("bedrock-invoke", b"".join(map(aws_chunk, events)), AWS)
    assert (heard.text, heard.finished, heard.error) == ("said", True, "")


def test_images_of_a_vendors_body_are_attachments(read):
    pixel = base64.b64encode(b"\x89PNG\r\n\x1a\n\0").decode()
    conversation = read("bedrock-invoke", {"inputText": "cat", "inputImage": pixel}, "/model/m/invoke")
    assert [file.media_type for turn in conversation.turns for file in turn.attachments] == ["image/*"]


def test_agents_flows_and_knowledge_bases(read, said, answer):
    file = {"data": "d29yZHM=", "mediaType": "text/plain"}
    agent = {"inputText": "book it", "sessionState": {"files": [{"name": "a.txt", "source": {"byteContent": file}}]}}
    conversation = read("bedrock-agent", agent, "/agents/A1/agentAliases/B1/sessions/s-17/text")
    assert conversation.id == "s-17"
    assert ("user", "text", "book it") in said(conversation)
    assert ("user", "file", "words") in said(conversation)
    for document in (
        {"retrievalQuery": {"text": "book it"}},
        {"inputs": [{"content": {"document": "book it"}, "nodeName": "FlowInputNode"}]},
        {"queries": [{"type": "TEXT", "textQuery": {"text": "book it"}}]},
        {"input": {"textPrompt": {"text": "book it"}}, "targetModelId": "m"},
        {"inputText": "book it", "instruction": "you book", "foundationModel": "amazon.nova-pro-v1:0"},
    ):
        found = read("bedrock-agent", document)
        assert found.prompt is not None
        assert found.prompt.typed_text == "book it"
    heard = answer("bedrock-agent", aws_event("trace", {"sessionId": "s-17"}) + aws_chunk("Booked") + aws_chunk("!"), AWS)
    assert (heard.text, heard.conversation, heard.finished) == ("Booked!", "s-17", True)
    flow = aws_event("flowOutputEvent", {"content": {"document": "Done"}, "nodeName": "out"})
    assert answer("bedrock-agent", flow, AWS).text == "Done"


def test_a_vendors_body_at_amazons_path_is_refused_as_amazon_would(make_request):
    body = Body(content=json.dumps(VENDORS[0]).encode())
    found = sniff(make_request("/model/anthropic.claude/invoke"), body)
    assert found is not None
    assert found.id == "bedrock-invoke"


def test_what_amazons_clients_need_to_see_is_in_a_header(make_request):
    from lockgate.apps.formats.base import Refusal

    refusal = Refusal(message="No.", code="rule", reference="r")
    assert FORMATS["bedrock-converse"].refuse(refusal, make_request(), None).headers.get("x-amzn-errortype") == (
        "AccessDeniedException"
    )


@pytest.mark.parametrize(
    ("headers", "signed"),
    [
        ({"authorization": SIGNED}, True),
        ({"authorization": SIGNED, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, False),
        ({"authorization": "Bearer bedrock-api-key"}, False),
        ({"signature-input": 'sig1=("@method" "content-digest");created=1'}, True),
        ({"signature-input": 'sig1=("@method");created=1'}, False),
        ({}, False),
    ],
)
def test_a_signed_body_cannot_be_rewritten(make_request, headers, signed):
    request = make_request("/model/m/converse", **headers)
    body = Body(content=b'{"messages":[{"role":"user","content":[{"text":"secret"}]}]}')
    assert body_is_signed(request) is signed
    path = ("messages", 0, "content", 0, "text")
    wire_format = FORMATS["bedrock-converse"]
    if signed:
        with pytest.raises(SignedBodyError):
            wire_format.rewrite_request(request, body, {path: "masked"})
        assert wire_format.rewrite_request(request, body, {}) == body.content
    else:
        assert b"secret" not in wire_format.rewrite_request(request, body, {path: "masked"})
