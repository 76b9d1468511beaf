"""A decrypting proxy without a gate: plain mitmdump, with its upstream connections sent to ours.

Separate because it tests the laboratory, not the gateway: a client that does not work through this would prove nothing
through Lockgate.
"""

import signal
import sys
from pathlib import Path

from harness import names
from harness.device import Device
from harness.gateway import free_port
from harness.processes import Process
from harness.upstream import Upstream
from harness.waiting import until

_REDIRECT = """
def server_connect(data):
    data.server.address = ("127.0.0.1", {plain} if data.server.address[1] == 80 else {tls})
"""


class PlainProxy:
    """A running mitmdump."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self._port = free_port()
        self._ca = folder / "mitmproxy-ca-cert.pem"
        script = folder / "redirect.py"
        script.write_text(_REDIRECT.format(tls=upstream.tls.rpartition(":")[2], plain=upstream.plain.rpartition(":")[2]))
        self._process = Process(
            [
                str(Path(sys.executable).with_name("mitmdump")), "--listen-host", "127.0.0.1", "--listen-port", str(self._port),
                "--set", f"confdir={folder}", "--set", "connection_strategy=lazy", "--set", "upstream_cert=false",
                "--set", f"ssl_verify_upstream_trusted_ca={upstream.root}", "--set", "stream_large_bodies=1", "-s", str(script),
            ],
            env=names.environment(),
        )  # fmt: skip
        self._process.said("proxy listening at", seconds=60)
        until(self._ca.exists, what="mitmdump's CA")

    @property
    def device(self) -> Device:
        """A device set up for it."""
        return Device(address=f"127.0.0.1:{self._port}", ca=self._ca)

    def stop(self) -> None:
        """End it."""
        self._process.signal(signal.SIGTERM)
        self._process.wait()
