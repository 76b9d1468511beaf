"""What tests of exchanges share: two policies, an end, and the record that comes of it."""

from lockgate.gate.effects import Note
from lockgate.gate.events import Closed

CHAT = "https://api.openai.com/v1/chat/completions"
ALLOW_ALL = "default: allow\nrules: []\n"
NO_SECRETS = """
default: allow
on_uninspectable: block
rules:
  - id: no-secrets
    when: {operation: [send_prompt], dlp.profiles: {any: [credentials]}}
    then: block
    message: Credentials never leave in a prompt.
"""
CLOSED = Closed(duration_ms=12.5, status=200, upstream_contacted=True, request_bytes=10, response_bytes=20)


def record_of(playbook, closed=CLOSED):
    playbook >> closed << Note
    return playbook.last.record
