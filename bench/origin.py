"""The destinations: nginx for everything short, and one small server for a stream whose events come one by one.

Separate because the origin must be the same, and far from its limits, for every subject. nginx reads a whole request
before it answers (it passes it to a second server of its own): a server that answers while the body is still coming
makes some proxies drop the connection.
"""

import argparse
import asyncio
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

EVENTS = 20
PAUSE_SECONDS = 0.02
SHORT_ADDRESS = "127.0.0.1"
STREAM_ADDRESS = "127.0.0.2"

_ANSWER = (
    '{"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"model":"gpt-5","choices":[{"index":0,"message":'
    '{"role":"assistant","content":"Certainly."},"finish_reason":"stop"}],'
    '"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
)
_MODELS = '{"object":"list","data":[{"id":"gpt-5","object":"model","created":1790000000,"owned_by":"openai"}]}'
_NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_buffer_size 1m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  scgi_temp_path {folder}/scgi;
  uwsgi_temp_path {folder}/uwsgi;
  keepalive_requests 10000000;
  keepalive_timeout 300s;
  ssl_certificate {certificate};
  ssl_certificate_key {key};
  ssl_session_cache shared:tls:10m;
  default_type application/json;
  upstream answers {{ server unix:{folder}/answers.sock; keepalive 64; }}
  server {{
    listen {address}:443 ssl backlog=1024;
    location = /v1/models {{ return 200 '{models}'; }}
    location / {{ proxy_pass http://answers; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
  server {{
    listen unix:{folder}/answers.sock;
    location / {{ return 200 '{answer}'; }}
  }}
}}
"""


class Origin:
    """Both servers, until `stop`."""

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        config = folder / "nginx.conf"
        settings = {"folder": folder, "certificate": certificate, "key": key, "address": SHORT_ADDRESS}
        config.write_text(_NGINX.format(**settings, models=_MODELS, answer=_ANSWER))
        self._processes = [
            subprocess.Popen(["nginx", "-c", str(config), "-p", str(folder)], stderr=subprocess.DEVNULL),
            subprocess.Popen([sys.executable, __file__, str(certificate), str(key)]),
        ]
        for address in (SHORT_ADDRESS, STREAM_ADDRESS):
            wait_for_port(address, 443)

    def stop(self) -> None:
        """End both."""
        for process in self._processes:
            process.terminate()
            process.wait()


def wait_for_port(address: str, port: int, seconds: float = 60) -> None:
    """Return when somebody listens there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


async def _stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in range(EVENTS):
                if number:
                    await asyncio.sleep(PAUSE_SECONDS)
                said = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}}'
                event = b"event: content_block_delta\ndata: " + said + b"\n\n"
                writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def _serve_streams(certificate: str, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(_stream, STREAM_ADDRESS, 443, ssl=context, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("certificate")
    parser.add_argument("key")
    given = parser.parse_args()
    asyncio.run(_serve_streams(given.certificate, given.key))
