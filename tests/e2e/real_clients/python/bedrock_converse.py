"""boto3 at Amazon Bedrock: a streamed conversation, in AWS's event-stream framing, with a signed body."""

import sys

import boto3

answer = boto3.client("bedrock-runtime").converse_stream(
    modelId="anthropic.claude-sonnet-4-5-20250929-v1:0",
    messages=[{"role": "user", "content": [{"text": sys.argv[1]}]}],
)
for event in answer["stream"]:
    sys.stdout.write(event.get("contentBlockDelta", {}).get("delta", {}).get("text", ""))
