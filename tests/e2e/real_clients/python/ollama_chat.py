"""Ollama's client at Ollama's cloud: a streamed chat."""

import sys

from ollama import Client

for chunk in Client(host="https://ollama.com").chat("gpt-oss:120b", [{"role": "user", "content": sys.argv[1]}], stream=True):
    sys.stdout.write(chunk.message.content or "")
