"""Clients and a server written by hand, byte by byte, because no library sends what an evader sends."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import h2.config
import h2.connection
import h2.events

from harness.gateway import Gateway
from harness.upstream import Upstream

HOST = "api.openai.com"
SECONDS = 10
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def dial(gateway: Gateway) -> socket.socket:
    """A connection to the proxy."""
    client = socket.create_connection(("127.0.0.1", gateway.port), timeout=SECONDS)
    client.settimeout(SECONDS)
    return client


def tunnel(gateway: Gateway, host: str = HOST, port: int = 443) -> socket.socket:
    """A tunnel through it."""
    client = dial(gateway)
    client.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    assert client.recv(4096).startswith(b"HTTP/1.1 200")
    return client


def encrypted(gateway: Gateway, alpn: str = "http/1.1", host: str = HOST) -> ssl.SSLSocket:
    """TLS through such a tunnel."""
    context = gateway.device.tls
    context.set_alpn_protocols([alpn])
    return context.wrap_socket(tunnel(gateway, host), server_hostname=host)


def answer_to(client: socket.socket, request: bytes) -> bytes:
    """What comes back first for `request`."""
    with client:
        client.sendall(request)
        return client.recv(65536)


def all_said(client: socket.socket, seconds: float = 2.0) -> bytes:
    """Everything that comes until the other side closes, or falls silent."""
    client.settimeout(seconds)
    said = b""
    try:
        while more := client.recv(65536):
            said += more
    except TimeoutError:
        pass
    return said


class Http2:
    """An HTTP/2 client that sends whatever it is told."""

    def __init__(self, gateway: Gateway, host: str = HOST) -> None:
        self._host = host
        self.socket = encrypted(gateway, "h2", host)
        config = h2.config.H2Configuration(
            validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
        )
        self.connection = h2.connection.H2Connection(config)
        self.connection.initiate_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def head(self, stream: int, method: str, path: str, *more: tuple[str, str], end: bool = False) -> None:
        """The head of a request."""
        fields = [(":method", method), (":scheme", "https"), (":authority", self._host), (":path", path), *more]
        self.connection.send_headers(stream, fields, end_stream=end)
        self.flush()

    def body(self, stream: int, content: bytes) -> None:
        """The body of a request."""
        self.connection.send_data(stream, content, end_stream=True)
        self.flush()

    def flush(self) -> None:
        """Send what is due."""
        self.socket.sendall(self.connection.data_to_send())

    def events(self) -> Iterator[Any]:
        """What the other side says, until it closes."""
        while data := self.socket.recv(65536):
            yield from self.connection.receive_data(data)
            self.flush()

    def status(self) -> str:
        """The status of the first answer; empty when there is none."""
        for event in self.events():
            if isinstance(event, h2.events.ResponseReceived):
                return next(str(value) for name, value in event.headers if name == ":status")
            if isinstance(event, h2.events.ConnectionTerminated | h2.events.StreamReset):
                return ""
        return ""


type Reply = Callable[[bytes], bytes | None]
"""What to answer to the bytes that have come on a connection; None while there is nothing to answer yet."""


def ok_to_a_head(received: bytes) -> bytes | None:
    """An answer as soon as a head is complete."""
    return OK if b"\r\n\r\n" in received else None


class RawServer:
    """An app's server that speaks HTTP/1.1 only and keeps every byte it gets. `reply` may be changed while it runs."""

    def __init__(self, upstream: Upstream) -> None:
        folder = upstream.root.parent
        self.reply: Reply = ok_to_a_head
        self._received: list[bytearray] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key.pem")
        self._context.set_alpn_protocols(["http/1.1"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def received(self) -> bytes:
        """All that came since `forget`, one connection after the other."""
        return b"".join(bytes(received) for received in self._received)

    def forget(self) -> None:
        """Begin anew."""
        self.reply = ok_to_a_head
        self._received = []

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        received, answered = bytearray(), False
        try:
            with self._context.wrap_socket(connection, server_side=True) as encrypted_connection:
                while data := encrypted_connection.recv(65536):
                    if not received:
                        self._received.append(received)
                    received += data
                    answer = None if answered else self.reply(bytes(received))
                    if answer is not None:
                        answered = True
                        encrypted_connection.sendall(answer)
        except OSError:
            pass  # whoever breaks off is the test's business
