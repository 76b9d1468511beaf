from wire_samples.event_stream import aws_chunk, aws_event
from wire_samples.sample import WireSample

AWS = "application/vnd.amazon.eventstream"
DENIED = (403, {"message": "{message}"})
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABAAAAAA=="


def delta(**delta: object) -> bytes:
    return aws_event("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta, "p": "abcdef"})


SAMPLES = (
    WireSample(
        id="bedrock-converse",
        path="/model/eu.anthropic.claude-sonnet-4-5-v1%3A0/converse-stream",
        document={
            "system": [{"text": "Answer as a pirate."}],
            "inferenceConfig": {"maxTokens": 100},
            "messages": [
                {"role": "user", "content": [
                    {"text": "what does the picture show"},
                    {"image": {"format": "png", "source": {"bytes": PIXEL}}},
                ]},
                {"role": "assistant", "content": [
                    {"reasoningContent": {"reasoningText": {"text": "pondering", "signature": "c2lnbg=="}}},
                    {"toolUse": {"toolUseId": "tooluse_1", "name": "lookup", "input": {"query": "jolly roger"}}},
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"content": [{"text": "a black flag"}, {"json": {"found": "skull"}}]}},
                ]},
            ],
        },
        prompt="what does the picture show",
        media_type=AWS,
        answer=(
            aws_event("messageStart", {"role": "assistant", "p": "ab"}),
            delta(reasoningContent={"text": "hm"}),
            delta(text="Grü"),
            delta(text="ße 😀"),
            aws_event("contentBlockStop", {"contentBlockIndex": 0}),
            aws_event("messageStop", {"stopReason": "end_turn"}),
            aws_event("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}),
        ),
        refused=DENIED,
    ),
    WireSample(
        id="bedrock-invoke",
        path="/model/amazon.titan-text-express-v1/invoke-with-response-stream",
        document={"inputText": "write a limerick", "textGenerationConfig": {"stopSequences": ["the very end"]}},
        prompt="write a limerick",
        media_type=AWS,
        answer=(
            aws_chunk({"outputText": "Grü", "index": 0, "completionReason": None}),
            aws_chunk({"outputText": "ße 😀", "index": 0, "completionReason": "FINISH"}),
        ),
        refused=DENIED,
    ),
    WireSample(
        id="bedrock-agent",
        path="/retrieveAndGenerate",
        document={
            "input": {"text": "how many holidays"},
            "sessionId": "session-1",
            "retrieveAndGenerateConfiguration": {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": {
                "modelArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-pro-v1:0",
                "generationConfiguration": {"promptTemplate": {"textPromptTemplate": "Use $search_results$ only."}},
            }},
        },
        prompt="how many holidays",
        media_type="application/json",
        answer=('{"output": {"text": "Grüße 😀"}, "sessionId": "session-1", "citations": []}',),
        refused=DENIED,
    ),
)  # fmt: skip
