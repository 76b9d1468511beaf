"""OpenAI's SDK: a streamed response."""

import sys

from openai import OpenAI

with OpenAI().responses.stream(model="gpt-5", input=sys.argv[1]) as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            sys.stdout.write(event.delta)
