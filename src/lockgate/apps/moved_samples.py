"""The samples of a shipped app on the hosts that a home file puts in place of the shipped ones.

Separate because they prove the operations, which the home file keeps, while their hosts are those it gave up. It works on plain
data, before anything is typed, and must never raise: what it does not understand stays as it is for the reader to refuse.
"""

from typing import Any, cast
from urllib.parse import urlsplit

from lockgate.apps.pattern import host_pattern


def moved_samples(samples: object, hosts: object) -> object:
    """`samples` with every request that goes to no host of `hosts` sent to one that is there.

    Hosts that are patterns, or of which only paths belong to the app, take none: such samples are left out.
    """
    if not isinstance(samples, list) or not isinstance(hosts, dict):
        return samples
    claims = cast("dict[str, Any]", hosts)
    names = [*_texts(claims.get("exact")), *_texts(claims.get("suffix"))]
    moved = (_moved(sample, claims, names) for sample in cast("list[object]", samples))
    return [sample for sample in moved if sample is not None]


def _moved(sample: object, claims: dict[str, Any], names: list[str]) -> object:
    if not isinstance(sample, dict):
        return sample
    fields = cast("dict[str, object]", sample)
    request = fields.get("request")
    host = _host(request) if isinstance(request, str) else ""
    if not host or _is_claimed(host, claims):
        return fields
    if not names:
        return None
    return {**fields, "request": str(request).replace(f"//{host}", f"//{names[0]}", 1)}


def _host(request: str) -> str:
    try:
        return urlsplit(request.partition(" ")[2].strip()).hostname or ""
    except ValueError:
        return ""


def _is_claimed(host: str, claims: dict[str, Any]) -> bool:
    suffixes, patterns = _texts(claims.get("suffix")), _texts(claims.get("regex"))
    if host in _texts(claims.get("exact")) or any(host == name or host.endswith(f".{name}") for name in suffixes):
        return True
    return any(_matches(text, host) for text in patterns) or any(
        isinstance(owned, dict) and _takes_in(cast("dict[str, object]", owned).get("host"), host)
        for owned in _items(claims.get("also"))
    )


def _matches(text: str, host: str) -> bool:
    try:
        return host_pattern(text).match(host) is not None
    except ValueError:
        return False


def _takes_in(claim: object, host: str) -> bool:
    return isinstance(claim, str) and (host.endswith(claim[1:]) if claim.startswith("*.") else host == claim)


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _texts(value: object) -> list[str]:
    return [text for text in _items(value) if isinstance(text, str)]
