"""What a fact sheet says about addresses of requests and sizes of bodies.

Separate from `reading.py`, which is long, and because a size has a shape of its own: exact, or at least.
"""

from lockgate.facts.sheet import Demand, FactSheet
from lockgate.facts.traffic import Phase, Request, Response
from lockgate.policy.reading import AtLeast, Reading, Unknowable, Waiting, request_path

_UNTIL_BODY = Waiting((Demand(phase=Phase.REQUEST_BODY),))
_NOT_READ = Unknowable("the body was not read, and its head does not say how large it is")
_USUAL_PORTS = {"http": 80, "https": 443}


def request_url(request: Request) -> Reading:
    """The address without its query; a port that goes without saying is not said."""
    path = request_path(request)
    if not isinstance(path, str):
        return path
    host = f"[{request.host}]" if ":" in request.host else request.host
    port = "" if request.port == _USUAL_PORTS.get(request.scheme) else f":{request.port}"
    return f"{request.scheme}://{host}{port}{path}"


def request_bytes(sheet: FactSheet) -> Reading:
    """The size of the body, from the head on when that says it."""
    size = sheet.request_size
    if size is not None:
        return AtLeast(size.bytes) if size.at_least else size.bytes
    done = sheet.conversation is not None or sheet.examination is not None or sheet.phase > Phase.REQUEST_BODY
    return _NOT_READ if done else _UNTIL_BODY


def response_bytes(response: Response) -> int | None:
    """The size the answer's head gives; absent when it gives none."""
    return response.declared_bytes
