"""Anthropic's SDK: a streamed message."""

import sys

from anthropic import Anthropic

said = [{"role": "user", "content": sys.argv[1]}]
with Anthropic().messages.stream(model="claude-sonnet-4-5", max_tokens=200, messages=said) as stream:
    for text in stream.text_stream:
        sys.stdout.write(text)
