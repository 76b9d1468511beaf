"""LangChain with OpenAI: a streamed chat."""

import sys

from langchain_openai import ChatOpenAI

for chunk in ChatOpenAI(model="gpt-5").stream(sys.argv[1]):
    sys.stdout.write(chunk.text if isinstance(chunk.text, str) else chunk.text())
