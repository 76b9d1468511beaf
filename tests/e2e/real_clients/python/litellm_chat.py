"""LiteLLM: one call that it turns into a vendor's own."""

import sys

import litellm

litellm.suppress_debug_info = True
for chunk in litellm.completion("anthropic/claude-sonnet-4-5", [{"role": "user", "content": sys.argv[1]}], stream=True):
    sys.stdout.write(chunk.choices[0].delta.content or "")
