"""The Claude web app."""

import pytest

from lockgate.apps.formats.registry import FORMATS

CHAT = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
BASE = f"/api/organizations/o/chat_conversations/{CHAT}"


def test_a_prompt_with_inlined_documents_is_read(read, said):
    document = {
        "prompt": "summarise",
        "timezone": "Europe/Berlin",
        "model": "claude-sonnet-4-5",
        "attachments": [{"file_name": "q3.txt", "file_type": "text/plain", "file_size": 9, "extracted_content": "the numbers"}],
        "files": ["0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b"],
        "personalized_styles": [{"prompt": "Write like a pirate"}],
    }
    conversation = read("claude-web", document, f"{BASE}/completion")
    assert conversation.prompt.typed_text == "summarise"
    rows = said(conversation)
    assert ("user", "file", "the numbers") in rows
    assert ("system", "machine", "Write like a pirate") in rows
    assert (conversation.id, conversation.model, conversation.wants_stream) == (CHAT, "claude-sonnet-4-5", True)
    assert [(file.name, file.reference) for file in conversation.prompt.attachments] == [
        ("q3.txt", ""),
        ("", "0b0b0b0b-0b0b-0b0b-0b0b-0b0b0b0b0b0b"),
    ]
    assert conversation.unread == ()


def test_the_title_call_repeats_the_prompt(read):
    conversation = read("claude-web", {"message_content": "summarise", "recent_titles": []}, f"{BASE}/title")
    assert conversation.prompt.typed_text == "summarise"
    assert (conversation.wants_stream, conversation.background) == (False, True)


def test_a_retry_names_what_it_answers_again(read):
    document = {"prompt": "", "parent_message_uuid": CHAT, "timezone": "UTC", "attachments": [], "files": []}
    conversation = read("claude-web", document, f"{BASE}/retry_completion")
    assert (conversation.prompt, conversation.id, conversation.wants_stream) == (None, CHAT, True)


def test_project_knowledge_is_read(read, said):
    conversation = read("claude-web", {"file_name": "x.md", "content": "secret plan"}, "/api/organizations/o/projects/p/docs")
    assert said(conversation) == [("user", "file", "secret plan")]
    assert conversation.prompt is None
    assert [file.name for turn in conversation.turns for file in turn.attachments] == ["x.md"]


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("/x", {"prompt": "a", "attachments": [], "files": []}, True),
        ("/x", {"prompt": "a", "model": "m"}, False),
        ("/x", {"message_content": "a"}, False),
        (f"{BASE}/title", {"message_content": "a"}, True),
    ],
)
def test_recognition(make_request, path, document, expected):
    assert FORMATS["claude-web"].recognises(make_request(path), document) is expected


def test_the_messages_stream_and_the_older_one(answer, sse):
    stream = sse(
        {"type": "message_start", "message": {"model": "claude-x"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_summary_delta", "summary": {"summary": "hm"}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "message_limit", "message_limit": {"type": "within_limit"}},
        {"type": "message_stop"},
    )
    heard = answer("claude-web", stream)
    assert (heard.text, heard.reasoning, heard.model, heard.finished) == ("Hello", "hm", "claude-x", True)
