from wire_samples.openai_family import OPENAI_ERROR
from wire_samples.sample import WireSample, event, line

SAMPLES = (
    WireSample(
        id="cohere-chat",
        path="/v1/chat",
        document={
            "model": "command-r-plus",
            "message": "and the capital of Peru",
            "chat_history": [{"role": "USER", "message": "the capital of Chile"}, {"role": "CHATBOT", "message": "Santiago"}],
            "preamble": "Answer with one word.",
            "documents": [{"title": "an atlas", "snippet": "Lima lies by the sea"}],
            "stream": True,
        },
        prompt="and the capital of Peru",
        media_type="application/stream+json",
        answer=(
            line({"is_finished": False, "event_type": "stream-start", "generation_id": "g1"}),
            line({"is_finished": False, "event_type": "text-generation", "text": "Grü"}),
            line({"is_finished": False, "event_type": "text-generation", "text": "ße 😀"}),
            line({"is_finished": True, "event_type": "stream-end", "response": {"text": "Grüße 😀"}}),
        ),
        refused=(400, {"message": "{message}"}),
    ),
    WireSample(
        id="mistral-conversations",
        path="/v1/conversations/conv_abc",
        document={
            "agent_id": "ag_1",
            "stream": True,
            "instructions": "Answer politely.",
            "inputs": [
                {"object": "entry", "type": "message.input", "role": "user", "content": "how is the weather"},
                {"object": "entry", "type": "function.call", "name": "forecast", "arguments": {"town": "Trondheim city"}},
                {"object": "entry", "type": "function.result", "tool_call_id": "t1", "result": "rain all day"},
                {"type": "message.input", "role": "user", "content": [{"type": "text", "text": "is it cold"}]},
            ],
        },
        prompt="is it cold",
        answer=(
            event({"type": "conversation.response.started", "conversation_id": "conv_abc"}),
            event({"type": "message.output.delta", "id": "m1", "model": "mistral-medium", "content": "Grü"}, end="\r\n"),
            event({"type": "message.output.delta", "id": "m1", "content": {"type": "text", "text": "ße 😀"}}),
            event({"type": "conversation.response.done", "usage": {}}),
        ),
        refused=(400, {"object": "error", "message": "{message}", "type": "policy_violation", "param": None, "code": None}),
    ),
    WireSample(
        id="llama-server",
        path="/completion",
        document={"prompt": "the first line of a story", "n_predict": 64, "stream": True, "grammar": "a rule of words"},
        prompt="the first line of a story",
        answer=(
            event({"index": 0, "content": "Grü", "tokens": [1], "stop": False, "id_slot": 0}),
            event({"index": 0, "content": "ße 😀", "stop": False}),
            event({"index": 0, "content": "", "stop": True, "model": "model.gguf", "stop_type": "eos"}),
        ),
        refused=(400, OPENAI_ERROR),
    ),
    WireSample(
        id="text-generation",
        path="/models/example-org/small-1",
        document={"inputs": "once upon a time", "parameters": {"max_new_tokens": 20, "stop": ["the end of it"]}},
        prompt="once upon a time",
        answer=(
            event({"index": 1, "token": {"id": 1, "text": "Grü", "special": False}, "generated_text": None}),
            event({"index": 2, "token": {"id": 2, "text": "ße 😀", "special": False}, "generated_text": None}),
            event({"index": 3, "token": {"id": 3, "text": "</s>", "special": True}, "generated_text": "Grüße 😀"}),
        ),
        refused=(400, {"error": "{message}", "error_type": "validation"}),
    ),
)  # fmt: skip
