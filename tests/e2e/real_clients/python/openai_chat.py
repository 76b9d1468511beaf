"""OpenAI's SDK: a streamed chat completion."""

import sys

from openai import OpenAI

stream = OpenAI().chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": sys.argv[1]}], stream=True)
for chunk in stream:
    sys.stdout.write(chunk.choices[0].delta.content or "")
