"""A file whose samples fail does not load."""

from collections.abc import Callable

import pytest

from lockgate.apps.check import AppSource
from lockgate.apps.library import AppLibrary
from lockgate.apps.sample_exchange import sample_host, sample_request
from lockgate.apps.schema import Sample
from lockgate.facts.app import Operation

_BODY = """
operations:
  - {id: prompt, operation: send_prompt, path: '^/v1/chat$', format: openai-chat, basis: high}
tiers: [{id: free, name: Free, kind: free}, {id: pro, name: Pro, kind: individual}]
tier: [{claim: [plan], values: {p: pro}}]
tenant: [{header: x-org}]
"""
_PROMPT = "{request: POST https://acme.example/v1/chat, operation: send_prompt, format: openai-chat"
_CHAT = "{messages: [{role: user, content: hello there}], model: m}"


@pytest.mark.parametrize(
    "sample",
    [
        "{request: POST https://acme.example/v1/chat, operation: send_prompt, format: openai-chat}",
        "{request: POST https://acme.example/v1/other, operation: undecided}",
        "{request: GET wss://acme.example/v1/chat, operation: undecided}",
        f"{_PROMPT}, claims: {{plan: p}}, headers: {{X-Org: o}}, tier: pro, tenant: o}}",
        f"{_PROMPT}, body: {_CHAT}, prompt: hello there}}",
    ],
)
def test_samples_that_hold_load(app_source: Callable[..., AppSource], build: Callable[..., AppLibrary], sample: str):
    assert build(app_source("acme", _BODY, sample=sample)).get("acme") is not None


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (
            "{request: POST https://acme.example/v1/chat, operation: upload, format: openai-chat}",
            "is `send_prompt`, not `upload`",
        ),
        ("{request: POST https://acme.example/v1/chat, operation: send_prompt}", "the format of"),
        ("{request: GET https://acme.example/, operation: browse, tier: pro}", "is `none`, not `pro`"),
        ("{request: GET https://acme.example/, operation: browse, tenant: o}", "is `none`, not `o`"),
        ("{request: GET https://acme.example/, headers: {x-org: o}, operation: browse}", "is `o`, not `none`"),
        ("{request: GET https://elsewhere.example/, operation: browse}", "belongs to no app"),
        ("{request: 'https://acme.example/', operation: browse}", "is not a method in capitals and a URL"),
        ("{request: GET https://acme.example:99999/, operation: browse}", "out of range"),
        ("{request: POST https://acme.example/v1/chat, operation: send_prompt, format: openai-chat, prompt: x}", "has no body"),
        (
            f"{_PROMPT}, body: {_CHAT}, prompt: other words}}",
            "is read as `hello there`, not `other words`",
        ),
    ],
)
def test_a_sample_that_fails_refuses_the_library(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]], sample: str, expected: str
):
    found = problems(app_source("acme", _BODY, sample=sample))
    assert any(expected in problem for problem in found), found


def test_a_sample_fails_when_another_app_takes_its_host(
    app_source: Callable[..., AppSource], problems: Callable[..., list[str]]
):
    thief = app_source("thief", hosts="{suffix: [thief.example], exact: [acme.example]}")
    found = problems(app_source("acme"), thief)
    assert any("the app of `GET https://acme.example/` is `thief`, not `acme`" in problem for problem in found)


def test_a_wss_url_becomes_a_websocket_upgrade():
    request = sample_request(Sample(request="GET wss://h.example/a?b=c", operation=Operation.VOICE))
    assert request.is_websocket_upgrade
    assert (request.scheme, request.port, request.path, request.query) == ("https", 443, "/a", "b=c")


def test_the_host_of_a_sample_is_that_of_its_request(shipped_sources: list[AppSource]):
    """It decides which samples are looked at again when another file changes."""
    samples = [sample for source in shipped_sources for sample in source.file.samples]
    assert [sample.request for sample in samples if sample_host(sample) != sample_request(sample).host] == []
