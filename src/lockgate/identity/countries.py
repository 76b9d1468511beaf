"""Countries of public addresses, from a database in MaxMind's format.

Separate because the format has several dialects and a file can be broken. The file is read whole: one that is
written over while it is in use would otherwise end the process. Nobody is asked over the network. It must never guess: where
the network is registered is not where the client is.
"""

import re
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import maxminddb

_CODE = re.compile(r"[A-Z]{2}\Z")
_REMEMBERED = 8192
_PROBES = ("1.1.1.1", "192.0.2.1", "203.0.113.1", "2001:4860:4860::8888")


class BrokenDatabaseError(ValueError):
    """The file is no such database; the text says why, for the operator."""


class Countries:
    """An open database. Raises BrokenDatabaseError for a file that is none, OSError for one that cannot be read."""

    def __init__(self, file: Path) -> None:
        # A file that is missing and one that is no database are told apart, and neither is read as the other's error.
        content = file.open("rb")
        try:
            with content:
                self._reader = maxminddb.open_database(content, maxminddb.MODE_FD)
            self._country = lru_cache(maxsize=_REMEMBERED)(self._look_up)
            for address in _PROBES if self._reader.metadata().ip_version == 6 else _PROBES[:-1]:
                self._reader.get(address)
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - the reader raises whatever broken bytes lead it to
            raise BrokenDatabaseError(str(error).partition("\n")[0][:200] or type(error).__name__) from None

    def country(self, address: str) -> str | None:
        """The two-letter code of a public address; None for others, for an unlisted one, and for nonsense."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return None
        plain = getattr(parsed, "ipv4_mapped", None) or parsed
        return self._country(str(plain)) if plain.is_global else None

    def _look_up(self, address: str) -> str | None:
        try:
            found = self._reader.get(address)
        except Exception:  # noqa: BLE001 - as above; a place that cannot be read is not known, and policies act on that
            return None
        return _code(cast("object", found))


def _code(found: object) -> str | None:
    """Of MaxMind's own shape (`country.iso_code`), or of a flat one (`country_code`, `country`)."""
    if not isinstance(found, dict):
        return None
    entry = cast("dict[str, object]", found)
    country = entry.get("country", entry.get("country_code"))
    if isinstance(country, dict):
        country = cast("dict[str, object]", country).get("iso_code")
    return country if isinstance(country, str) and _CODE.match(country) else None
