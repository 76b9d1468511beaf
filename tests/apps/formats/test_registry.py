"""Which format an unknown body has, and which bodies have none."""

import json

import pytest
from wire_samples import WIRE_SAMPLES

from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.traffic import Body

HI = [{"role": "user", "content": "hi"}]


def test_ids_are_fixed():
    assert set(FORMATS) == {
        "openai-chat", "openai-responses", "anthropic-messages", "gemini-generate", "ollama", "chatgpt-web", "claude-web",
        "gemini-web", *WIRE_SAMPLES,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"model": "m", "messages": HI}, "openai-chat"),
        ({"messages": HI}, "openai-chat"),
        ({"model": "m", "prompt": "hi"}, "openai-completions"),
        ({"model": "m", "input": ["hi", "there"]}, "openai-embeddings"),
        ({"model": "m", "input": [[1, 2], [3]]}, "openai-embeddings"),
        ({"model": "m", "input": "hi", "encoding_format": "float"}, "openai-embeddings"),
        ({"assistant_id": "asst_1", "instructions": "be brief"}, "openai-assistants"),
        ({"model": "m", "messages": HI, "max_tokens": 1, "system": "s"}, "anthropic-messages"),
        ({"model": "m", "messages": HI, "keep_alive": "5m"}, "ollama"),
        ({"model": "m", "prompt": "hi", "options": {}}, "ollama"),
        ({"model": "m", "input": "hi"}, "openai-responses"),
        ({"model": "m", "input": HI}, "openai-responses"),
        ({"contents": [{"parts": [{"text": "hi"}]}]}, "gemini-generate"),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_shape_decides_whatever_the_content_type(make_request, document, expected, media_type):
    found = sniff(make_request("/unknown", content_type=media_type), Body(content=json.dumps(document).encode()))
    assert found is not None
    assert found.id == expected


@pytest.mark.parametrize(
    "document",
    [
        {}, [], "text", 1, None, {"messages": []}, {"messages": [{"id": 1, "subject": "mail"}]}, {"messages": ["a"]},
        {"model": "Golf", "year": 2020}, {"input": "hi"}, {"prompt": "hi"}, {"contents": ["a", "b"]},
        {"contents": [{"sku": 1}]}, {"model": "m", "input": [{"sku": 1}]}, {"query": "hi"},
        {"author": {"role": "user"}, "content": {}}, {"text": "f.req="},
        {"requests": [{"url": "/x"}]}, {"request": {"contents": []}},
        {"model": "m", "input": {"a": 1}},
    ],
)  # fmt: skip
def test_arbitrary_json_is_not_claimed(make_request, document):
    assert sniff(make_request("/unknown"), Body(content=json.dumps(document).encode())) is None
