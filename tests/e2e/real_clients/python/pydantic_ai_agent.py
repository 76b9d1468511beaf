"""Pydantic AI: one turn of an agent."""

import sys

from pydantic_ai import Agent

sys.stdout.write(Agent("openai-chat:gpt-5", instructions="Answer briefly.").run_sync(sys.argv[1]).output)
