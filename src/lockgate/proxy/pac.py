"""The proxy auto-configuration file: which requests of a device come to the gateway at all.

Separate because it is the one program of ours that runs on every device, for every request, in interpreters of the last
century: ES3 only, no DNS functions (they stall the browser and tell the network what is looked up), one look-up per label
whatever the number of hosts.
"""

import json
import re
from collections.abc import Sequence
from enum import StrEnum

MEDIA_TYPE = "application/x-ns-proxy-autoconfig"

_PROXY = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")
_HOST = re.compile(r"(?:\*?\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126}")


class PacMode(StrEnum):
    """Which hosts go through the gateway: those of the app library, or all but the bypassed."""

    LIBRARY = "library"
    ALL = "all"


class WhenDown(StrEnum):
    """What devices do while the gateway cannot be reached: fail, or go to the internet directly and unseen."""

    FAIL = "fail"
    GO_DIRECT = "go_direct"


def pac_file(
    proxy: str, app_hosts: Sequence[str], mode: PacMode, bypass: Sequence[str] = (), when_down: WhenDown = WhenDown.FAIL
) -> str:
    """The file's text; the same for the same hosts in any order. `proxy` is `host:port`.

    A host is `name` (that name only), `.name` (it and everything below) or `*.name` (everything below only). Bypassed hosts go
    directly in either mode and win over app hosts. Raises ValueError for anything not of these forms: the file is a program.
    """
    if not _PROXY.fullmatch(proxy):
        raise ValueError(f"`{proxy}` is not an address of the form host:port")
    via = f"PROXY {proxy}" if when_down is WhenDown.FAIL else f"PROXY {proxy}; DIRECT"
    return _PROGRAM.format(
        via=json.dumps(via),
        otherwise="VIA" if mode is PacMode.ALL else '"DIRECT"',
        apps=_tables(() if mode is PacMode.ALL else app_hosts),
        bypass=_tables(bypass),
    )


def _tables(hosts: Sequence[str]) -> str:
    """Hosts as `{exact: {name: 1}, below: {name: 1}}`."""
    exact: set[str] = set()
    below: set[str] = set()
    for written in hosts:
        host = written.lower()
        if not _HOST.fullmatch(host):
            raise ValueError(f"`{written}` is not a host, `.host` or `*.host`")
        name = host.lstrip("*.")
        if host.startswith(("*", ".")):
            below.add(name)
        if not host.startswith("*"):
            exact.add(name)
    tables = {"exact": dict.fromkeys(sorted(exact), 1), "below": dict.fromkeys(sorted(below), 1)}
    return json.dumps(tables, separators=(",", ":")).replace(",", ",\n")


_PROGRAM = """\
// Proxy auto-configuration of the Lockgate gateway. Generated; changes here are lost.
var VIA = {via};
var APPS = {apps};
var BYPASS = {bypass};

function has(table, name) {{
  return Object.prototype.hasOwnProperty.call(table, name);
}}

function listed(tables, host) {{
  if (has(tables.exact, host)) return true;
  for (var dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {{
    if (has(tables.below, host.substring(dot + 1))) return true;
  }}
  return false;
}}

// Loopback, private, link-local and shared addresses, written as numbers. Names are not looked up.
function isPrivate(host) {{
  if (host.indexOf(":") >= 0) return /^(::1?$|f[cd]|fe[89ab])/.test(host);
  var parts = /^(\\d{{1,3}})\\.(\\d{{1,3}})\\.\\d{{1,3}}\\.\\d{{1,3}}$/.exec(host);
  if (!parts) return false;
  var first = +parts[1], second = +parts[2];
  return first === 0 || first === 10 || first === 127 ||
    (first === 192 && second === 168) || (first === 169 && second === 254) ||
    (first === 172 && second >= 16 && second <= 31) || (first === 100 && second >= 64 && second <= 127);
}}

function FindProxyForURL(url, host) {{
  host = host.toLowerCase().replace(/^\\[|\\]$/g, "").replace(/\\.$/, "");
  if (host === "lockgate.internal") return VIA;
  if (isPrivate(host) || host === "localhost" || /\\.localhost$/.test(host)) return "DIRECT";
  if (host.indexOf(".") < 0 && host.indexOf(":") < 0) return "DIRECT";
  if (listed(BYPASS, host)) return "DIRECT";
  if (listed(APPS, host)) return VIA;
  return {otherwise};
}}
"""
