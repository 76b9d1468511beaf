"""Cohere's SDK: a streamed chat."""

import sys

import cohere

client = cohere.ClientV2(api_key="test")
for event in client.chat_stream(model="command-a-03-2025", messages=[{"role": "user", "content": sys.argv[1]}]):
    if event.type == "content-delta":
        sys.stdout.write(event.delta.message.content.text)
