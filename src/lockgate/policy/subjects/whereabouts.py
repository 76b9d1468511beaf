"""Selectors of where a client is and with which device.

Separate because all of them are told by the operator's tables or by a trusted hop in front, never by the request: what
they do not tell is absent, or not proven. Known before anything is decrypted.
"""

from collections.abc import Callable

from lockgate.facts.device import Device, DeviceTrust
from lockgate.facts.traffic import Phase
from lockgate.policy import members
from lockgate.policy.operators import ValueType
from lockgate.policy.reading import Reading
from lockgate.policy.selector import Reader, Selector, plain, words
from lockgate.policy.subjects.app import COUNTRIES

_CONNECT = Phase.CONNECT


def _of_device(read: Callable[[Device], Reading]) -> Reader:
    return plain(lambda sheet: read(sheet.client.device))


WHEREABOUTS: tuple[Selector, ...] = (
    Selector(
        name="source.country", type=ValueType.WORD, phase=_CONNECT, what="two-letter country code", known=words(COUNTRIES),
        read=plain(lambda sheet: sheet.client.country),
        doc="the country the client's address is in, as a two-letter code, by `networks` of users.yaml or else "
        "`clients.countries`; absent when not known",
    ),
    Selector(
        name="source.network", type=ValueType.NAMES, phase=_CONNECT, what="network", read=members.in_network,
        known=lambda surroundings: surroundings.vocabulary.networks,
        doc="the names that `networks` of users.yaml gives the networks the client's address is in",
    ),
    Selector(
        name="device.id", type=ValueType.TEXT, phase=_CONNECT, read=_of_device(lambda device: device.id or None),
        doc="the device, as a trusted hop or its certificate names it; absent when not known",
    ),
    Selector(
        name="device.enrolled", type=ValueType.YES_NO, phase=_CONNECT, always_there=True,
        read=_of_device(lambda device: device.enrolled),
        doc="whether a trusted hop says that the device is enrolled, or its certificate proves it; an unknown device is not",
    ),
    Selector(
        name="device.posture", type=ValueType.WORDS, phase=_CONNECT, what="check",
        read=_of_device(lambda device: device.posture),
        doc="the checks the device passed, in the words of the hop, such as `disk_encrypted`; absent when none are told",
    ),
    Selector(
        name="device.trust", type=ValueType.WORD, phase=_CONNECT, always_there=True, known=words(frozenset(DeviceTrust)),
        read=_of_device(lambda device: device.trust),
        doc="how the device is known: `certificate` (verified), `header` (said by a trusted hop), `none`",
    ),
)  # fmt: skip
