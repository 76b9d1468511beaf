"""What a description can say, and what becomes of it."""

import json
from collections.abc import Callable

import pytest

from lockgate.apps.check import AppSource
from lockgate.apps.description import Description
from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.described import DescribedFormat
from lockgate.apps.formats.described_socket import DescribedSocket
from lockgate.apps.library import AppLibrary
from lockgate.facts.problem import Document
from lockgate.facts.prompt import Conversation, ModelAnswer, PartKind, Role
from lockgate.facts.traffic import Body, Headers, Request, Response, SocketMessage
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

PIXEL = "iVBORw0KGgoAAAANSUhEUg=="
REFUSAL = Refusal(message='Not "here" {reference}', code="rule", reference="r-17")


def description(reads: str) -> Description:
    document = parse_yaml(reads, "reads.yaml")
    return read_as(Document(file=document.file, data=document.data, places={}), Description)


def described(reads: str) -> DescribedFormat:
    return DescribedFormat("acme/ask", description(reads))


def request(path: str = "/", query: str = "", **headers: str) -> Request:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method="POST", scheme="https", host="x.example", port=443, path=path, query=query, headers=Headers(pairs))


def read(reads: str, document: object, asked: Request | None = None) -> Conversation:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = described(reads).read_request(asked or request(), Body(content=content))
    assert isinstance(found, Conversation), found
    return found


def rows(conversation: Conversation) -> list[tuple[str, str, str]]:
    return [(turn.role.value, part.kind.value, part.text) for turn in conversation.turns for part in turn.parts]


def hear(reads: str, content: str, media_type: str = "text/event-stream", status: int = 200) -> ModelAnswer:
    response = Response(status=status, headers=Headers((("content-type", media_type),)))
    return described(reads).read_response(response, Body(content=content.encode()))


def events(*data: object) -> str:
    return "".join(f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n" for one in data)


def test_messages_have_roles_words_and_files():
    reads = """
    messages:
      each: $.chat[*]
      role: $.by
      roles: {bot: assistant, '3': tool}
      text: [$.said, '$.parts[*].text']
      files: [{each: '$.files[*]', name: $.name, media_type: $.type, content: $.data}]
    """
    document = {
        "chat": [
            {"by": "system", "said": "Be brief."},
            {"by": "human", "said": "<system-reminder>x</system-reminder> look at this", "files": [
                {"name": "a.png", "type": "image/png", "data": PIXEL},
                {"name": "b.png", "data": f"data:image/png;base64,{PIXEL}"},
                {"name": "c.txt", "data": "data:text/plain;base64,dGhlIHBsYW4="},
                {"name": "d.png", "data": "https://files.example.com/d.png"},
                {"name": "e.png", "data": "*** not base64 ***"},
            ]},
            {"by": "bot", "said": "A dot.", "note": "left by the machine"},
            {"by": 3, "said": "tool output"},
            {"by": "user", "parts": [{"text": "thank you"}]},
        ],
        "settings": {"greeting": "something unknown"},
    }  # fmt: skip
    said = read(reads, document)
    assert rows(said) == [
        ("system", "machine", "something unknown"),
        ("system", "text", "Be brief."),
        ("user", "reminder", "<system-reminder>x</system-reminder>"),
        ("user", "text", "look at this"),
        ("user", "file", "the plan"),
        ("user", "machine", "https://files.example.com/d.png"),
        ("user", "machine", "*** not base64 ***"),
        ("assistant", "text", "A dot."),
        ("assistant", "machine", "left by the machine"),
        ("tool", "tool_result", "tool output"),
        ("user", "text", "thank you"),
    ]
    files = [file for turn in said.turns for file in turn.attachments]
    assert [(file.name, file.media_type, bool(file.content), file.reference) for file in files] == [
        ("a.png", "image/png", True, ""),
        ("b.png", "image/png", True, ""),
        ("c.txt", "text/plain", False, ""),
        ("d.png", "", False, "https://files.example.com/d.png"),
    ]
    assert said.unread == ("inline file",)
    assert said.prompt is not None
    assert said.prompt.typed_text == "thank you"


def test_question_and_answer_in_one_item_are_two_turns():
    reads = "{messages: {each: '$.past[*]', text: $.q, answered: $.a}, prompt: $.q}"
    document = {"past": [{"q": "one?", "a": "One."}, {"a": "Two."}, {"q": "three?"}], "q": "four?"}
    assert [(role, text) for role, _, text in rows(read(reads, document))] == [
        ("user", "one?"), ("assistant", "One."), ("assistant", "Two."), ("user", "three?"), ("user", "four?"),
    ]  # fmt: skip


def test_instructions_and_text_beside_the_words_are_told_apart():
    reads = "{prompt: $.q, system: $.rules, context: [$.page, $.project]}"
    document = {"q": "why", "rules": "Be kind.", "page": "a whole page", "project": {"a.py": "x = 1", "b": ["y"]}}
    said = read(reads, document)
    assert rows(said) == [
        ("system", "text", "Be kind."),
        ("user", "text", "why"),
        ("user", "file", "a whole page"),
        ("user", "file", "x = 1"),
        ("user", "file", "y"),
    ]
    assert not said.background


@pytest.mark.parametrize(
    ("reads", "background"),
    [
        ("{prompt: $.q, background: true}", True),
        ("{prompt: $.q, background: $.title_only}", True),
        ("{prompt: $.q, background: $.other}", False),
    ],
)
def test_what_a_client_sends_by_itself_says_so(reads: str, background: bool):
    assert read(reads, {"q": "why", "title_only": 1}).background is background


@pytest.mark.parametrize(
    ("reads", "model", "conversation"),
    [
        ("{prompt: $.q, model: $.m, conversation: $.c}", "m-1", "17"),
        ("{prompt: $.q, model: [$.none, $.m], conversation: [$.none, query id]}", "m-1", "q-1"),
        ("{prompt: $.q, model: header x-model, conversation: 'path ^/chats/([^/]+)/'}", "h-1", "c-1"),
        ("{prompt: $.q, model: 'path ^/chats/', conversation: $.q2}", "/chats/", None),
        ("{prompt: $.q, conversation: $.long}", None, None),
    ],
)
def test_model_and_conversation_are_in_the_body_or_in_the_head(reads: str, model: str, conversation: str):
    asked = request("/chats/c-1/ask", "id=q-1", x_model="h-1")
    said = read(reads, {"q": "why", "m": "m-1", "c": 17, "long": "x" * 500}, asked)
    assert (said.model, said.id) == (model, conversation)


def test_a_body_with_nothing_at_the_described_places_is_unreadable():
    for content in (b'{"other": "words"}', b"[]", b'"text"', b"not JSON", b""):
        assert isinstance(described("{prompt: $.q}").read_request(request(), Body(content=content)), Unreadable)


def test_a_form_is_read_and_rewritten_field_by_field():
    wire_format = described("{body: form, prompt: 'field data >json> $.q', model: field model}")
    body = Body(content=b"model=m-1&data=%7B%22q%22%3A%22why%22%7D&token=a%20b")
    said = wire_format.read_request(request(), body)
    assert isinstance(said, Conversation)
    assert (said.prompt and said.prompt.typed_text, said.model) == ("why", "m-1")
    written = wire_format.rewrite_request(request(), body, {(1, 1, "json", "q"): "***"})
    assert written == b"model=m-1&data=%7B%22q%22%3A%22%2A%2A%2A%22%7D&token=a+b"


def test_files_of_a_multipart_body_belong_to_the_prompt():
    wire_format = described("{body: multipart, prompt: field words}")
    asked = request(content_type="multipart/form-data; boundary=B")
    content = (
        b'--B\r\nContent-Disposition: form-data; name="words"\r\n\r\nwhat is this\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nthe plan\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="b.png"\r\nContent-Type: image/png\r\n\r\n'
        b"\x89PNG\x00\r\n--B--\r\n"
    )
    said = wire_format.read_request(asked, Body(content=content))
    assert isinstance(said, Conversation)
    assert said.prompt is not None
    assert said.prompt.typed_text == "what is this"
    assert [(file.name, file.content) for file in said.prompt.attachments] == [("a.txt", None), ("b.png", b"\x89PNG\x00")]
    assert [part.text for part in said.prompt.parts if part.kind is PartKind.FILE] == ["the plan"]
    for masked in ("***", ""):
        written = wire_format.rewrite_request(asked, Body(content=content), {(0, 1): masked, (1, 1): "+++"})
        assert written == content.replace(b"what is this", masked.encode()).replace(b"the plan", b"+++")


def test_words_in_a_url_are_read_and_cannot_be_rewritten():
    wire_format = described("{body: url, prompt: [field q, field /2], model: query m}")
    asked = request("/ask/a%20cat", "q=why+not&m=m-1&page=1")
    said = wire_format.read_request(asked, Body(content=b""))
    assert isinstance(said, Conversation)
    assert said.prompt is not None
    assert (said.prompt.typed_text, said.model) == ("why not\na cat", "m-1")
    assert wire_format.rewrite_request(asked, Body(content=b""), {}) == b""
    with pytest.raises(ValueError, match="in a URL cannot be replaced"):
        wire_format.rewrite_request(asked, Body(content=b""), {said.prompt.parts[0].path: "***"})
    assert isinstance(wire_format.read_request(asked, Body(content=b"q=more words")), Unreadable)
    silent = wire_format.read_request(request("/ask", "page=1"), Body(content=b""))
    assert isinstance(silent, Conversation)
    assert silent.prompt is None


def test_a_nested_document_of_many_messages_is_parsed_once():
    """A parse for each message would take minutes."""
    reads = "{body: form, messages: {each: 'field chat >json> $[*]', text: $.q}}"
    chat = json.dumps([{"q": "w"}] * 5000).replace(" ", "")
    said = read(reads, b"chat=" + chat.encode())
    assert len(said.turns) == 5000


@pytest.mark.parametrize(
    ("reads", "content", "said"),
    [
        ("{text: $.t}", events({"t": "Hel"}, {"t": "lo"}), "Hello"),
        ("{mode: cumulative, text: $.t}", events({"t": "Hel"}, {"t": "Hello"}), "Hello"),
        ("{mode: cumulative, text: '$.p[*].t'}", events({"p": [{"t": "a"}]}, {"p": [{"t": "ab"}, {"t": "c"}]}), "ab\nc"),
        (
            "{mode: cumulative, each: '$.p[*]', section: $.id, text: $.t}",
            events({"p": [{"id": 1, "t": "a"}]}, {"p": [{"id": 2, "t": "c"}]}, {"p": [{"id": 1, "t": "ab"}]}),
            "ab\nc",
        ),
        ("{text: \"$.t if @.kind == 'text'\"}", events({"kind": "text", "t": "yes"}, {"kind": "ping", "t": "no"}), "yes"),
        ("{each: '$.payload >json> $', text: $.t}", events({"payload": '{"t": "deep"}'}, {"payload": "broken {"}), "deep"),
        ("{text: $.t, whole: $.all}", events({"t": "said"}, {"all": "said and repeated"}), "said"),
        ("{text: $.t, whole: $.all}", events({"all": "only here"}), "only here"),
        ("{text: $.t}", "event: x\ndata: {\n\ndata: 5\n\ndata: [1]\n\n" + events({"t": "still"}, {"t": 7}), "still"),
    ],
)  # fmt: skip
def test_events_are_joined_as_described(reads: str, content: str, said: str):
    heard = hear(f"{{prompt: $.q, answer: {reads}}}", content)
    assert heard.text == said
    assert heard.finished


@pytest.mark.parametrize(
    ("framing", "content", "media_type"),
    [
        ("sse", 'event: a\ndata: {"t": "Grüße"}\n\n', "text/plain"),
        ("sse", '{"t": "Grüße"}', "application/json"),
        ("ndjson", '{"t": "Grü"}\n{"t": "ße"}\n', "application/json"),
        ("json", '{\n  "t": "Grüße"\n}', "text/html"),
        (None, '{"t": "Grü"}\n{"t": "ße"}\n', "application/x-ndjson"),
        (None, '{"t": "Grüße"}', "application/json; charset=utf-8"),
    ],
)
def test_the_framing_is_described_or_told_by_the_content_type(framing: str | None, content: str, media_type: str):
    described_framing = f"framing: {framing}, " if framing else ""
    assert hear(f"{{prompt: $.q, answer: {{{described_framing}text: $.t}}}}", content, media_type).text == "Grüße"


def test_coded_lines_are_told_apart_by_their_codes():
    reads = "{prompt: $.q, answer: {framing: lines, text: $ on 0 a0, reasoning: $ on g, error: $ on 3, done: $ on d}}"
    heard = hear(reads, 'g:"Hm."\n0:"a "\nodd line: x\na0:"b"\n{"t": 1}\n0:"half', "text/plain")
    assert (heard.text, heard.reasoning, heard.finished) == ("a b", "Hm.", False)
    assert hear(reads, '0:"a"\nd:{"reason":"stop"}\n', "text/plain").finished
    assert hear(reads, '3:"out of quota"\n', "text/plain").error == "out of quota"


def test_plain_text_is_heard_whole():
    heard = hear("{prompt: $.q, answer: {framing: text, text: $}}", 'Grüße {"t": 1}\n\n[DONE]', "text/plain")
    assert heard.text == 'Grüße {"t": 1}\n\n[DONE]'
    assert heard.finished


def test_an_answer_says_who_speaks_where_and_what_was_uploaded():
    reads = "{prompt: $.q, answer: {text: $.t, model: $.m, conversation: $.c, references: '$.ids[*]', done: $.end}}"
    heard = hear(reads, events({"m": "m-2", "c": "c-9"}, {"t": "hi", "ids": ["f-1", "f-2"]}, {"end": False}))
    assert (heard.model, heard.conversation, heard.references, heard.finished) == ("m-2", "c-9", ("f-1", "f-2"), False)
    assert hear(reads, events({"t": "hi"}, {"end": 1})).finished
    assert hear(reads, events({"t": "hi"}, "[DONE]")).finished


@pytest.mark.parametrize(
    "content",
    [
        '{"oops": {"why": "no"}}', '{"error": {"message": "no"}}', '{"error": "no"}', '{"message": "no"}', '{"detail": "no"}',
        '{"detail": {"message": "no"}}', '{"msg": "no"}', '{"errors": [{"message": "no"}]}', "no",
    ],
)  # fmt: skip
def test_an_error_is_heard_whatever_its_shape(content: str):
    heard = hear("{prompt: $.q, answer: {text: $.t, error: $.oops.why}}", content, "application/json", 400)
    assert (heard.error, heard.finished) == ("no", False)
    assert hear("{prompt: $.q, answer: {text: $.t, error: $.oops.why}}", events({"oops": {"why": "no"}})).error == "no"


@pytest.mark.parametrize(
    ("refusal", "status", "media_type", "content"),
    [
        ("{body: {e: '{message}', r: '{reference}'}}", 400, "application/json",
         b'{"e":"Not \\"here\\" {reference}","r":"r-17"}'),
        ("{status: 403, body: 'no: {message}', type: text/plain}", 403, "text/plain", b'no: Not "here" {reference}'),
        ("{events: [{t: '{message}', c: '{conversation}'}, '[DONE]']}", 200, "text/event-stream",
         b'data: {"t":"Not \\"here\\" {reference}","c":"c-9"}\n\ndata: [DONE]\n\n'),
        ("{type: text/plain, lines: ['3:{message_json}']}", 200, "text/plain", b'3:"Not \\"here\\" {reference}"\n'),
        ("{body: {p: {'>json>': {e: '{message}'}}}}", 400, "application/json",
         b'{"p":"{\\"e\\":\\"Not \\\\\\"here\\\\\\" {reference}\\"}"}'),
    ],
)  # fmt: skip
def test_a_refusal_is_what_the_template_says(refusal: str, status: int, media_type: str, content: bytes):
    wire_format = described(f"{{prompt: $.q, refusal: {refusal}}}")
    given = wire_format.refuse(REFUSAL, request(), Conversation(turns=(), id="c-9"))
    assert (given.status, given.headers.get("content-type"), given.content) == (status, media_type, content)


def test_a_conversation_id_that_looks_like_a_template_puts_nothing_in():
    wire_format = described("{prompt: $.q, refusal: {body: {c: '{conversation}', m: '{message}'}}}")
    given = wire_format.refuse(REFUSAL, request(), Conversation(turns=(), id="{message}"))
    assert json.loads(given.content)["m"] == REFUSAL.message


SOCKET = """
prompt: "$.text if @.type == 'say'"
conversation: $.room
answer: {text: "$.delta if @.type == 'word'", done: "$ if @.type == 'end'"}
refusal: {messages: [{type: word, delta: '{message}', room: '{conversation}'}, {type: end}]}
"""


def message(document: object) -> SocketMessage:
    return SocketMessage(content=document if isinstance(document, bytes) else json.dumps(document).encode())


def test_messages_of_a_websocket_are_read_one_by_one():
    socket = DescribedSocket("acme/live", description(SOCKET))
    said = socket.read_message(request(), message({"type": "say", "text": "hello there", "room": "r"}))
    assert isinstance(said, Conversation)
    assert said.prompt is not None
    assert (said.prompt.typed_text, said.id) == ("hello there", "r")
    ping = socket.read_message(request(), message({"type": "ping", "text": "not typed by anybody"}))
    assert isinstance(ping, Conversation)
    assert ping.prompt is None
    assert rows(ping) == [(Role.SYSTEM, "machine", "not typed by anybody")]
    assert isinstance(socket.read_message(request(), message(b"\x00\x01")), Unreadable)
    written = socket.rewrite_message(request(), message({"type": "say", "text": "hello there"}), {("text",): "***"})
    assert json.loads(written) == {"type": "say", "text": "***"}


def test_an_answer_over_a_websocket_ends_where_it_is_described():
    reader = DescribedSocket("acme/live", description(SOCKET)).answer_reader()
    for document in ({"type": "word", "delta": "Hel"}, b"\x00", {"type": "word", "delta": "lo"}):
        reader.feed(message(document))
        assert not reader.done
    reader.feed(message({"type": "end"}))
    assert reader.done
    assert (reader.finish().text, reader.finish().finished) == ("Hello", True)


def test_a_message_is_refused_as_described_or_by_closing():
    asked = message({"type": "say", "text": "x", "room": "r-1"})
    refused = DescribedSocket("acme/live", description(SOCKET)).refuse_message(REFUSAL, request(), asked)
    assert [json.loads(reply.content) for reply in refused.replies] == [
        {"type": "word", "delta": REFUSAL.message, "room": "r-1"},
        {"type": "end"},
    ]
    assert not refused.close
    bare = DescribedSocket("acme/live", description("{prompt: $.text}")).refuse_message(REFUSAL, request(), asked)
    assert (bare.replies, bare.close) == ((), True)


def test_one_operation_can_name_the_description_of_another(
    app_source: Callable[..., AppSource], build: Callable[..., AppLibrary], request_to: Callable[..., Request]
):
    first = app_source(
        "one",
        """
operations:
  - {id: ask, operation: send_prompt, path: '^/ask$', basis: high, reads: {prompt: $.q}}
samples:
  - {request: POST https://one.example/ask, operation: send_prompt, format: one/ask, body: {q: why}, prompt: why}
""",
    )
    second = app_source(
        "two",
        """
operations:
  - {id: ask, operation: send_prompt, path: '^/ask$', basis: high, format: one/ask}
samples:
  - {request: POST https://two.example/ask, operation: send_prompt, format: one/ask, body: {q: how}, prompt: how}
""",
    )
    found = build(first, second).match(request_to("POST", "two.example", "/ask"))
    assert found is not None
    assert found.format == "one/ask"


@pytest.mark.parametrize("content", [b'{"q": "why not"}', b"q=why+not"])
def test_clients_may_send_json_or_a_form(content: bytes):
    said = read("{body: json-or-form, prompt: [$.q, field q]}", content)
    assert said.prompt is not None
    assert said.prompt.typed_text == "why not"
