"""OpenAI's agents SDK: one turn of an agent."""

import sys

from agents import Agent, Runner, set_tracing_disabled

set_tracing_disabled(disabled=True)
agent = Agent(name="helper", instructions="Answer briefly.", model="gpt-5")
sys.stdout.write(Runner.run_sync(agent, sys.argv[1]).final_output)
