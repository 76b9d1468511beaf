"""OpenAI's SDK: a realtime session over a WebSocket."""

import ssl
import sys

from openai import OpenAI

# With TLS 1.3 it waited for ever now and then (see `Device.tls_of_sockets`).
tls = ssl.create_default_context()
tls.maximum_version = ssl.TLSVersion.TLSv1_2

with OpenAI().realtime.connect(model="gpt-realtime", websocket_connection_options={"ssl": tls}) as session:
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
