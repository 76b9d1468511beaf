"""Groq's SDK: a streamed chat."""

import sys

from groq import Groq

said = [{"role": "user", "content": sys.argv[1]}]
for chunk in Groq().chat.completions.create(model="openai/gpt-oss-120b", messages=said, stream=True):
    sys.stdout.write(chunk.choices[0].delta.content or "")
