"""The device behind a connection: which one, whether it is enrolled, which checks it passed, and how all that is known.

Separate from the client because it is told by somebody in front of the gateway, never by the request itself. What was not
told is not known: nothing here is ever a guess.
"""

from dataclasses import dataclass
from enum import StrEnum


class DeviceTrust(StrEnum):
    """How a device is known."""

    NONE = "none"
    HEADER = "header"
    CERTIFICATE = "certificate"


class DeviceProblem(StrEnum):
    """Why what was said of a device does not count."""

    NOT_A_TRUSTED_HOP = "not_a_trusted_hop"
    MALFORMED_HEADER = "malformed_header"
    MALFORMED_CERTIFICATE = "malformed_certificate"
    NO_AUTHORITY = "no_authority"
    UNTRUSTED_CERTIFICATE = "untrusted_certificate"
    CONTRADICTION = "contradiction"

    @property
    def explanation(self) -> str:
        """The same in a sentence."""
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    DeviceProblem.NOT_A_TRUSTED_HOP: "it was said by somebody who is not one of `clients.trusted_hops`",
    DeviceProblem.MALFORMED_HEADER: "the device header is not of its form, or came more than once",
    DeviceProblem.MALFORMED_CERTIFICATE: "the header with the client's certificate cannot be read, or came more than once",
    DeviceProblem.NO_AUTHORITY: "a certificate came, and there is no certs/devices.pem to verify it with",
    DeviceProblem.UNTRUSTED_CERTIFICATE: (
        "the certificate is not for clients, not valid now, without a name, or not from an authority of certs/devices.pem"
    ),
    DeviceProblem.CONTRADICTION: "the device header and the certificate name different devices",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is known of a device.

    `id` is empty when it is not known. `enrolled` is true only where that was told or proven. `posture` are the checks it
    passed; None when nobody told of any, which is not the same as having passed none. `problem` says why what was told does not
    count.
    """

    id: str = ""
    enrolled: bool = False
    posture: frozenset[str] | None = None
    trust: DeviceTrust = DeviceTrust.NONE
    problem: DeviceProblem | None = None


UNKNOWN_DEVICE = Device()
