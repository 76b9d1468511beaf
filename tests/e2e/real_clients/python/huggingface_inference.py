"""Hugging Face's inference client: a streamed chat through its router."""

import sys

from huggingface_hub import InferenceClient

client = InferenceClient(base_url="https://router.huggingface.co/v1", api_key="test")
said = [{"role": "user", "content": sys.argv[1]}]
for chunk in client.chat.completions.create(model="openai/gpt-oss-120b", messages=said, stream=True):
    sys.stdout.write(chunk.choices[0].delta.content or "")
