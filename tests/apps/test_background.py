"""What clients send by themselves around a prompt is told from what people send."""

from collections.abc import Callable

import pytest

from lockgate.apps.background import is_background
from lockgate.apps.library import AppLibrary
from lockgate.facts.prompt import Conversation, Part, PartKind, Role, chain
from lockgate.facts.traffic import Request


def said(system: str = "", user: str = "say hi", kind: PartKind = PartKind.TEXT) -> Conversation:
    turns = [(Role.SYSTEM, (Part(text=system, path=()),), ())] if system else []
    return Conversation(turns=chain([*turns, (Role.USER, (Part(text=user, path=(), kind=kind),), ())]))


@pytest.mark.parametrize(
    ("system", "is_one"),
    [
        ("", False),
        ("You are a helpful assistant.", False),
        ("You are a title generator. You output ONLY a thread title. Nothing else.", True),
        ("Summarize this coding conversation in under 50 characters.", True),
        ("Analyze if this message indicates a new conversation topic.", True),
        ("Write a title for this chat, in five words.", True),
        ("You are a helpful AI assistant tasked with summarizing conversations." + " and so on" * 1000, True),
        # A long prompt of an agent mentions everything; one of a person may be about titles and summaries.
        ("You are an agent. Keep a summary of the conversation." + " Tools are these." * 1000, False),
        ("You write a summary of documents that people paste.", False),
        ("You are an expert on book titles and chat about them.", False),
    ],
)
def test_by_the_wording_of_the_system_prompt(request_to: Callable[..., Request], system: str, *, is_one: bool):
    assert is_background(request_to("POST", "h.example"), None, said(system)) is is_one


def test_by_what_a_client_writes_in_the_users_name_not_by_what_a_person_writes(request_to: Callable[..., Request]):
    words = "Generate a title for this conversation:"
    request = request_to("POST", "h.example")
    assert is_background(request, None, said(user=words, kind=PartKind.REMINDER))
    assert not is_background(request, None, said(user=words))


@pytest.mark.parametrize(
    ("headers", "is_one"),
    [
        ({"X-Initiator": "agent"}, True),
        ({"X-Initiator": "user"}, False),
        ({"X-Interaction-Type": "conversation-background"}, True),
        ({"X-Interaction-Type": "conversation-user"}, False),
        ({"X-Interaction-Type": "messages-proxy"}, False),
    ],
)
def test_by_headers_of_copilot(request_to: Callable[..., Request], headers: dict[str, str], *, is_one: bool):
    assert is_background(request_to("POST", "h.example", "/", headers), None, said()) is is_one


@pytest.mark.parametrize(
    ("host", "path", "is_one"),
    [
        ("api.anthropic.com", "/v1/messages/count_tokens", True),
        ("api.anthropic.com", "/v1/messages", False),
        ("chatgpt.com", "/backend-api/f/conversation/prepare", True),
        ("chatgpt.com", "/backend-api/f/conversation", False),
        ("api.openai.com", "/v1/responses/compact", True),
    ],
)
def test_by_the_operation(
    shipped_library: AppLibrary, request_to: Callable[..., Request], host: str, path: str, *, is_one: bool
):
    request = request_to("POST", host, path)
    assert is_background(request, shipped_library.match(request), said()) is is_one
