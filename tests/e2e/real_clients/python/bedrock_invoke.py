"""boto3 at Amazon Bedrock: the vendor's own body, streamed."""

import json
import sys

import boto3

body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 200, "messages": [{"role": "user", "content": sys.argv[1]}]}
answer = boto3.client("bedrock-runtime").invoke_model_with_response_stream(
    modelId="anthropic.claude-sonnet-4-5-20250929-v1:0", body=json.dumps(body)
)
for event in answer["body"]:
    chunk = json.loads(event["chunk"]["bytes"])
    if chunk["type"] == "content_block_delta":
        sys.stdout.write(chunk["delta"]["text"])
