"""Ready headers by which vendors keep people to an organisation's own accounts: the shape of `apps/tenant-control.yaml`.

Separate because policies name them, a home's files hold them, and neither package knows the other.
"""

from dataclasses import dataclass, field
from enum import StrEnum

_CONFIG = {"extra": "forbid"}


class ControlBasis(StrEnum):
    """How sure a control is."""

    DOCUMENTED = "documented"
    REPORTED = "reported"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlHeader:
    """One header: a fixed `value`, or values that a policy gives under `takes`, each fitting `pattern`, joined by commas."""

    __pydantic_config__ = _CONFIG
    name: str
    value: str = ""
    takes: str = ""
    what: str = ""
    pattern: str = ""
    most: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantControl:
    """One control. `hosts` are meant with everything below them; `removes` are further headers of the client's to take out."""

    __pydantic_config__ = _CONFIG
    name: str
    vendor: str
    hosts: tuple[str, ...]
    headers: tuple[ControlHeader, ...]
    removes: tuple[str, ...] = ()
    basis: ControlBasis
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantControlFile:
    """Everything in the file; controls by the word a policy uses."""

    __pydantic_config__ = _CONFIG
    version: int = 1
    controls: dict[str, TenantControl] = field(default_factory=dict[str, TenantControl])
