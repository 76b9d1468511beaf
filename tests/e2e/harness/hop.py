"""A proxy in front of the gateway that says which device a connection comes from, as an access broker or a load balancer would.

Separate from the plain proxy because it decrypts nothing: it writes lines into the first head on a connection and passes every
other byte as it comes. It comes from an address of its own, so that the gateway can tell it from everybody else.
"""

import contextlib
import socket
import threading

from harness.device import Device
from harness.gateway import Gateway

ADDRESS = "127.0.0.9"
_SECONDS = 20


class Hop:
    """Listens until it is closed. `says` are the header lines it writes, without line ends; they may be changed."""

    def __init__(self, gateway: Gateway, *says: str) -> None:
        self.says: tuple[str, ...] = says
        self._gateway = gateway
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def device(self) -> Device:
        """A device that reaches the gateway through it."""
        return Device(address=f"127.0.0.1:{self._listener.getsockname()[1]}", ca=self._gateway.device.ca)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(_SECONDS)
            begun = b""
            while b"\r\n\r\n" not in begun:
                begun += (more := client.recv(65536))
                if not more:
                    return
            head, _, rest = begun.partition(b"\r\n\r\n")
            gateway = socket.create_connection(("127.0.0.1", self._gateway.port), _SECONDS, source_address=(ADDRESS, 0))
            with gateway:
                gateway.sendall(b"\r\n".join([head, *(line.encode() for line in self.says)]) + b"\r\n\r\n" + rest)
                back = threading.Thread(target=_pass_on, args=(gateway, client), daemon=True)
                back.start()
                _pass_on(client, gateway)
                back.join(_SECONDS)


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_WR)
