"""Which device a connection or a plain request comes from, by what a trusted hop in front says of it.

Separate so that the order of evidence stands in one place: a certificate says more than a header, two that contradict one
another say nothing, and whoever is not a trusted hop says nothing at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from lockgate.facts.device import UNKNOWN_DEVICE, Device, DeviceProblem, DeviceTrust
from lockgate.identity.device_certificates import DeviceCertificates, UntrustedCertificateError
from lockgate.identity.device_header import SaidOfDevice, device_said, read_device_header
from lockgate.identity.structured_field import MalformedFieldError, read_byte_strings

CERTIFICATE_HEADER = "client-cert"
CHAIN_HEADER = "client-cert-chain"
DEVICE_HEADER = "x-lockgate-device"
_LONGEST_CERTIFICATE = 16 << 10
_LONGEST_CHAIN = 64 << 10
_MOST_IN_CHAIN = 8
_NOTHING_SAID = SaidOfDevice()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClaims:
    """The header lines about a device as they came, each name's in order; nobody has looked at them yet."""

    header: tuple[str, ...] = ()
    certificate: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()

    @property
    def are_made(self) -> bool:
        """Whether anything is said."""
        return bool(self.header or self.certificate or self.chain)


NO_CLAIMS = DeviceClaims()


class Devices:
    """Reads claims under one configuration. `certificates` is None without `certs/devices.pem`."""

    def __init__(
        self,
        trusted_hops: tuple[str, ...] = (),
        certificates: DeviceCertificates | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._hops: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(hop, strict=False) for hop in trusted_hops)
        self._certificates = certificates
        self._clock = clock

    def device(self, address: str, claims: DeviceClaims) -> Device:
        """The device behind what came from `address`. Whatever was sent, this does not raise."""
        if not claims.are_made:
            return UNKNOWN_DEVICE
        if not self._is_hop(address):
            return Device(problem=DeviceProblem.NOT_A_TRUSTED_HOP)
        try:
            said = _said(claims)
        except MalformedFieldError:
            return Device(problem=DeviceProblem.MALFORMED_HEADER)
        if claims.certificate or claims.chain:
            return self._by_certificate(claims, said or _NOTHING_SAID)
        if said is None:
            return UNKNOWN_DEVICE
        return device_said(said)

    def _by_certificate(self, claims: DeviceClaims, said: SaidOfDevice) -> Device:
        try:
            certificate, chain = _certificates(claims)
        except MalformedFieldError:
            return Device(problem=DeviceProblem.MALFORMED_CERTIFICATE)
        if self._certificates is None:
            return Device(problem=DeviceProblem.NO_AUTHORITY)
        try:
            name = self._certificates.name_of(certificate, chain, self._clock())
        except UntrustedCertificateError:
            return Device(problem=DeviceProblem.UNTRUSTED_CERTIFICATE)
        if said.id not in ("", name):
            return Device(problem=DeviceProblem.CONTRADICTION)
        return Device(id=name, enrolled=True, posture=said.posture, trust=DeviceTrust.CERTIFICATE)

    def _is_hop(self, address: str) -> bool:
        try:
            client = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(client in hop for hop in self._hops if hop.version == client.version)


def _said(claims: DeviceClaims) -> SaidOfDevice | None:
    """What the device header says. Of two lines, one may be the device's own that a hop failed to take out."""
    if not claims.header:
        return None
    line, *others = claims.header
    if others:
        raise MalformedFieldError
    return read_device_header(line)


def _certificates(claims: DeviceClaims) -> tuple[bytes, tuple[bytes, ...]]:
    if len(claims.certificate) != 1 or len(claims.chain) > 1:
        raise MalformedFieldError
    found = read_byte_strings("".join(claims.certificate), longest=_LONGEST_CERTIFICATE, most=1)
    if len(found) != 1:
        raise MalformedFieldError
    return found[0], read_byte_strings("".join(claims.chain), longest=_LONGEST_CHAIN, most=_MOST_IN_CHAIN)
