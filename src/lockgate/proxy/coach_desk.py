"""Where people acknowledge: opens links, checks forms, and tells the gateway.

Separate from the pages it answers with and from the hooks that bring it requests. The order is a law: first whether the form
came from our page, then whether the token is this person's, then whether what it is about still stands; only then what was
written. It must never say anything about a token to anybody but its subject, nor log what was written.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from lockgate.facts.acknowledgement import Acknowledgement, subject_of
from lockgate.facts.coaching import Ask, Coaching
from lockgate.facts.portal import PORTAL_HOST
from lockgate.facts.traffic import Answer, Client, Headers
from lockgate.proxy.coach_links import COACH_PATH, CoachLinks, Sealed, Ticket
from lockgate.proxy.coach_pages import (
    LONGEST_WORDS,
    NOTHING_YET,
    Question,
    Reply,
    foreign_form_page,
    nobodys_page,
    question_page,
    stale_page,
    thanks_page,
)
from lockgate.proxy.coach_words import NO_MESSAGE
from lockgate.proxy.portal import PortalFacts
from lockgate.runtime.gateway import Gateway

MOST_FORM_BYTES = 32 << 10
_MOST_FIELDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for one of these pages. `client` is who the proxy takes them for."""

    client: Client
    scheme: str
    path: str
    headers: Headers


class CoachDesk:
    """One worker's desk. `facts` is what every page of the portal says."""

    def __init__(
        self, gateway: Gateway, key: bytes, facts: Callable[[], PortalFacts], clock: Callable[[], float] = time.time
    ) -> None:
        self._gateway = gateway
        self._links = CoachLinks(key)
        self._facts = facts
        self._clock = clock

    def show(self, visit: Visit) -> Answer:
        """The page of a link."""
        token = visit.path.removeprefix(COACH_PATH).strip("/").partition("?")[0]
        subject = subject_of(visit.client)
        opened = self._open(Sealed.LINK, subject, token)
        return opened if isinstance(opened, Answer) else self._ask(subject, *opened)

    def take(self, visit: Visit, content: bytes) -> Answer:
        """What became of a form that was sent."""
        if not _came_from_our_page(visit):
            return foreign_form_page(self._facts())
        fields = _fields(content)
        subject, now = subject_of(visit.client), self._clock()
        opened = self._open(Sealed.FORM, subject, fields.get("form", ""))
        if isinstance(opened, Answer):
            return opened
        ticket, question = opened
        words = " ".join(fields.get("words", "").split())
        reply = _checked(question.coaching, Reply(words=words, choice=fields.get("choice", "")))
        if reply.missing:
            return self._ask(subject, ticket, question, reply)
        given = Acknowledgement(
            id=secrets.token_hex(8), subject=subject, rule=question.rule, app=ticket.app, terms=ticket.terms, at=now,
            until=now + question.coaching.seconds, choice=reply.choice, characters=len(words), reference=ticket.reference,
        )  # fmt: skip
        self._gateway.acknowledge(given, words)
        return thanks_page(self._facts(), question, question.coaching.seconds)

    def _ask(self, subject: str, ticket: Ticket, question: Question, reply: Reply = NOTHING_YET) -> Answer:
        form = self._links.seal(Sealed.FORM, subject, replace(ticket, at=int(self._clock())))
        return question_page(self._facts(), question, form, reply)

    def _open(self, purpose: Sealed, subject: str, token: str) -> tuple[Ticket, Question] | Answer:
        """What a token asks; or the answer to one that asks nothing (any more): used, withdrawn, another rule, not theirs."""
        now = self._clock()
        ticket = self._links.open(purpose, subject, token, int(now))
        if ticket is None:
            return nobodys_page(self._facts())
        question = self._question(ticket)
        if question is None:
            return stale_page(self._facts())
        last = self._gateway.acknowledged.latest(subject, question.rule, ticket.app)
        if last is None or max(last.at, last.revoked_at) < ticket.at:
            return ticket, question
        if last.revoked_at or last.until <= now or last.terms != ticket.terms:
            return stale_page(self._facts())
        return thanks_page(self._facts(), question, last.until - now, again=True)

    def _question(self, ticket: Ticket) -> Question | None:
        """What the live policy asks by the rule that the ticket is about, if it has it in that very wording."""
        snapshot = self._gateway.snapshot
        name = next((rule for rule, terms in snapshot.ruleset.coached.items() if terms == ticket.terms), None)
        rule = snapshot.ruleset.rule(name) if name is not None else None
        if rule is None or rule.actions.coaching is None:
            return None
        app = snapshot.gate.library.get(ticket.app)
        return Question(
            coaching=rule.actions.coaching, where=app.name if app is not None else ticket.app, rule=rule.id,
            message=rule.message or rule.description or NO_MESSAGE, reference=ticket.reference, back=ticket.back,
            alternative=self._alternative(ticket.app),
        )  # fmt: skip

    def _alternative(self, app: str) -> str:
        """What else could be used: nothing, when the approved alternative is this very app."""
        snapshot = self._gateway.snapshot
        named = snapshot.ruleset.approved_alternative
        known = snapshot.gate.library.host(urlsplit(named).hostname or "")
        of_host = known.app.id if known is not None and known.app is not None else ""
        return "" if app in (named, of_host) else self._facts().alternative


def _came_from_our_page(visit: Visit) -> bool:
    """Browsers say where a form comes from, and no page can make them say otherwise (Fetch, `Origin`; Fetch Metadata)."""
    site = visit.headers.get("sec-fetch-site", "same-origin")
    return visit.headers.get("origin") == f"{visit.scheme}://{PORTAL_HOST}" and site == "same-origin"


def _fields(content: bytes) -> dict[str, str]:
    """The fields of a form, the first of each name; none of what is no form."""
    try:
        parsed = parse_qs(content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parsed.items()}


def _checked(coaching: Coaching, reply: Reply) -> Reply:
    """The reply, with what is missing from it in words for the person who wrote it."""
    if coaching.ask is Ask.ACKNOWLEDGE:
        return Reply()
    if coaching.choices and reply.choice not in coaching.choices:
        return replace(reply, choice="", missing="Please pick one of the reasons.")
    if len(reply.words) < coaching.at_least:
        more = coaching.at_least - len(reply.words)
        missing = f"Please say a little more: {coaching.at_least} characters at least, {more} more than now."
        return replace(reply, missing=missing)
    if len(reply.words) > LONGEST_WORDS:
        return replace(reply, missing=f"Please say it in fewer words: {LONGEST_WORDS} characters at most.")
    return reply
