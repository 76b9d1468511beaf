"""The header by which a hop in front of the gateway says which device a connection comes from.

For example `id="laptop-17", enrolled, posture=("disk_encrypted" "os_supported")`: a dictionary of RFC 9651. Separate because
it is a format of its own. What does not fit is an error as a whole: half a statement about a device would be a guess.
"""

import re
from dataclasses import dataclass

from lockgate.facts.device import Device, DeviceTrust
from lockgate.identity.structured_field import MalformedFieldError, Member, Token, read_dictionary

_ID = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?\Z")
_CHECK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_MOST_CHECKS = 32
_KNOWN = frozenset({"id", "enrolled", "posture"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOfDevice:
    """What the header says. `posture` is None when it says nothing of checks."""

    id: str = ""
    enrolled: bool = False
    posture: frozenset[str] | None = None


def read_device_header(text: str) -> SaidOfDevice:
    """What a device header says. Members it does not know are left out. Raises MalformedFieldError."""
    said = read_dictionary(text)
    if _KNOWN.isdisjoint(said):
        raise MalformedFieldError  # an id alone, written without its key, is such a dictionary
    enrolled = said.get("enrolled", False)
    if not isinstance(enrolled, bool):
        raise MalformedFieldError
    return SaidOfDevice(id=_id(said.get("id", "")), enrolled=enrolled, posture=_posture(said.get("posture")))


def device_said(said: SaidOfDevice) -> Device:
    """The device that a trusted hop's header tells of."""
    return Device(id=said.id, enrolled=said.enrolled, posture=said.posture, trust=DeviceTrust.HEADER)


def is_device_id(text: str) -> bool:
    """Whether a device can have this name: up to 128 printable ASCII characters, blanks only inside."""
    return _ID.match(text) is not None


def _id(member: Member) -> str:
    text = member.text if isinstance(member, Token) else member
    if not isinstance(text, str) or (text and not is_device_id(text)):
        raise MalformedFieldError
    return text


def _posture(member: Member | None) -> frozenset[str] | None:
    if member is None:
        return None
    if not isinstance(member, tuple) or len(member) > _MOST_CHECKS:
        raise MalformedFieldError
    checks = [item.text if isinstance(item, Token) else item for item in member]
    names = frozenset(check for check in checks if isinstance(check, str) and _CHECK.match(check))
    if len(names) != len(checks):
        raise MalformedFieldError
    return names
