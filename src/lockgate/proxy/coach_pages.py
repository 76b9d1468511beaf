"""The pages on which a person reads why they were stopped, and answers.

Separate from the desk that decides about them: this file only writes. They stand at the portal's own address, never under the
name of the site that was stopped, so that no script of a site can read or send the form; no other page may frame them.
"""

from dataclasses import dataclass

from lockgate.facts.coaching import Coaching, spoken
from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Answer, Headers
from lockgate.proxy.coach_links import COACH_PATH
from lockgate.proxy.coach_words import what_is_asked
from lockgate.proxy.pages import shown_address, web_address
from lockgate.proxy.portal import PortalFacts
from lockgate.proxy.templates import content_security_policy, render

LONGEST_WORDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a page says of what somebody is asked. `where` is the name of an app, or a host.

    `alternative` is what else could be used, empty when there is nothing else.
    """

    coaching: Coaching
    where: str
    message: str
    rule: str
    reference: str
    back: str = ""
    alternative: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was filled in, and what is still missing from it."""

    words: str = ""
    choice: str = ""
    missing: str = ""


NOTHING_YET = Reply()


def question_page(facts: PortalFacts, question: Question, form: str, reply: Reply = NOTHING_YET) -> Answer:
    """The question with its form, and, where something was missing, what was written already."""
    details = (("Service", question.where), ("Rule", question.rule), ("Reference", question.reference))
    content = render(
        "coach.html", question=question, coaching=question.coaching, reply=reply, form=form, path=COACH_PATH, details=details,
        lasts=spoken(question.coaching.seconds), longest=LONGEST_WORDS, button=what_is_asked(question.coaching),
        alternative=shown_address(question.alternative), alternative_href=web_address(question.alternative),
        gateway_name=facts.gateway_name, facts=facts,
    )  # fmt: skip
    return _page(422 if reply.missing else 200, content, forms=True)


def thanks_page(facts: PortalFacts, question: Question, seconds_left: float, *, again: bool = False) -> Answer:
    """They may go on; if they were opening a page, that is where this one leads."""
    back = web_address(question.back)
    content = render(
        "coached.html", question=question, back=back, lasts=spoken(seconds_left), again=again,
        gateway_name=facts.gateway_name, facts=facts,
    )  # fmt: skip
    return _page(200, content)


def stale_page(facts: PortalFacts) -> Answer:
    """The link was theirs, and is of no use any more: it was used, or the rule has changed."""
    return _page(410, render("coach_stale.html", gateway_name=facts.gateway_name, facts=facts))


def nobodys_page(facts: PortalFacts) -> Answer:
    """Whoever it was made for, it is not for them, or no longer; more is not said to a stranger."""
    return _page(404, render("coach_unknown.html", gateway_name=facts.gateway_name, facts=facts))


def foreign_form_page(facts: PortalFacts) -> Answer:
    """A form that did not come from our page."""
    return _page(403, render("coach_foreign.html", gateway_name=facts.gateway_name, facts=facts))


def _page(status: int, content: bytes, *, forms: bool = False) -> Answer:
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", str(len(content))),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        # Not `no-referrer`: the browser would then send the form with the origin `null`, and nobody could tell whose it is.
        ("referrer-policy", "same-origin"),
        ("content-security-policy", content_security_policy(forms=forms, extra=("frame-ancestors 'none'",))),
        ("x-lockgate-reason", Reason.PORTAL.value),
    )
    return Answer(status=status, headers=Headers(headers), content=content)
