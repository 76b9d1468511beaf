"""The settings of a gateway: one dataclass per group of `gateway.yaml`, each field with its default and its meaning.

Separate because the settings reference page, `lockgate init` and every start read the same table. It must never guess:
an unknown key or a wrong type refuses the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from ipaddress import ip_network
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

from lockgate.facts.problem import Document, Path, Problem, UsageError
from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.schema import read_as

_CONFIG = {"extra": "forbid"}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\Z")
_OWN_HEADER = re.compile(r"x-[a-z0-9-]{1,60}\Z", re.IGNORECASE)
"""It is taken out of every request, so it must be none that means anything to anybody else."""


class Decrypt(StrEnum):
    """Which hosts are decrypted."""

    LIBRARY = "library"
    ALL = "all"
    LISTED = "listed"


def _meaning[T](default: T, doc: str, *, at_start: bool = False) -> T:
    """A setting with its meaning. `at_start` is for one that a running gateway does not take over."""
    return field(default=default, metadata={"doc": doc, "at_start": at_start})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """How the gateway reaches destinations."""

    __pydantic_config__ = _CONFIG
    trust: tuple[str, ...] = _meaning((), "PEM files with further root certificates upstream servers may use", at_start=True)
    connect_to: dict[str, str] = field(
        default_factory=dict[str, str],
        metadata={"doc": "host (or `*`) to `address:port`: connect there instead; TLS still verifies the host's own name"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Who may use the gateway."""

    __pydantic_config__ = _CONFIG
    allowed_networks: tuple[str, ...] = _meaning(
        (), "networks clients may come from, besides loopback; when empty, any, if `login` is set and there are users"
    )
    login: bool = _meaning(
        default=False, doc="require proxy login against users.yaml from every client the address table does not name"
    )
    countries: str = _meaning(
        "",
        "file in MaxMind's format (.mmdb) that tells the country of a public address, relative to the home; empty for none",
    )
    trusted_hops: tuple[str, ...] = _meaning(
        (), "networks of proxies in front of the gateway, whose word on the device of a connection is taken"
    )
    device_header: str = _meaning("x-lockgate-device", "the header in which a trusted hop says which device it is")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destinations:
    """Where clients may go."""

    __pydantic_config__ = _CONFIG
    allow_private: tuple[str, ...] = _meaning(
        (), "loopback, link-local or private networks that may be reached, e.g. `10.2.0.0/16`"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The Prometheus endpoint."""

    __pydantic_config__ = _CONFIG
    listen: str = _meaning("127.0.0.1:9464", "address of the metrics and health endpoint; empty switches it off", at_start=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationSettings:
    """How content is looked at."""

    __pydantic_config__ = _CONFIG
    deadline_ms: int = _meaning(2000, "how long one examination may take before it counts as not looked")
    max_body_mib: int = _meaning(
        10, "how much of a request body is held; a longer one is truncated, which is a fact policies act on"
    )
    max_held_mib: int = _meaning(
        256, "how much the held request bodies of one worker may come to together; what would exceed it is truncated"
    )
    body_pause_ms: int = _meaning(
        10_000, "how long a held request body may pause before it counts as a stream, which is decided about unread"
    )
    body_deadline_ms: int = _meaning(120_000, "the same for how long all of a held request body may take to come")
    processes: int = _meaning(1, "examination processes per proxy worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is kept."""

    __pydantic_config__ = _CONFIG
    retention_days: int = _meaning(30, "records older than this are deleted", at_start=True)
    log: str = _meaning(
        "var/exchanges.log",
        "file for one JSON line per exchange, relative to the home; `-` for standard output, empty for none",
        at_start=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSettings:
    """Who can read captured text."""

    __pydantic_config__ = _CONFIG
    recipients: tuple[str, ...] = _meaning(
        (), "age recipients (age1...) captured text is encrypted to; empty uses certs/reviewer.pub", at_start=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where notices go, and the file that holds the secret they are signed with, relative to the home."""

    __pydantic_config__ = _CONFIG
    url: str
    secret_file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Addresses are `host:port`; paths are relative to the home."""

    __pydantic_config__ = _CONFIG
    version: int = _meaning(1, "version of this file's format")
    name: str = _meaning("Lockgate", "what pages call this gateway")
    listen: str = _meaning("127.0.0.1:8080", "address of the proxy; a wider one than loopback needs `clients`", at_start=True)
    public_address: str = _meaning(
        "", "host:port that devices use to reach the proxy, when it differs from `listen`", at_start=True
    )
    workers: int = _meaning(0, "proxy workers; 0 is one per core", at_start=True)
    decrypt: Decrypt = field(
        default=Decrypt.LIBRARY, metadata={"doc": "which hosts are decrypted: `library`, `all`, or `listed`"}
    )
    decrypt_hosts: tuple[str, ...] = _meaning((), "host suffixes that are decrypted too, or under `decrypt: listed` alone")
    policy: str = _meaning("policies/monitor.yaml", "the policy file")
    contact: str = _meaning("", "whom stopped people can ask, shown on pages and in messages")
    upstream: Upstream = field(default_factory=Upstream)
    clients: Clients = field(default_factory=Clients)
    destinations: Destinations = field(default_factory=Destinations)
    metrics: Metrics = field(default_factory=Metrics)
    examination: ExaminationSettings = field(default_factory=ExaminationSettings)
    records: Records = field(default_factory=Records)
    capture: CaptureSettings = field(default_factory=CaptureSettings)
    webhooks: dict[str, WebhookSettings] = field(
        default_factory=dict[str, WebhookSettings],
        metadata={"doc": "name to `{url, secret_file}`: whom `notify` in a policy tells, and the file with the signing secret"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One line of the settings reference. `at_start` is whether a change takes effect at the next start only."""

    name: str
    kind: str
    default: str
    doc: str
    at_start: bool


def settings_reference() -> tuple[SettingRow, ...]:
    """Every setting with its type, default and meaning, in file order."""
    return tuple(_rows(Settings(), ""))


def _rows(group: Any, prefix: str) -> list[SettingRow]:
    rows: list[SettingRow] = []
    for item in fields(group):
        value = getattr(group, item.name)
        if is_dataclass(value):
            rows += _rows(value, f"{prefix}{item.name}.")
        else:
            kind = "list" if isinstance(value, tuple) else "mapping" if isinstance(value, dict) else _kind_name(value)
            default = "empty" if value in ("", (), {}) else str(value).lower() if isinstance(value, bool) else str(value)
            at_start = item.metadata.get("at_start", False)
            rows.append(
                SettingRow(name=prefix + item.name, kind=kind, default=default, doc=item.metadata["doc"], at_start=at_start)
            )
    return rows


def changed_at_start(old: Settings, new: Settings) -> tuple[str, ...]:
    """The settings that differ and that a running gateway does not take over."""
    names = (row.name for row in settings_reference() if row.at_start)
    return tuple(name for name in names if attrgetter(name)(old) != attrgetter(name)(new))


def _kind_name(value: object) -> str:
    return {"bool": "true or false", "int": "number", "str": "text"}.get(type(value).__name__, "word")


def parse_address(text: str) -> tuple[str, int]:
    """`host:port` or `[v6]:port`. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ValueError(f"`{text}` is not an address of the form host:port")
    return host, int(port)


type _Found = tuple[Path, str, str]
"""Where, what, and the next step."""


def load_settings(home: Home) -> Settings:
    """The settings of a home; an empty file means the defaults."""
    document = read_document(home.settings_file)
    if document.data is None:
        document = Document(file=document.file, data={}, places=document.places)
    settings = read_as(document, Settings)
    check_settings(document, settings)
    return settings


def check_settings(document: Document, settings: Settings) -> None:
    """What types alone cannot say. Raises UsageError listing every problem."""
    found = [
        *_version(settings),
        *_addresses(settings),
        *_networks(settings),
        *_numbers(settings),
        *_headers(settings),
        *_hosts(settings),
        *_webhooks(settings),
    ]
    if found:
        raise UsageError(*(Problem(place=document.place(path), problem=what, help=step) for path, what, step in found))


def _version(settings: Settings) -> Iterator[_Found]:
    if settings.version != 1:
        yield ("version",), f"unknown version `{settings.version}`", "this release reads version 1"


def _addresses(settings: Settings) -> Iterator[_Found]:
    addresses: list[tuple[Path, str]] = [(("listen",), settings.listen)]
    optional = ((("public_address",), settings.public_address), (("metrics", "listen"), settings.metrics.listen))
    addresses += [(path, address) for path, address in optional if address]
    addresses += [(("upstream", "connect_to", host), target) for host, target in settings.upstream.connect_to.items()]
    for path, address in addresses:
        try:
            parse_address(address)
        except ValueError as error:
            yield path, str(error), "for example 127.0.0.1:8080"


def _networks(settings: Settings) -> Iterator[_Found]:
    for path, networks in (
        (("clients", "allowed_networks"), settings.clients.allowed_networks),
        (("clients", "trusted_hops"), settings.clients.trusted_hops),
        (("destinations", "allow_private"), settings.destinations.allow_private),
    ):
        for index, network in enumerate(networks):
            try:
                ip_network(network, strict=False)
            except ValueError:
                yield (*path, index), f"`{network}` is not a network", "write for example 10.0.0.0/8"


def _webhooks(settings: Settings) -> Iterator[_Found]:
    for name, webhook in settings.webhooks.items():
        parts = urlsplit(webhook.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not webhook.url.isascii() or " " in webhook.url:
            what = f"webhook `{name}` has no web address to send to"  # not shown: it may hold a token
            yield ("webhooks", name, "url"), what, "write a full one, for example https://hooks.example.com/lockgate"


def _hosts(settings: Settings) -> Iterator[_Found]:
    for index, host in enumerate(settings.decrypt_hosts):
        if not _HOST.match(host):
            yield (
                ("decrypt_hosts", index),
                f"`{host}` is not a host name",
                "write `example.com`; everything below it is meant, too",
            )


def _headers(settings: Settings) -> Iterator[_Found]:
    name = settings.clients.device_header
    if not _OWN_HEADER.match(name):
        problem = f"`{name}` cannot be the header that names devices"
        yield ("clients", "device_header"), problem, "a name of its own that begins with `x-`, for example x-lockgate-device"


def _numbers(settings: Settings) -> Iterator[_Found]:
    path: Path
    for path, number, least in (
        (("workers",), settings.workers, 0),
        (("examination", "deadline_ms"), settings.examination.deadline_ms, 1),
        (("examination", "max_body_mib"), settings.examination.max_body_mib, 1),
        (("examination", "max_held_mib"), settings.examination.max_held_mib, settings.examination.max_body_mib),
        (("examination", "body_pause_ms"), settings.examination.body_pause_ms, 1),
        (("examination", "body_deadline_ms"), settings.examination.body_deadline_ms, 1),
        (("examination", "processes"), settings.examination.processes, 1),
        (("records", "retention_days"), settings.records.retention_days, 1),
    ):
        if number < least:
            yield path, f"`{'.'.join(str(step) for step in path)}` must be at least {least}", ""
