"""Selectors of the connection: where it goes, where it comes from, and who is behind it.

Separate because these are known before anything is decrypted, so they alone can say what is not inspected.
"""

from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import IdentifiedBy, Phase
from lockgate.policy import members, reading
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, plain, words

_CONNECT = Phase.CONNECT


def _port(sheet: FactSheet) -> int:
    return sheet.port


CONNECTION: tuple[Selector, ...] = (
    Selector(
        name="host", type=ValueType.HOST, phase=_CONNECT, always_there=True, read=plain(lambda sheet: sheet.host),
        doc="the host name the client asked for",
    ),
    Selector(
        name="host.category", type=ValueType.NAMES, phase=_CONNECT, what="list", read=members.on_list,
        read_whole=lambda sheet: sheet.host,
        known=lambda surroundings: frozenset(surroundings.lists.hosts),
        doc="the policy's own lists of hosts that the host is on",
    ),
    Selector(name="port", type=ValueType.NUMBER, phase=_CONNECT, read=plain(_port), doc="the port the client asked for"),
    Selector(
        name="source.address", type=ValueType.ADDRESS, phase=_CONNECT, read=plain(reading.source_address),
        doc="the address of the client",
    ),
    Selector(
        name="user", type=ValueType.TEXT, phase=_CONNECT, read=plain(lambda sheet: sheet.client.user),
        doc="the name of the person or service behind the connection; absent for anonymous clients",
    ),
    Selector(
        name="user.groups", type=ValueType.NAMES, phase=_CONNECT, read=members.in_group,
        read_whole=lambda sheet: frozenset(sheet.client.groups),
        doc="the groups the user belongs to",
    ),
    Selector(
        name="user.identified_by", type=ValueType.WORD, phase=_CONNECT, always_there=True,
        known=words(frozenset(IdentifiedBy)), read=plain(lambda sheet: sheet.client.identified_by),
        doc="how the user is known",
    ),
)  # fmt: skip
