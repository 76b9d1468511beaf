"""What becomes of a connection by the settings and the app library, and what is known of it then.

Separate because live traffic and replay both go by it: a connection that was recorded is judged again under the same words.
"""

from dataclasses import replace
from enum import StrEnum

from lockgate.facts.sheet import FactSheet


class Decryption(StrEnum):
    """What becomes of connections to a host that no do-not-inspect entry names.

    `UNCLAIMED` is a host that stays encrypted and that no app of the library claims as a whole.
    """

    DECRYPTED = "decrypted"
    ENCRYPTED = "encrypted"
    UNCLAIMED = "unclaimed"


def connected(sheet: FactSheet, decryption: Decryption) -> FactSheet:
    """The facts of a connection. Nothing more will be learned of a host that nobody claims and that stays encrypted."""
    return replace(sheet, app_known=True, app=None) if decryption is Decryption.UNCLAIMED else sheet
