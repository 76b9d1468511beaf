"""Selectors of the app, the account in use there, and what is being done.

Separate because all of them are answers of the app library.
"""

from collections.abc import Callable
from string import ascii_uppercase

from lockgate.facts.app import AccountKind, AppMatch, CredentialKind, Operation, ReviewStatus
from lockgate.facts.discovery import Drift
from lockgate.facts.traffic import Phase
from lockgate.policy import reading
from lockgate.policy.operators import ValueType
from lockgate.policy.reading import Read
from lockgate.policy.selector import COMPONENT, Reader, Selector, Surroundings, plain, words

_HEADERS = Phase.REQUEST_HEADERS
_BODY = Phase.REQUEST_BODY
COUNTRIES = frozenset(first + second for first in ascii_uppercase for second in ascii_uppercase)


def _of_app(read: Callable[[AppMatch], str | None]) -> Reader:
    return plain(reading.from_app(read))


def _tier(match: AppMatch) -> str | None:
    return match.tier.id if match.tier is not None and match.tier_known else None


def _evidence(_surroundings: Surroundings, component: str) -> Read:
    return reading.from_tier(lambda tier: tier.evidence.get(component))


APP: tuple[Selector, ...] = (
    Selector(
        name="app.known", type=ValueType.YES_NO, phase=_HEADERS, read=plain(reading.app_known),
        doc="whether the request goes to an AI app of the library",
    ),
    Selector(
        name="app.discovered", type=ValueType.YES_NO, phase=_BODY, read=plain(reading.discovered),
        doc="whether a host outside the library gets what looks like a chat with a model (decrypted hosts only)",
    ),
    Selector(
        name="app.drift", type=ValueType.WORD, phase=_BODY, what="drift", known=words(frozenset(Drift)),
        read=plain(reading.drift),
        doc="how an app of the library does something that its file does not describe; absent when it does not",
    ),
    Selector(
        name="app.id", type=ValueType.WORD, phase=_HEADERS, what="app", known=lambda s: s.vocabulary.apps,
        read=_of_app(lambda match: match.app.id), doc="the app, by its id in the library",
    ),
    Selector(
        name="app.vendor", type=ValueType.WORD, phase=_HEADERS, what="vendor", known=lambda s: s.vocabulary.vendors,
        read=_of_app(lambda match: match.app.vendor), doc="who makes the app",
    ),
    Selector(
        name="app.category", type=ValueType.WORD, phase=_HEADERS, what="app category", known=lambda s: s.vocabulary.categories,
        read=_of_app(lambda match: match.app.category), doc="what the app is for",
    ),
    Selector(
        name="app.country", type=ValueType.WORD, phase=_HEADERS, what="two-letter country code", known=words(COUNTRIES),
        read=_of_app(lambda match: match.app.country),
        doc="where the vendor has its headquarters, as a two-letter code; absent when not known",
    ),
    Selector(
        name="app.status", type=ValueType.WORD, phase=_HEADERS, what="review status", known=words(frozenset(ReviewStatus)),
        read=_of_app(lambda match: match.app.status), doc="the organisation's review status of the app",
    ),
    Selector(
        name="app.tier", type=ValueType.WORD, phase=_HEADERS, what="tier", known=lambda s: s.vocabulary.tiers,
        read=plain(reading.from_account(_tier)), doc="the tier of the account in use; absent when it cannot be told",
    ),
    Selector(
        name="app.tier_known", type=ValueType.YES_NO, phase=_HEADERS, doc="whether the tier of the account in use can be told",
        read=plain(reading.from_account(lambda match: match.tier_known)),
    ),
    Selector(
        name="tenant.id", type=ValueType.TEXT, phase=_HEADERS, read=plain(reading.from_account(lambda match: match.tenant)),
        doc="the organisation or workspace the account belongs to; absent when it cannot be told",
    ),
    Selector(
        name="account.kind", type=ValueType.WORD, phase=_HEADERS, what="kind of account", known=words(frozenset(AccountKind)),
        read=plain(reading.from_account(lambda match: match.account)),
        doc="whose account it is: `corporate` (the organisation's own), `personal` (anybody else's), `unknown`",
    ),
    Selector(
        name="account.credential", type=ValueType.WORD, phase=_HEADERS, what="kind of credential",
        known=words(frozenset(CredentialKind)), read=plain(reading.from_account(lambda match: match.credential)),
        doc="what the request identifies its account with; only the kind is looked at",
    ),
    Selector(
        name="app.application_score", type=ValueType.SCORE, phase=_HEADERS,
        read=plain(reading.from_tier(lambda tier: tier.application_confidence.hundredths)),
        doc="the application confidence score of the tier, or of the lowest-scoring tier while the tier is not known",
    ),
    Selector(
        name="app.gen_ai_score", type=ValueType.SCORE, phase=_HEADERS,
        read=plain(reading.from_tier(lambda tier: tier.genai_confidence.hundredths)),
        doc="the Gen-AI confidence score of the tier, or of the lowest-scoring tier while the tier is not known",
    ),
    Selector(
        name="app.application_score_coverage", type=ValueType.NUMBER, phase=_HEADERS,
        read=plain(reading.from_tier(lambda tier: tier.application_confidence.coverage)),
        doc="how many per cent of the questions behind the application confidence score have a confirmed answer",
    ),
    Selector(
        name="app.gen_ai_score_coverage", type=ValueType.NUMBER, phase=_HEADERS,
        read=plain(reading.from_tier(lambda tier: tier.genai_confidence.coverage)),
        doc="how many per cent of the questions behind the Gen-AI confidence score have a confirmed answer",
    ),
    Selector(
        name="app.evidence.<component>", family=COMPONENT, type=ValueType.WORD, phase=_HEADERS, what="answer",
        known_of=lambda s, component: s.vocabulary.evidence[component], read=_evidence,
        doc="the answer to that question of the scores, for the same tier as the scores, as `apps/rubric.yaml` names it; "
        "absent unless it was confirmed",
    ),
    Selector(
        name="operation", type=ValueType.WORD, phase=_HEADERS, what="operation", known=words(frozenset(Operation)),
        read=plain(reading.operation), doc="what is being done in the app; for some addresses only the body tells",
    ),
    Selector(
        name="operation.carries_payload", type=ValueType.YES_NO, phase=_HEADERS, read=plain(reading.carries_payload),
        doc="whether the operation takes content of the person or company along (an unrecognised one is assumed to)",
    ),
)  # fmt: skip
