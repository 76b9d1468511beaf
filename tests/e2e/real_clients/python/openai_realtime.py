"""OpenAI's SDK: a realtime session over a WebSocket."""

import sys

from openai import OpenAI

with OpenAI().realtime.connect(model="gpt-realtime") as session:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": sys.argv[1]}]}
    session.conversation.item.create(item=item)
    session.response.create()
    for event in session:
        if event.type == "response.output_text.delta":
            sys.stdout.write(event.delta)
        elif event.type == "error":
            raise SystemExit(event.error.message)
        elif event.type == "response.done":
            break
