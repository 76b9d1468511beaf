"""That somebody has read what a rule asked them to read, and goes on.

Separate because it outlives the exchange it came of: the gate reads it, workers share it, the store keeps it. It never holds
what the person wrote, except sealed.
"""

from dataclasses import dataclass

from lockgate.facts.record import SealedText
from lockgate.facts.traffic import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Holds for one subject, one rule in one wording (`terms`) and one app (its id, or the host outside the library).

    `at`, `until` and `revoked_at` (0 while it stands) are seconds since the epoch. `choice` is one of the policy's own words,
    `characters` how much the person wrote and `justification` what, if there are reviewers. `reference` is the id of the
    record of the exchange that was stopped.
    """

    id: str
    subject: str
    rule: str
    app: str
    terms: str
    at: float
    until: float
    choice: str = ""
    characters: int = 0
    justification: SealedText | None = None
    reference: str = ""
    revoked_at: float = 0.0


def subject_of(client: Client) -> str:
    """Who acknowledges: the user, or the address of a client whose user is not known."""
    return f"user:{client.user}" if client.user else f"address:{client.address}"
