"""The page mitmproxy sends when the destination fails, in our words.

Separate because it replaces two functions of mitmproxy, which offers no hook for it. The text says nothing about the
inside of the gateway and runs nothing.
"""

import html
import importlib

from mitmproxy import version
from mitmproxy.net.http import status_codes

_MODULES = ("mitmproxy.proxy.layers.http._http1", "mitmproxy.proxy.layers.http._http2")


def error_page(status_code: int, message: str) -> bytes:
    """A small HTML page for a failure between the gateway and the destination."""
    phrase = html.escape(status_codes.RESPONSES.get(status_code, "Error"))
    said = html.escape(message)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{status_code} {phrase}</title></head>'
        f"<body><h1>{status_code} {phrase}</h1><p>The gateway could not complete this request: {said}</p></body></html>"
    ).encode()


def install_error_pages() -> None:
    """Use `error_page` from now on, and name nobody's software in the Server header."""
    for name in _MODULES:
        module = importlib.import_module(name)
        if not hasattr(module, "format_error"):
            raise RuntimeError(f"{name} has changed: it no longer formats errors")
        module.format_error = error_page  # type: ignore[attr-defined]
    version.MITMPROXY = "lockgate"
