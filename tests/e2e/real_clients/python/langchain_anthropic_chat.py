"""LangChain with Anthropic: a streamed chat."""

import sys

from langchain_anthropic import ChatAnthropic

for chunk in ChatAnthropic(model="claude-sonnet-4-5").stream(sys.argv[1]):
    sys.stdout.write(chunk.text if isinstance(chunk.text, str) else chunk.text())
