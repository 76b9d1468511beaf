"""Mistral's SDK: a streamed chat."""

import sys

try:
    from mistralai import Mistral
except ImportError:
    from mistralai.client import Mistral

with Mistral(api_key="test") as client:
    for event in client.chat.stream(model="mistral-large-latest", messages=[{"role": "user", "content": sys.argv[1]}]):
        sys.stdout.write(event.data.choices[0].delta.content or "")
