from wire_samples.sample import WireSample, event

DENIED = (400, {"error": {"code": 403, "message": "{message}", "status": "PERMISSION_DENIED"}})

SAMPLES = (
    WireSample(
        id="gemini-interactions",
        path="/v1beta/interactions",
        document={
            "model": "gemini-2.5-flash",
            "stream": True,
            "system_instruction": "Answer in rhymes.",
            "input": [
                {"type": "user_input", "content": [{"type": "text", "text": "name a river"}]},
                {"type": "thought", "summary": [{"type": "text", "text": "one that is long"}]},
                {"type": "function_call", "id": "c1", "name": "atlas", "arguments": {"query": "long water"}},
                {"type": "function_result", "call_id": "c1", "result": {"found": "the Danube"}},
                {"type": "user_input", "content": [{"type": "text", "text": "and a mountain"}]},
            ],
        },
        prompt="and a mountain",
        answer=(
            event({"event_type": "interaction.created", "interaction": {"id": "i1", "model": "gemini-2.5-flash"}},
                  name="interaction.created"),
            event({"event_type": "step.start", "index": 0, "step": {"type": "model_output"}}, end="\r\n"),
            event({"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "Grü"}}),
            event({"event_type": "step.delta", "index": 0, "delta": {"type": "text", "text": "ße 😀"}}),
            event({"event_type": "step.stop", "index": 0}),
            event({"event_type": "interaction.completed", "interaction": {"id": "i1", "status": "completed"}}),
        ),
        refused=DENIED,
    ),
    WireSample(
        id="google-predict",
        path="/v1/projects/p/locations/l/publishers/google/models/imagen-4.0-generate-001:predict",
        document={"instances": [{"prompt": "a castle in the fog"}], "parameters": {"sampleCount": 1, "storageUri": "gs://a-bucket"}},
        prompt="a castle in the fog",
        media_type="application/json",
        answer=('{"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": "AAAA", "prompt": "Grüße 😀"}]}',),
        refused=DENIED,
    ),
)  # fmt: skip
