"""What is particular to web apps with a notation of their own."""

import json

import pytest
from wire_samples.google_apps import GUARD, frame
from wire_samples.notations import BOUNDARY, MULTIPART, as_form, as_multipart
from wire_samples.sample import line

from lockgate.apps.formats.base import Refusal, Unreadable
from lockgate.apps.formats.patch_tree import PatchTree, steps_of
from lockgate.apps.formats.registry import FORMATS
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Headers, Request, Response

REFUSAL = Refusal(message="Not allowed here. Reference abc123", code="rule", reference="abc123")


def refused(format_id, path="/", query="", known=None, **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    request = Request(method="POST", scheme="https", host="x.example", port=443, path=path, query=query, headers=Headers(pairs))
    given = FORMATS[format_id].refuse(REFUSAL, request, known)
    heard = FORMATS[format_id].read_response(Response(status=given.status, headers=given.headers), Body(content=given.content))
    return given, heard


def attached(conversation):
    return [(file.name, file.reference) for turn in conversation.turns for file in turn.attachments]


class TestPatchTree:
    def test_appending_and_inserting_by_pointer(self):
        tree = PatchTree()
        tree.put((), {"a": {"b~/c": ["x"]}})
        tree.append(steps_of("/a/b~0~1c/0"), "y")
        tree.insert(steps_of("/a/b~0~1c/0"), "first")
        tree.append(steps_of("a/b~0~1c"), ["p", "q"])
        tree.put(steps_of("/a/b~0~1c/-"), "last")
        tree.put(steps_of("/a/b~0~1c/-1"), "LAST")
        tree.append(steps_of("/a"), {"n": 1})
        tree.remove(steps_of("/a/b~0~1c/2"))
        assert tree.plain() == {"a": {"b~/c": ["first", "xy", "q", "LAST"], "n": 1}}

    @pytest.mark.parametrize("path", ["/nowhere/deep", "/list/99", "/text/0", "/list/x", "/" + "1/" * 50])
    def test_a_path_that_leads_nowhere_changes_nothing(self, path):
        tree = PatchTree()
        tree.put((), {"list": [1], "text": "t"})
        for change in (tree.put, tree.insert):
            change(steps_of(path), "new")
        tree.remove(steps_of(path))
        assert tree.plain() == {"list": [1], "text": "t"}

    def test_memory_is_bounded_and_given_back(self):
        tree = PatchTree()
        tree.put((), {"text": ""})
        for _ in range(40):
            tree.append(("text",), "x" * 100_000)
        kept = tree.plain()["text"]
        assert len(kept) == 1024 * 1024
        for _ in range(40):
            tree.put(("text",), "y" * 900_000)
        assert tree.plain() == {"text": "y" * 900_000}
        small = PatchTree()
        small.put((), {"text": "", "list": []})
        for number in range(60_000):
            small.append(("text",), "ab")
            small.append(("list",), 1)
            small.put((f"member {number}",), "")
            small.put(("text-again",), None)
        assert len(small.plain()) + len(small.plain()["list"]) <= 50_000
        assert small.plain()["text"] == "ab" * 60_000
        wide = PatchTree()
        wide.put((), [[0] * 1000] * 1000)
        assert sum(map(len, filter(None, wide.plain()))) <= 50_000


class TestDeepSeek:
    def test_a_refused_request_is_an_answer_with_a_business_error(self, answer):
        given, heard = refused("deepseek-web")
        assert (given.status, heard.error, heard.text) == (200, REFUSAL.message, "")
        assert answer("deepseek-web", '{"code":40003,"msg":"Authorization Failed","data":null}', "application/json").error

    def test_older_streams_without_fragments(self, answer, sse):
        heard = answer("deepseek-web", sse(
            {"v": {"response": {"content": "", "thinking_content": "", "status": "WIP"}}},
            {"p": "response/thinking_content", "v": "h"}, {"v": "m"},
            {"p": "response/content", "o": "APPEND", "v": "Hel"}, {"v": "lo"},
            {"p": "response", "o": "BATCH", "v": [{"p": "status", "v": "FINISHED"}]},
        ))  # fmt: skip
        assert (heard.text, heard.reasoning, heard.finished) == ("Hello", "hm", True)


class TestV0:
    def test_the_platform_s_events_carry_changes_among_snapshots(self, answer, sse):
        def chunk(delta):
            return {"object": "message.experimental_content.chunk", "id": "m", "delta": delta}

        heard = answer("v0", sse(
            {"object": "chat", "id": "c-1", "messages": [{"role": "user", "content": "hi"}]},
            {"object": "chat.title", "delta": "A greeting"},
            chunk({"_t": "a", "0": [[0, [["p", {}, "Hel"], ["p", {}, "wrong"]]]]}),
            chunk([[0, 1, 0, 2, "lo"], 9, 9]),
            chunk({"_t": "a", "0": {"_t": "a", "1": {"_t": "a", "_1": [["p", {}, "wrong"], 0, 0]}}}),
            chunk({"_t": "a", "1": [[1, "tsx", "<b/>"]]}),
            chunk({"_t": "a", "1": {"_t": "a", "2": ["<b/>", "<i/>"]}}),
            {"object": "chat", "id": "c-1", "messages": [{"role": "assistant", "content": "Hello, again"}]},
            done=True,
        ))  # fmt: skip
        assert (heard.text, heard.conversation, heard.finished) == ("Hello\n<i/>", "c-1", True)

    def test_a_snapshot_alone_is_the_answer(self, answer):
        whole = '{"id":"c-1","messages":[{"role":"assistant","content":"Old."},{"role":"user","content":"b"},%s]}'
        heard = answer("v0", whole % '{"role":"assistant","content":"New."}', "application/json")
        assert (heard.text, heard.conversation, heard.finished) == ("New.", "c-1", True)
        rich = '{"role":"assistant","experimental_content":[[0,[["ul",{},["li",{},"one"],["li",{},"two"]]]]]}'
        assert answer("v0", whole % rich, "application/json").text == "one\ntwo"
        assert answer("v0", '{"error":{"code":"x","userMessage":"not now"}}', "application/json", 403).error == "not now"

    def test_a_message_into_a_chat_of_the_platform(self, read):
        document = {
            "message": "more blue",
            "system": "Keep it plain.",
            "attachments": [{"url": "https://files.example.com/a.png"}],
        }
        conversation = read("v0", document, "/v1/chats/c-1/messages")
        assert (conversation.prompt.typed_text, conversation.id) == ("more blue", "c-1")
        assert [file.reference for file in conversation.turns[-1].attachments] == ["https://files.example.com/a.png"]


class TestPerplexity:
    def test_the_question_that_leaves_twice_is_rewritten_twice(self, make_request, read):
        document = {"query_str": "a secret", "params": {"dsl_query": "a secret"}}
        conversation = read("perplexity-web", document)
        assert conversation.prompt.typed_text == "a secret"
        paths = [part.path for turn in conversation.turns for part in turn.parts]
        written = FORMATS["perplexity-web"].rewrite_request(
            make_request("/"), Body(content=json.dumps(document).encode()), dict.fromkeys(paths, "[masked]")
        )
        assert b"secret" not in written

    def test_whole_blocks_two_uses_and_goals(self, answer, sse):
        block = {"progress": "DONE", "chunks": ["Hel", "lo"], "answer": "Hello"}
        heard = answer("perplexity-web", sse(
            {"blocks": [{"intended_usage": "plan", "plan_block": {"goals": [{"description": "Looking it up"}]}}]},
            {"blocks": [{"intended_usage": "ask_text", "markdown_block": block}], "display_model": "turbo"},
            {"blocks": [{"intended_usage": "ask_text_0_markdown", "markdown_block": block}], "final": True},
            {"blocks": [], "context_uuid": "c"},
        ))  # fmt: skip
        assert (heard.text, heard.reasoning, heard.model) == ("Hello", "Looking it up", "turbo")
        assert (heard.conversation, heard.finished) == ("c", True)

    def test_chunks_from_an_offset_and_older_answers(self, answer, sse):
        later = {"chunks": ["lo", "!"], "chunk_starting_offset": 1}
        heard = answer("perplexity-web", sse(
            {"blocks": [{"intended_usage": "ask_text", "markdown_block": {"chunks": ["Hel"], "chunk_starting_offset": 0}}]},
            {"blocks": [{"intended_usage": "ask_text", "markdown_block": later}]},
        ))  # fmt: skip
        assert heard.text == "Hello!"
        older = json.dumps([{"step_type": "FINAL", "content": {"answer": json.dumps({"answer": "Hello"})}}])
        assert answer("perplexity-web", sse({"text": older, "final": True})).text == "Hello"
        assert answer("perplexity-web", sse({"text": json.dumps({"answer": "Hi"}), "final": True})).text == "Hi"

    def test_a_refusal_is_a_final_answer_in_the_thread(self):
        given, heard = refused("perplexity-web", known=Conversation(turns=(), id="t-1"))
        assert (heard.text, heard.conversation) == (REFUSAL.message, "t-1")
        assert given.content.endswith(b"event: end_of_stream\ndata: {}\n\n")


class TestLeChat:
    def test_a_plain_string_and_the_first_prompt_of_a_chat(self, read):
        assert read("le-chat", {"chatId": "c", "messageInput": "hello"}, "/api/chat").prompt.typed_text == "hello"
        call = {"0": {"json": {"content": [{"type": "text", "text": "hello"}], "files": [{"id": "f-1", "name": "a.pdf"}]}}}
        conversation = read("le-chat", call, "/api/trpc/message.newChat")
        assert (conversation.prompt.typed_text, attached(conversation)) == ("hello", [("a.pdf", "f-1")])

    def test_the_persons_own_message_is_not_the_answer(self, answer):
        def patch(message, value):
            change = {"messageId": message, "patches": [{"op": "replace", "path": "/", "value": value}]}
            return f"15:{json.dumps({'json': change})}\n"

        own = {"role": "user", "contentChunks": [{"text": "my question"}]}
        chunks = [{"text": "Hel"}, {"text": "lo"}]
        said = {"role": "assistant", "chatId": "c", "contentChunks": chunks, "generationStatus": "success"}
        heard = answer("le-chat", patch("m1", own) + patch("m2", said), "text/plain")
        assert (heard.text, heard.conversation, heard.finished) == ("Hello", "c", True)
        assert answer("le-chat", '0:"Hel"\n0:"lo"\nd:{"finishReason":"stop"}\n', "text/plain").text == "Hello"

    def test_a_refused_call_is_an_error_of_trpc(self):
        given, heard = refused("le-chat", "/api/trpc/message.newChat")
        assert json.loads(given.content)[0]["error"]["json"]["message"] == REFUSAL.message
        assert (given.status, heard.error) == (400, REFUSAL.message)


class TestForms:
    def test_huggingchat_reads_the_document_in_a_form_and_files_as_base64(self, read, said):
        fields = {
            "data": {"inputs": "what is this", "id": "m", "is_retry": False},
            "files": ["base64;plan.txt", "text/plain", "dGhlIHBsYW4="],
        }
        path = "/chat/conversation/0123456789abcdef01234567"
        conversation = read("huggingchat", as_multipart(fields), path, content_type=MULTIPART["content-type"])
        assert ("user", "file", "the plan") in said(conversation)
        assert conversation.prompt.typed_text == "what is this"
        assert (conversation.id, attached(conversation)[0][0]) == ("0123456789abcdef01234567", "plan.txt")
        changed = FORMATS["huggingchat"].rewrite_request(
            Request(method="POST", scheme="https", host="x.example", port=443, headers=Headers(tuple(MULTIPART.items()))),
            Body(content=as_multipart(fields)),
            {conversation.prompt.parts[0].path: "[masked]", (1, 1, "base64"): "nothing"},
        )
        assert b'"inputs":"[masked]"' in changed
        assert b"bm90aGluZw==" in changed

    @pytest.mark.parametrize("format_id", ["huggingchat", "poe-web"])
    def test_a_form_without_the_document_is_unreadable(self, make_request, format_id):
        request = make_request("/", content_type=MULTIPART["content-type"])
        for fields in ({"other": "x"}, {"data": "no document", "queryInfo": "no document"}):
            assert isinstance(FORMATS[format_id].read_request(request, Body(content=as_multipart(fields))), Unreadable)

    def test_poe_reads_a_query_with_files_and_one_without_a_prompt(self, read):
        fields = {
            "queryInfo": {"queryName": "sendMessageMutation", "variables": {"query": "what is this", "chatId": 7}},
            "file0": ["plan.txt", "text/plain", "the plan"],
        }
        conversation = read("poe-web", as_multipart(fields), content_type=MULTIPART["content-type"])
        assert (conversation.prompt.typed_text, conversation.id) == ("what is this", "7")
        assert attached(conversation) == [("plan.txt", "")]
        assert read("poe-web", {"queryName": "ChatListQuery", "variables": {"after": 3}}).prompt is None

    def test_meta_reads_the_older_form_and_keeps_tokens_out(self, read, said):
        variables = {"message": {"sensitive_string_value": "hello there"}, "externalConversationId": "e-1"}
        body = as_form({"fb_dtsg": "a-token-of-the-session", "variables": variables, "doc_id": "7783822248314888"})
        conversation = read("meta-ai", body, content_type="application/x-www-form-urlencoded")
        assert (conversation.prompt.typed_text, conversation.id) == ("hello there", "e-1")
        assert not any("a-token" in text for _, _, text in said(conversation))

    def test_meta_is_refused_in_the_notation_that_was_asked_for(self):
        given, heard = refused("meta-ai", content_type="application/x-www-form-urlencoded")
        assert (heard.text, heard.finished) == (REFUSAL.message, True)
        assert json.loads(given.content)["data"]["node"]["bot_response_message"]["snippet"] == REFUSAL.message
        assert refused("meta-ai", content_type="application/json")[0].content.startswith(b"event: next\n")

    def test_a_boundary_inside_a_name_does_not_hide_a_file(self, read):
        named = 'Content-Disposition: form-data; name="file"; filename="a;b.txt"'
        head = f"--{BOUNDARY}\r\n{named}\r\n\r\nhello\r\n--{BOUNDARY}--\r\n"
        conversation = read("file-form", head.encode(), content_type=MULTIPART["content-type"])
        assert attached(conversation)[0][0] == "a;b.txt"


class TestNotion:
    def test_context_is_not_typed_and_earlier_answers_are_the_models(self, read, said):
        transcript = [
            {"type": "context", "value": {"pageContent": "the text of a page", "userEmail": "someone@example.com"}},
            {"type": "human", "value": "an older question"},
            {
                "type": "agent-inference",
                "value": [{"type": "thinking", "content": "hm"}, {"type": "text", "content": "an answer"}],
            },
            {"type": "user", "value": [["and ", [["b"]]], ["now"]]},
        ]
        rows = said(read("notion-ai", {"spaceId": "s", "transcript": transcript}))
        assert rows[0] == ("system", "file", "the text of a page")
        assert ("system", "machine", "someone@example.com") in rows
        assert ("user", "text", "an older question") in rows
        assert ("assistant", "reasoning", "hm") in rows
        assert rows[-2:] == [("user", "text", "and"), ("user", "text", "now")]

    def test_whole_entries_replace_the_ones_before(self, answer):
        said = [
            {"type": "agent-inference", "id": "i", "value": [{"type": "text", "content": text}]} for text in ("Hel", "Hello")
        ]
        heard = answer("notion-ai", "".join(map(line, [*said, {"type": "record-map"}])), "application/x-ndjson")
        assert (heard.text, heard.finished) == ("Hello", True)
        assert answer("notion-ai", line({"type": "error", "message": "no"}), "application/x-ndjson").error == "no"


class TestGoogle:
    def test_sources_of_a_notebook_are_files_and_other_calls_are_the_apps(self, read, said):
        text = "A pasted text that is longer than any title is."
        for name, kind in (("izAoDd", "file"), ("Zz0000", "machine")):
            calls = json.dumps([[[name, json.dumps([[[None, ["Plan", text]]]]), None, "generic"]]])
            assert ("user", kind, text) in said(read("google-batch", as_form({"f.req": calls})))

    def test_a_denied_call_names_its_call(self):
        given, heard = refused("google-batch", query="rpcids=MkEWBc&rt=c")
        assert '["wrb.fr","MkEWBc",null,null,null,[7,' in given.content.decode()
        assert heard.error == REFUSAL.message

    def test_other_frames_of_a_batch_are_heard_as_nothing(self, answer):
        heard = answer("google-batch", GUARD + frame([1, "words of another call"], "hNvQHb"))
        assert (heard.text, heard.finished, heard.error) == ("", True, "")

    def test_the_model_of_the_gemini_page_is_in_a_header(self, read):
        body = as_form({"f.req": json.dumps([None, json.dumps([["", 0, None, [[["/x", 1], "a.png"]]]])])})
        header = {"x_goog_ext_525001261_jspb": '[1,null,null,null,"9d8ca3786ebdfbea",null,null,0]'}
        conversation = read("gemini-web", body, **header)
        assert (conversation.model, conversation.prompt) == ("9d8ca3786ebdfbea", None)
        assert attached(conversation) == [("a.png", "/x")]

    def test_the_question_in_an_address_and_the_text_of_a_page(self, answer):
        request = Request(
            method="GET", scheme="https", host="x.example", port=443, path="/search", query="udm=50&q=name+a+river"
        )
        read = FORMATS["google-ai-mode"].read_request(request, Body(content=b""))
        assert read.prompt.typed_text == "name a river"
        with pytest.raises(ValueError, match="URL"):
            FORMATS["google-ai-mode"].rewrite_request(request, Body(content=b""), {read.prompt.parts[0].path: "x"})
        page = "<div><script>var a = '<p>no</p>'</script><p>Fish &amp; <b>chip</b>s</p><svg><path d='x'/></svg></div>"
        assert answer("google-ai-mode", page, "text/html").text == "Fish & chips"
        assert not answer("google-ai-mode", "<div><p>Fish", "text/html").finished


class TestEditors:
    def test_vs_code_shows_status_424_and_others_their_vendors_error(self):
        editor = refused("github-copilot", "/chat/completions", editor_version="vscode/1.120.0")[0]
        assert (editor.status, editor.content.decode()) == (424, REFUSAL.message)
        assert editor.headers.get("content-type").startswith("text/plain")
        cli = refused("github-copilot", "/v1/messages", copilot_integration_id="copilot-developer-cli")[0]
        assert (cli.status, json.loads(cli.content)["type"]) == (400, "error")

    @pytest.mark.parametrize(
        ("headers", "background"),
        [
            ({}, False), ({"x_initiator": "user"}, False), ({"x_initiator": "agent"}, True),
            ({"x_interaction_type": "conversation-user"}, False), ({"x_interaction_type": "conversation-background"}, True),
        ],
    )  # fmt: skip
    def test_copilot_says_which_turns_nobody_typed(self, read, headers, background):
        document = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
        assert read("github-copilot", document, "/chat/completions", **headers).background is background

    @pytest.mark.parametrize(
        ("path", "document", "prompt"),
        [
            ("/responses", {"model": "m", "input": "hello"}, "hello"),
            ("/v1/messages", {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "hello"}]}, "hello"),
            ("/v1/engines/gpt-4o-copilot/completions", {"prompt": "def f(", "suffix": "return"}, "def f("),
            ("/elsewhere", {"model": "m", "input": "hello"}, "hello"),
        ],
    )
    def test_copilot_speaks_three_vendors_bodies(self, read, path, document, prompt):
        assert read("github-copilot", document, path).prompt.typed_text == prompt

    def test_copilot_streams_three_vendors_answers(self, answer, sse):
        streams = [
            sse({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hello"}),
            sse({"type": "message_start", "message": {"model": "m"}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}),
            sse({"choices": [{"index": 0, "delta": {"content": "Hello"}}]}),
        ]  # fmt: skip
        assert [answer("github-copilot", stream).text for stream in streams] == ["Hello"] * 3

    @pytest.mark.parametrize("as_string", [False, True])
    def test_zed_hands_on_to_the_vendor_and_back(self, read, make_request, as_string):
        inner = {"contents": [{"role": "user", "parts": [{"text": "a secret"}]}]}
        document = {
            "thread_id": "t", "provider": "google", "model": "gemini", "beside": "another secret",
            "provider_request": json.dumps(inner) if as_string else inner,
        }  # fmt: skip
        conversation = read("zed", document)
        assert (conversation.prompt.typed_text, conversation.id, conversation.model) == ("a secret", "t", "gemini")
        paths = [part.path for turn in conversation.turns for part in turn.parts]
        written = FORMATS["zed"].rewrite_request(
            make_request("/"), Body(content=json.dumps(document).encode()), dict.fromkeys(paths, "[masked]")
        )
        assert b"secret" not in written
        assert json.loads(written)["thread_id"] == "t"

    def test_zed_hears_every_vendor_and_failures(self, answer):
        stream = line({"event": {"choices": [{"index": 0, "delta": {"content": "Hello"}}]}}) + line({"status": "stream_ended"})
        heard = answer("zed", stream, "application/x-ndjson")
        assert (heard.text, heard.finished) == ("Hello", True)
        assert answer("zed", line({"status": {"failed": {"message": "no"}}}), "application/x-ndjson").error == "no"

    def test_jetbrains_feature_ids_are_nobodys_words(self, read, said):
        document = {"prompt": "ij.chat.request.new-chat", "profile": "p",
                    "chat": {"messages": [{"type": "user_message", "content": "hello"}]}}  # fmt: skip
        conversation = read("jetbrains-ai", document)
        assert conversation.prompt.typed_text == "hello"
        assert ("system", "machine", "ij.chat.request.new-chat") in said(conversation)
