"""Lockgate under plain mitmproxy: `mitmdump -s addons/gateway.py`, to try things out with mitmproxy's own tools around.

Not for production: mitmproxy's script loader can leave traffic running with no addon at all, and its own certificate
authority, options and default addons apply. Use `lockgate up`. The home is LOCKGATE_HOME, or the folder above this file.
"""

from lockgate.proxy.script import ScriptGateway

addons = [ScriptGateway(__file__)]
