"""`python -m upstream FOLDER`: run everything until standard input closes. The first line on standard output is a JSON
object with the ports.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from granian.constants import Interfaces, SSLProtocols
from granian.server.embed import Server

from upstream.certificates import make_pki
from upstream.control import make_control
from upstream.journal import Journal, Journalled
from upstream.mcp_servers import Servers
from upstream.pace import Pace
from upstream.sites import make_app
from upstream.wrong_tls import serve_wrong


def free_port() -> int:
    """A port nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(app: Any, port: int, **tls: Any) -> asyncio.Task[None]:
    """Serve an ASGI application on loopback."""
    server = Server(app, "127.0.0.1", port, interface=Interfaces.ASGINL, log_enabled=False, **tls)
    return asyncio.ensure_future(server.serve())


async def until_listening(port: int) -> None:
    """Return when somebody accepts connections there."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


async def main(folder: Path) -> None:
    """Start, say where, wait for the end of standard input."""
    pki, journal, pace = make_pki(folder), Journal(), Pace()
    servers = Servers()
    app = make_app(pace, servers.routes)
    ports = {"tls": free_port(), "plain": free_port(), "control": free_port()}
    serve(
        Journalled(app, journal, "https"), ports["tls"], ssl_cert=pki.leaf.certificate_file, ssl_key=pki.leaf.key_file,
        ssl_protocol_min=SSLProtocols.tls12,
    )  # fmt: skip
    serve(Journalled(app, journal, "http"), ports["plain"])
    serve(make_control(journal, pace), ports["control"])
    wrong = await serve_wrong(pki.wrong, journal)
    for port in ports.values():
        await until_listening(port)
    async with servers.run():
        sys.stdout.write(json.dumps({**ports, "wrong": wrong, "root": str(pki.root_file)}) + "\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
    os._exit(0)  # the server's own threads have nothing left to save
