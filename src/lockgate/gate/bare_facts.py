"""The least that is known of an exchange, for when looking anything up may be what failed.

Separate because it must ask nobody for anything.
"""

from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.gate.events import Connecting, RequestHeadersSeen


def bare_facts(seen: Connecting | RequestHeadersSeen) -> FactSheet:
    """Who and where, and nothing that has to be looked up."""
    if isinstance(seen, Connecting):
        return FactSheet(at=seen.at, phase=Phase.CONNECT, client=seen.client, host=seen.host, port=seen.port)
    request = seen.request
    return FactSheet(
        at=seen.at, phase=Phase.REQUEST_HEADERS, client=seen.client, host=request.host, port=request.port, request=request
    )  # fmt: skip
