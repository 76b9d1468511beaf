"""The shipped app files: all load, all samples hold, all categories are there, and the marks they use are explained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.apps.check import AppSource
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.library import AppLibrary
from lockgate.apps.schema import AppFile
from lockgate.apps.vocabulary import Category, EvidenceState
from lockgate.facts.app import Operation
from lockgate.facts.traffic import Request
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml


def test_all_load_and_their_samples_hold(shipped_library: AppLibrary, shipped_sources: list[AppSource]):
    assert len(shipped_library.apps) == len(shipped_sources) >= 627
    assert all(source.file.samples for source in shipped_sources)


def test_every_category_is_covered(shipped_library: AppLibrary):
    assert shipped_library.names().categories == {category.value for category in Category}


OF_NOBODYS_APP = {"ai-sdk-data", "ai-sdk-ui"}
"""What a library speaks whose users build pages of their own: nobody's app file names it, its shape tells it."""


ONLY_ANSWERS = frozenset({"chatgpt-socket", "poe-socket"})
"""Nobody asks anything in these."""


def test_every_wire_format_is_used_and_proven_by_a_prompt_that_is_read(shipped_sources: list[AppSource]):
    """Formats of code; that those in files are proven is asked of each file when it loads."""
    proven = {
        sample.format
        for source in shipped_sources
        for sample in source.file.samples
        if sample.prompt is not None or sample.attachments or (sample.answer and sample.format in ONLY_ANSWERS)
    }
    assert {known for known in proven if known and "/" not in known} == {*FORMATS, *SOCKET_FORMATS} - OF_NOBODYS_APP


def test_files_are_named_after_their_app_and_open_with_one_line_of_facts(
    shipped_files: list[Path], shipped_sources: list[AppSource]
):
    for file, source in zip(shipped_files, shipped_sources, strict=True):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert file.stem == source.file.id
        assert lines[0].startswith("# ")
        assert lines[1] == f"id: {source.file.id}"


def test_every_source_mark_is_explained_beside_the_files(shipped_files: list[Path], shipped_sources: list[AppSource]):
    explained = (shipped_files[0].parent / "README.md").read_text(encoding="utf-8")
    used = {mark for source in shipped_sources for mark in source.file.sources}
    used |= {mark for source in shipped_sources for operation in source.file.operations for mark in operation.sources}
    assert {mark for mark in used if f"| `{mark}` |" not in explained} == set()


def test_operations_of_a_readable_format_carry_a_payload(shipped_sources: list[AppSource]):
    """A format on an operation without payload would never be read, but to hear what it brings: an answer asked for before."""
    wrong = [
        f"{source.file.id}: {operation.id}"
        for source in shipped_sources
        for operation in source.file.operations
        if (operation.format or operation.reads) and not operation.operation.carries_payload and operation.answers is None
    ]
    assert wrong == []


def test_shown_scores_rest_on_confirmed_answers_only(shipped_library: AppLibrary):
    for app in shipped_library.apps:
        for tier in app.tiers:
            explained = shipped_library.explain(app.id, tier.id)
            assert explained is not None
            counted = [part for part in (*explained.application, *explained.genai) if part.counted]
            assert all(part.evidence.state is EvidenceState.CONFIRMED and part.evidence.source for part in counted)
            assert explained.confirmed.application == tier.application_confidence
            assert explained.confirmed.genai == tier.genai_confidence


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("chatgpt.com", "/backend-api/conversation"),
        ("chatgpt.com", "/backend-api/f/conversation"),
        ("chatgpt.com", "/backend-anon/conversation"),
        ("chatgpt.com", "/backend-api/f/conversation/prepare"),
        ("api.openai.com", "/v1/responses/compact"),
        ("api.openai.com", "/v1/responses/input_tokens"),
        ("api.anthropic.com", "/v1/messages/count_tokens"),
        ("generativelanguage.googleapis.com", "/v1beta/models/gemini-2.5-pro:countTokens"),
        ("api.business.githubcopilot.com", "/v1/messages/count_tokens"),
        (
            "claude.ai",
            "/api/organizations/11111111-2222-3333-4444-555555555555/chat_conversations/66666666-7777-8888-9999-000000000000/title",
        ),
    ],
)
def test_every_call_that_takes_a_prompt_along_is_read(
    shipped_library: AppLibrary, request_to: Callable[..., Request], host: str, path: str
):
    found = shipped_library.match(request_to("POST", host, path))
    assert found is not None
    assert found.operation in (Operation.SEND_PROMPT, Operation.TOKEN_COUNT)
    assert found.format in FORMATS


@pytest.mark.parametrize(
    ("host", "app"),
    [
        ("api.openai.com", "openai-api"),
        ("auth.openai.com", "chatgpt"),
        ("api.anthropic.com", "anthropic-api"),
        ("www.anthropic.com", "claude"),
        ("api.mistral.ai", "mistral-api"),
        ("chat.mistral.ai", "le-chat"),
        ("api.deepseek.com", "deepseek-api"),
        ("chat.deepseek.com", "deepseek"),
        ("eu-west1-aiplatform.googleapis.com", "vertex-ai"),
        ("www.google.com", None),
        ("github.com", None),
        ("storage.googleapis.com", None),
        ("login.microsoftonline.com", None),
        ("m365.cloud.microsoft", "m365-copilot"),
        ("graph.microsoft.com", None),
        ("s3.us-west-2.amazonaws.com", None),
    ],
)
def test_neighbouring_hosts_go_to_the_right_app_and_ordinary_hosts_to_none(
    shipped_library: AppLibrary, host: str, app: str | None
):
    found = shipped_library.host(host)
    assert (found.app.id if found and found.app else None) == app


def test_hosts_that_are_decrypted_for_a_few_paths_only_are_few(shipped_sources: list[AppSource]):
    """Decrypting somebody else's whole host for a few of its paths is decided one host at a time."""
    shared = {owned.host for source in shipped_sources for owned in source.file.hosts.also if owned.decrypt}
    assert shared == {
        "*.notion.com",
        "*.notion.so",
        "api.anthropic.com",
        "api.cloudflare.com",
        "api.github.com",
        "api.x.com",
        "chatgpt.com",
        "duckduckgo.com",
        "huggingface.co",
        "substrate.office.com",
        "substrate.svc.cloud.microsoft",
        "uploads.github.com",
        "x.com",
    }


def test_the_examples_beside_the_files_load(shipped_files: list[Path], build: Callable[..., AppLibrary]):
    """The first is a whole file; the others describe formats, and take the place of its operations and samples."""
    readme = (shipped_files[0].parent / "README.md").read_text(encoding="utf-8")
    whole, *described = (block.partition("```")[0] for block in readme.split("```yaml\n")[1:])
    examples = [parse_yaml(text, "apps/README.md").data for text in described]
    known: set[str] = set()
    for changes in ({}, *examples):
        document = parse_yaml(whole, "apps/acme-desk.yaml")
        assert isinstance(document.data, dict)
        assert isinstance(changes, dict)
        document = replace(document, data={**document.data, **changes})
        library = build(AppSource(document=document, file=read_as(document, AppFile)))
        assert library.get("acme-desk") is not None
        known |= library.formats.keys()
    assert {"acme-desk/ask", "acme-desk/draw", "acme-desk/drawn"} <= known
