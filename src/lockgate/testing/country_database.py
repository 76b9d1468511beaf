"""Country databases made for tests. Needs mmdb-writer, which is not there in production."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_database(path: Path, entries: Mapping[str, object], version: int = 6) -> Path:
    """A database of these networks at `path`."""
    from mmdb_writer import MMDBWriter  # noqa: PLC0415 - tests alone have it
    from netaddr import IPSet  # noqa: PLC0415 - as above

    writer: Any = MMDBWriter(ip_version=version, ipv4_compatible=version == 6, database_type="Test-Country")
    for network, entry in entries.items():
        writer.insert_network(IPSet([network]), entry)
    writer.to_db_file(str(path))
    return path
