"""Reading a file of saved flows, as mitmproxy writes them.

Separate because it is the only use of mitmproxy's files; the proxy itself saves none. Cookies and tokens are left in the file.
"""

from collections.abc import Iterator
from pathlib import Path

from mitmproxy import exceptions, http, io

from lockgate.apps.learning.saved import NEVER_TAKEN, SavedExchange
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.traffic import Headers, Request, Response


def read_flows(file: Path) -> tuple[SavedExchange, ...]:
    """The HTTP exchanges of a flow file. Raises UsageError when it is none."""
    try:
        with file.open("rb") as opened:
            return tuple(_exchanges(io.FlowReader(opened)))
    except OSError as error:
        raise UsageError(Problem(problem=f"cannot read `{file}`: {(error.strerror or str(error)).lower()}")) from None
    except (exceptions.FlowReadException, ValueError, TypeError, KeyError):
        help_text = "save flows with `mitmdump -w FILE`, or save a HAR file in the browser"
        raise UsageError(Problem(problem=f"`{file}` is neither a HAR file nor one of saved flows", help=help_text)) from None


def _exchanges(reader: io.FlowReader) -> Iterator[SavedExchange]:
    for flow in reader.stream():
        if not isinstance(flow, http.HTTPFlow):
            continue
        asked = flow.request
        path, _, query = asked.path.partition("?")
        request = Request(
            method=asked.method.upper(), scheme=asked.scheme, host=asked.pretty_host.lower(), port=asked.port, path=path,
            query=query, headers=_headers(asked.headers),
        )  # fmt: skip
        body = asked.get_content(strict=False) or b""
        answered = flow.response
        if answered is None:
            yield SavedExchange(request=request, body=body)
            continue
        response = Response(status=answered.status_code, headers=_headers(answered.headers))
        yield SavedExchange(request=request, body=body, response=response, answer=answered.get_content(strict=False) or b"")


def _headers(headers: http.Headers) -> Headers:
    pairs = ((name.lower(), value) for name, value in headers.items(multi=True))
    return Headers(tuple((name, value) for name, value in pairs if name not in NEVER_TAKEN))
