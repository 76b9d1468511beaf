"""What tells where clients are and with which device: the country database and the devices' authority, from a home's files.

Separate from the snapshot that holds them, because each has its own ways to be broken. A file that is named and cannot be
used is an error with its place: a policy would otherwise quietly know less.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.traffic import Headers, Request
from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.settings import Settings
from lockgate.identity import (
    CERTIFICATE_HEADER,
    CHAIN_HEADER,
    BrokenDatabaseError,
    Countries,
    DeviceCertificates,
    DeviceClaims,
    Devices,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """None where the home has no such file."""

    countries: Countries | None = None
    certificates: DeviceCertificates | None = None


def countries_file(home: Home, settings: Settings) -> Path | None:
    """The country database, if one is named."""
    return home.resolve(settings.clients.countries) if settings.clients.countries else None


def devices_file(home: Home) -> Path:
    """The authorities that device certificates are verified with."""
    return home.certs / "devices.pem"


def load_countries(home: Home, settings: Settings) -> Countries | None:
    """The database that the settings name. Raises UsageError when it cannot be used."""
    file = countries_file(home, settings)
    if file is None:
        return None
    try:
        return Countries(file)
    except OSError as error:
        problem = f"cannot read the country database `{file}`: {(error.strerror or str(error)).lower()}"
    except BrokenDatabaseError as error:
        problem = f"`{file}` is no country database: {error}"
    place = read_document(home.settings_file).place(("clients", "countries"))
    help_text = "name a file in MaxMind's format (.mmdb), such as GeoLite2-Country or DB-IP's, or leave `clients.countries` out"
    raise UsageError(Problem(place=place, problem=problem, help=help_text))


def load_device_certificates(home: Home) -> DeviceCertificates | None:
    """The devices' authorities; None without `certs/devices.pem`. Raises UsageError when it cannot be used."""
    file = devices_file(home)
    help_text = "put the certificate of the authority that issues device certificates there, in PEM"
    try:
        authorities = x509.load_pem_x509_certificates(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = f"cannot read {file}: {(error.strerror or str(error)).lower()}"
        raise UsageError(Problem(problem=problem, help=help_text)) from None
    except ValueError:
        raise UsageError(Problem(problem=f"there is no certificate in {file}", help=help_text)) from None
    for authority in authorities:
        if not _is_authority(authority):
            problem = f"`{authority.subject.rfc4514_string()}` in {file} is a certificate, but not an authority's"
            raise UsageError(Problem(problem=problem, help=help_text))
    return DeviceCertificates(tuple(authorities))


def devices_of(settings: Settings, whereabouts: Whereabouts) -> Devices:
    """What reads the claims about devices under these settings."""
    return Devices(settings.clients.trusted_hops, whereabouts.certificates)


def claim_names(settings: Settings) -> tuple[str, str, str]:
    """The headers about devices, in lower case: the device header, the certificate, its chain. None of them goes upstream."""
    return settings.clients.device_header.lower(), CERTIFICATE_HEADER, CHAIN_HEADER


def claims_in(settings: Settings, pairs: tuple[tuple[str, str], ...]) -> DeviceClaims:
    """What header lines (lower-case name, value) say of a device."""
    header, certificate, chain = (tuple(value for name, value in pairs if name == wanted) for wanted in claim_names(settings))
    return DeviceClaims(header=header, certificate=certificate, chain=chain)


def without_claims(settings: Settings, request: Request) -> tuple[Request, DeviceClaims]:
    """A request as it is read and sent on, and what it said of a device."""
    pairs, names = request.headers.pairs, claim_names(settings)
    left = tuple(pair for pair in pairs if pair[0] not in names)
    return replace(request, headers=Headers(left)), claims_in(settings, pairs)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
