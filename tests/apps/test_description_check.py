"""What is refused of a description when its file is loaded, and where the complaint points."""

from collections.abc import Callable

import pytest

from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary

SAMPLE = """
samples:
  - request: POST https://acme.example/ask
    operation: send_prompt
    format: acme/ask
    body: {q: hello there, old: no, file: {name: plan.pdf, id: f-1}}
    prompt: hello there
    attachments: [plan.pdf]
    response: {events: [{t: hi}]}
    answer: hi
"""
FILES = "files: [{each: $.file, name: $.name, reference: $.id}]"
SOUND = f"{{prompt: $.q, {FILES}, answer: {{text: $.t}}, refusal: {{body: {{e: '{{message}}'}}}}}}"


def described(reads: str, extra: str = "", samples: str = SAMPLE) -> str:
    return (
        f"operations:\n  - {{id: ask, operation: send_prompt, path: '^/ask$', basis: high{extra}, reads: {reads}}}\n"
        f"  - {{id: draft, operation: send_prompt, path: '^/draft$', basis: high, format: acme/ask}}\n{samples}"
    )


def test_a_sound_description_becomes_a_format_of_the_library(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary], request_to: Callable
):
    library = build(app_source("acme", described(SOUND)))
    assert library.formats["acme/ask"].id == "acme/ask"
    assert library.match(request_to("POST", "acme.example", "/ask")).format == "acme/ask"
    assert library.match(request_to("POST", "acme.example", "/draft")).format == "acme/ask"


@pytest.mark.parametrize(
    ("reads", "complaint"),
    [
        ("{prompt: $..q}", "looks everywhere below"),
        ("{prompt: [$.q, message]}", "`message` is not a JSONPath"),
        ("{prompt: header x-prompt}", "is not a JSONPath"),
        ("{prompt: $.q, model: 'path (((' }", "acme.yaml"),
        ("{prompt: $.q, background: '$['}", "is not a JSONPath"),
        ("{prompt: $.q, context: '$['}", "is not a JSONPath"),
        ("{prompt: $.q, system: '$['}", "is not a JSONPath"),
        ("{prompt: $.q, files: [{each: '$.f[*]', name: '$['}]}", "is not a JSONPath"),
        ("{messages: {each: '$[', text: $.a}}", "is not a JSONPath"),
        ("{messages: {each: $.a, text: $.b, role: '$['}}", "is not a JSONPath"),
        ("{messages: {each: $.a, text: $.b, files: [{content: '$['}]}}", "is not a JSONPath"),
        ("{prompt: $.q, answer: {text: '$['}}", "is not a JSONPath"),
        ("{prompt: $.q, answer: {each: '$[', text: $}}", "is not a JSONPath"),
        ("{prompt: $.q, answer: {framing: sse}}", "nothing is heard"),
        ("{model: $.q}", "nothing is read"),
        ("{prompt: field q}", "the body is JSON"),
        ("{body: call, prompt: field q}", "the body is JSON"),
        ("{prompt: pb 1}", "a place in a protobuf message"),
        ("{body: call, prompt: pb 1.x}", "write field numbers"),
        ("{body: call, prompt: pb 0}", "write field numbers"),
        ("{body: call, prompt: pb 1, system: pb 1.2}", "goes into what another place says is no such message"),
        ("{body: call, prompt: pb 1.2, system: pb 1}", "another place says that it is a message"),
        ("{body: call, prompt: pb 1, answer: {text: pb 2.1, error: pb 2}}", "another place says that it is a message"),
        ("{body: call, prompt: pb 1, tokens: '$['}", "is not a JSONPath"),
        ("{body: call, prompt: pb 1, refusal: {details: [{why: x}]}}", "put `{message}` in"),
        ("{body: call, prompt: pb 1, refusal: {details: [{why: '{message}'}], body: {a: '{message}'}}}", "nothing else does"),
        ("{prompt: $.q, refusal: {details: [{why: '{message}'}]}}", "give `body: call`"),
        ("{body: form, prompt: $.q}", "the body has fields"),
        ("{prompt: $.q, refusal: {body: {error: no}}}", "put `{message}` in"),
        ("{prompt: $.q, refusal: {body: '{message}', events: ['{message}']}}", "exactly one of"),
        ("{prompt: $.q, refusal: {messages: ['{message}']}}", "on a WebSocket"),
        ("{prompt: $.old.x, context: $.q}", "is read as"),
    ],
)
def test_a_description_that_cannot_be_is_refused_at_its_place(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], reads: str, complaint: str
):
    found = "\n".join(problems(app_source("acme", described(reads))))
    assert complaint in found
    assert "apps/acme.yaml:" in found


@pytest.mark.parametrize(
    ("left_out", "complaint"),
    [
        ("    prompt: hello there\n", "the prompt of `ask`"),
        ("    attachments: [plan.pdf]\n", "the attachments of `ask`"),
        ("    answer: hi\n", "the answer of `ask`"),
    ],
)
def test_a_description_without_a_sample_that_proves_it_is_refused(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], left_out: str, complaint: str
):
    found = problems(app_source("acme", described(SOUND, samples=SAMPLE.replace(left_out, ""))))
    assert any(f"no sample shows that {complaint}" in one and "acme/ask" in one for one in found)


def test_an_operation_is_read_in_one_way(app_source: Callable[..., AppSource], problems: Callable[..., list[str]]):
    found = problems(app_source("acme", described(SOUND, extra=", format: openai-chat")))
    assert any("not both" in one for one in found)


def test_on_a_websocket_bodies_are_json_and_refusals_are_messages(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    extra = ", protocol: websocket"
    found = "\n".join(problems(app_source("acme", described("{body: form, prompt: field q}", extra=extra))))
    assert "messages of a WebSocket are JSON" in found
    found = "\n".join(problems(app_source("acme", described(SOUND, extra=extra))))
    assert "`messages` refuse on a WebSocket" in found
