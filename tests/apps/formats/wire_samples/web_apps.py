"""Web apps with a notation of their own over plain requests."""

import json

from wire_samples.sample import WireSample, event, line

UUID = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"


def entry(**more: object) -> dict[str, object]:
    return {"context_uuid": UUID, "status": "PENDING", "final": False, "blocks": [], **more}


def markdown(*patches: object) -> dict[str, object]:
    return {"intended_usage": "ask_text", "diff_block": {"field": "markdown_block", "patches": list(patches)}}


def patched(*patches: object) -> str:
    return f"15:{json.dumps({'json': {'type': 'message', 'messageId': 'm2', 'patches': list(patches)}}, ensure_ascii=False)}\n"


SAMPLES = (
    WireSample(
        id="v0",
        path="/chat/api/chat",
        document={
            "chatId": "aBcDeFgHiJk", "messageId": "m-1", "team": "team-1",
            "messageContent": {"version": 1, "parts": [{"type": "mdx", "content": "name a river 😀"}], "type": "parts"},
            "modelConfiguration": {"modelId": "v0-max", "thinking": True},
        },
        prompt="name a river 😀",
        media_type="text/plain",
        answer=(
            line({"_t": "a", "0": [[0, []]]}),
            line({"_t": "a", "0": {"_t": "a", "1": {"_t": "a", "0": [
                ["AssistantMessageContentPart", {"part": {"type": "task-thinking-v1", "parts": [{"thought": "h"}]}}]]}}}),
            line([[0, 1, 0, 1, "part", "parts", 0, "thought", "m"], 9, 9]),
            line({"_t": "a", "0": {"_t": "a", "1": {"_t": "a", "1": [["p", {}, ["text", {}, "Gr"]]]}}}),
            line([[0, 1, 1, 2, 2, "üß"], 9, 9]),
            line([[0, 1, 1, 2, 2, "e"], 9, 9]),
            line({"_t": "a", "0": {"_t": "a", "1": {"_t": "a", "1": {"_t": "a", "3": [["strong", {}, " 😀"]]}}}}),
            line({"_t": "a", "0": {"_t": "a", "1": {"_t": "a", "0": {"_t": "a", "1": {"finishReason": [None, "stop"]}}}}}),
        ),
        refused=(400, {"error": {"code": "forbidden", "userMessage": "{message}", "message": "{message}"}}),
    ),
    WireSample(
        id="deepseek-web",
        path="/api/v0/chat/completion",
        document={
            "chat_session_id": UUID, "parent_message_id": None, "prompt": "name a river 😀", "ref_file_ids": ["file-1"],
            "thinking_enabled": True, "search_enabled": False,
        },
        prompt="name a river 😀",
        answer=(
            event({"request_message_id": 1, "response_message_id": 2}, name="ready"),
            event({"v": {"response": {"message_id": 2, "status": "WIP", "fragments": [{"type": "THINK", "content": "hm"}]}}}),
            event({"v": ", yes", "p": "response/fragments/-1/content", "o": "APPEND"}),
            event({"v": [{"v": False, "p": "has_pending_fragment"},
                         {"v": [{"id": 2, "type": "RESPONSE", "content": "Grü"}], "p": "fragments", "o": "APPEND"}],
                   "p": "response", "o": "BATCH"}, end="\r\n"),
            event({"v": "ße", "p": "response/fragments/-1/content"}),
            event({"v": " 😀"}),
            event({"p": "response/status", "o": "SET", "v": "FINISHED"}),
            event({}, name="close"),
        ),
        refused=(200, {"code": 0, "msg": "", "data": {"biz_code": 1, "biz_msg": "{message}", "biz_data": None}}),
    ),
    WireSample(
        id="perplexity-web",
        path="/rest/sse/perplexity_ask",
        document={
            "query_str": "name a river 😀",
            "params": {
                "dsl_query": "name a river 😀", "attachments": ["https://files.example/plan.pdf?sig=x"], "mode": "copilot",
                "model_preference": "pplx_pro", "frontend_context_uuid": UUID, "is_incognito": False,
            },
        },
        prompt="name a river 😀",
        answer=(
            event(entry(blocks=[{"intended_usage": "pro_search_steps", "plan_block": {"goals": [{"description": "look"}]}}]),
                  name="message", end="\r\n"),
            event(entry(blocks=[markdown({"op": "replace", "path": "", "value": {"progress": "NOW", "chunks": ["Grü"]}})])),
            event(entry(blocks=[markdown({"op": "add", "path": "/chunks/1", "value": "ße"})])),
            event(entry(blocks=[markdown({"op": "add", "path": "/chunks/-", "value": " 😀"})])),
            event(entry(blocks=[markdown({"op": "replace", "path": "/progress", "value": "DONE"})], final=True)),
            event({}, name="end_of_stream"),
        ),
    ),
    WireSample(
        id="le-chat",
        path="/api/chat",
        document={
            "chatId": UUID, "mode": "append", "model": "medium", "features": ["beta-imagegen"], "incognito": False,
            "messageInput": [{"type": "text", "text": "name a river 😀"}], "messageFiles": [{"id": "f-1", "name": "plan.pdf"}],
        },
        prompt="name a river 😀",
        media_type="text/plain",
        answer=(
            '16:{"json":{"disclaimers":[]}}\n',
            patched({"op": "replace", "path": [], "value": {"role": "assistant", "content": "", "contentChunks": None}}),
            patched({"op": "replace", "path": "/contentChunks", "value": [
                {"type": "text", "text": "hm", "_context": {"type": "reasoning"}}, {"type": "text", "text": "Grü"}]}),
            patched({"op": "append", "path": "/contentChunks/1/text", "value": "ße"},
                    {"op": "append", "path": "/contentChunks/1/text", "value": " 😀"}),
            patched({"op": "replace", "path": "/generationStatus", "value": "success"}),
            "8:null\n",
        ),
    ),
    WireSample(
        id="huggingchat",
        path="/chat/conversation/0123456789abcdef01234567",
        document={"id": UUID, "inputs": "name a river 😀", "is_retry": False, "is_continue": False, "web_search": False},
        prompt="name a river 😀",
        media_type="application/jsonl",
        answer=(
            line({"type": "status", "status": "started"}),
            line({"type": "reasoning", "subtype": "stream", "token": "hm\0\0"}),
            line({"type": "stream", "token": "Grü\0\0\0"}),
            line({"type": "finalAnswer", "text": "Grüße 😀", "interrupted": False}),
        ),
    ),
    WireSample(
        id="meta-ai",
        path="/api/graphql/",
        document={
            "doc_id": "29ae", "variables": {
                "content": "name a river 😀", "conversationId": f"c.{UUID}", "mode": "mode_fast", "turnId": UUID,
                "attachments": [{"id": "a-1"}], "userLocale": "en_US", "clientTimezone": "Europe/Berlin",
            },
        },
        prompt="name a river 😀",
        answer=tuple(
            event({"data": {"sendMessageStream": {"__typename": "AssistantMessage", "content": text, "streamingState": state}}},
                  name="next")
            for text, state in (("Grü", "STREAMING"), ("Grüße 😀", "STREAMING"), ("Grüße 😀", "OVERALL_DONE"))
        ),
    ),
    WireSample(
        id="poe-web",
        path="/api/gql_POST",
        document={
            "queryName": "sendMessageMutation", "extensions": {"hash": "b5b0c3f1"},
            "variables": {"chatId": 77, "bot": "Assistant", "query": "name a river 😀", "source": {"chatInputMetadata": None}},
        },
        prompt="name a river 😀",
        media_type="application/json",
        answer=('{"data":{"messageEdgeCreate":{"status":"success",', '"chat":{"chatId":77}}},"errors":null}'),
        heard="",
        refused=(200, {"data": None, "errors": [{"message": "{message}"}]}),
    ),
    WireSample(
        id="notion-ai",
        path="/api/v3/runInferenceTranscript",
        document={
            "traceId": UUID, "spaceId": UUID, "threadId": UUID, "asPatchResponse": True,
            "transcript": [
                {"id": UUID, "type": "config", "value": {"type": "workflow", "model": "oatmeal-cookie", "useWebSearch": True}},
                {"id": UUID, "type": "context", "value": {"spaceName": "Some workspace", "selectedText": "the secret plan"}},
                {"id": UUID, "type": "user", "value": [["name a river 😀", [["b"]]]], "userId": UUID},
            ],
        },
        prompt="name a river 😀",
        media_type="application/x-ndjson",
        answer=(
            line({"type": "patch-start", "data": {"s": [{"type": "config"}]}, "version": 1}),
            line({"type": "patch", "v": [{"o": "a", "p": "/s/-", "v": {"type": "agent-inference", "value": [
                {"type": "thinking", "content": "hm"}]}}]}),
            line({"type": "patch", "v": [{"o": "a", "p": "/s/1/value/-", "v": {"type": "text", "content": "Grü"}}]}),
            line({"type": "patch", "v": [{"o": "x", "p": "/s/1/value/1/content", "v": "ße 😀"}]}),
            line({"type": "patch", "v": [{"o": "a", "p": "/s/1/finishedAt", "v": 1790000000}]}),
        ),
    ),
    WireSample(
        id="deepl-web",
        path="/jsonrpc",
        document={
            "jsonrpc": "2.0", "method": "LMT_handle_jobs", "id": 12340001,
            "params": {
                "jobs": [{"kind": "default", "sentences": [{"text": "name a river 😀", "id": 0}],
                          "raw_en_context_before": ["What came before."], "raw_en_context_after": []}],
                "lang": {"target_lang": "DE"}, "priority": 1,
            },
        },
        prompt="name a river 😀",
        media_type="application/json",
        answer=('{"jsonrpc":"2.0","id":12340001,"result":{"translations":[{"beams":[{"sentences":[{"text":"Grüße',
                ' 😀"}]}]}],"source_lang":"EN"}}'),
        refused=(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "{message}"}}),
    ),
    WireSample(
        id="github-copilot",
        path="/chat/completions",
        document={"model": "gpt-5", "stream": True, "messages": [{"role": "user", "content": "name a river 😀"}]},
        prompt="name a river 😀",
        sniffed=False,
        answer=(
            event({"choices": [{"index": 0, "delta": {"content": "Grü"}}]}),
            event({"choices": [{"index": 0, "delta": {"content": "ße 😀"}, "finish_reason": "stop"}]}),
            event("[DONE]"),
        ),
    ),
    WireSample(
        id="github-copilot-web",
        path=f"/github/chat/threads/{UUID}/messages",
        document={
            "content": "name a river 😀", "intent": "conversation", "model": "gpt-5", "context": [],
            "references": [{"type": "file", "path": "src/main.py", "content": "def secret_plan(): ..."}],
        },
        prompt="name a river 😀",
        answer=(
            event({"type": "content", "body": "Grü"}),
            event({"type": "content", "body": "ße 😀"}),
            event({"type": "complete"}),
        ),
    ),
    WireSample(
        id="jetbrains-ai",
        path="/user/v5/llm/chat/stream/v7",
        document={
            "prompt": "ij.chat.request.new-chat", "profile": "openai-gpt-4o", "parameters": {"data": []},
            "chat": {"messages": [
                {"type": "system_message", "content": "You are in an editor."},
                {"type": "user_message", "content": "name a river 😀"},
            ]},
        },
        prompt="name a river 😀",
        answer=(
            event({"type": "Content", "content": "Grü"}),
            event({"type": "Content", "content": "ße 😀"}),
            event({"type": "FinishMetadata", "reason": "stop"}),
        ),
    ),
    WireSample(
        id="zed",
        path="/completions",
        document={
            "thread_id": UUID, "prompt_id": UUID, "intent": "user_prompt", "provider": "anthropic", "model": "claude-4",
            "provider_request": {
                "model": "claude-sonnet-4-5", "max_tokens": 100, "system": "You are in an editor.",
                "messages": [{"role": "user", "content": [{"type": "text", "text": "name a river 😀"}]}],
            },
        },
        prompt="name a river 😀",
        media_type="application/x-ndjson",
        answer=(
            line({"status": "started"}),
            line({"event": {"type": "message_start", "message": {"model": "claude-sonnet-4-5", "content": []}}}),
            line({"event": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Grü"}}}),
            line({"event": {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ße 😀"}}}),
            line({"event": {"type": "message_stop"}}),
            line({"status": "stream_ended"}),
        ),
    ),
)  # fmt: skip
