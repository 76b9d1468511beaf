"""Servers whose certificate must be refused: one port each. What arrives after such a handshake is journalled, and must
be nothing.
"""

import asyncio
import ssl
from collections.abc import Mapping

from upstream.certificates import Pair
from upstream.journal import Journal

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nno entry"


async def serve_wrong(pairs: Mapping[str, Pair], journal: Journal) -> dict[str, int]:
    """Start them; kind to port."""
    return {kind: await _serve(kind, pair, journal) for kind, pair in pairs.items()}


async def _serve(kind: str, pair: Pair, journal: Journal) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate_file, pair.key_file)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrival = journal.open(kind="wrong-tls", scheme="https", host=kind)
        try:
            while chunk := await reader.read(65536):
                arrival.body += chunk
                writer.write(_ANSWER)
                await writer.drain()
        except OSError:
            pass
        finally:
            arrival.ended = "disconnected"
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    return server.sockets[0].getsockname()[1]
