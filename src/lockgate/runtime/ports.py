"""The ports a gateway needs, and whether it can have them.

Separate from the other checks because only a trial can tell, and because a port that is taken is fine when it is this
gateway that has it. It must never keep a port.
"""

import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from lockgate.facts.problem import Problem
from lockgate.home.settings import Settings, parse_address

_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port by the setting that names it. `path` is a page that only a gateway answers with `words`."""

    name: str
    setting: str
    address: str
    path: str
    words: bytes


def ports_of(settings: Settings) -> Iterator[Port]:
    """The ports a gateway with these settings listens on."""
    yield Port(name="port", setting="listen", address=settings.listen, path="/check", words=b"ockgate")
    if settings.metrics.listen:
        yield Port(
            name="metrics port", setting="metrics.listen", address=settings.metrics.listen, path="/metrics", words=b"lockgate_"
        )


def port_problem(port: Port) -> Problem | None:
    """Why a port cannot be had. Only a trial of the very same bind can tell."""
    host, number = parse_address(port.address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Without SO_REUSEPORT, which workers share: another gateway that already listens must be noticed.
            probe.bind((host, number))
        except OSError as error:
            return Problem(
                problem=f"cannot listen on {port.address}: {(error.strerror or str(error)).lower()}",
                help=f"see who has it: ss -ltnp 'sport = :{number}'; or set another `{port.setting}` in gateway.yaml",
            )
    return None


def clash(settings: Settings) -> Problem | None:
    """Two settings that ask for one port, which each alone could have."""
    host, port = parse_address(settings.listen)
    if not settings.metrics.listen or not port:
        return None
    metrics_host, metrics_port = parse_address(settings.metrics.listen)
    if port != metrics_port or not (host == metrics_host or {host, metrics_host} & {"0.0.0.0", "::"}):  # noqa: S104
        return None
    return Problem(problem=f"`metrics.listen` and `listen` both ask for port {port}", help="give metrics.listen another one")


def answers_as_gateway(port: Port) -> bool:
    """Whether a gateway, any gateway, answers there."""
    host, number = parse_address(port.address)
    asking = http.client.HTTPConnection(host, number, timeout=_ANSWER_SECONDS)
    try:
        asking.request("GET", port.path, headers={"Connection": "close"})
        return port.words in asking.getresponse().read(65536)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
