"""From a refusal to the response its client understands.

A page for a person's navigation, the app's own error for its clients or, where the rule says so, an answer of its model,
status 426 for a WebSocket, a redirect where the rule names a target. Separate because what a refused client shows is
measured knowledge (see the formats), not a decision.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lockgate.apps.formats.base import AnswersItself, AnswersMessage, Refusal, SocketRefusal
from lockgate.apps.formats.generic import GENERIC
from lockgate.facts.coaching import Asked
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.traffic import Answer, Headers, Request
from lockgate.gate.effects import Refuse, RefuseMessage
from lockgate.proxy.coach_links import CoachLinks
from lockgate.proxy.coach_words import close_words, coach_sentences
from lockgate.proxy.limit_words import limit_sentence
from lockgate.proxy.pages import BlockPage, block_page
from lockgate.proxy.redirects import PARAMETER, RedirectContext, read_context, redirect_location

_CLOSE_REASON = 123
_SENT_ON_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the operator wants people to be told.

    `alternative` is what to use instead, `redirect_key` signs redirect contexts.
    """

    gateway_name: str
    contact: str
    alternative: str
    redirect_key: bytes

    @property
    def links(self) -> CoachLinks:
        """Makes the links under which people acknowledge."""
        return CoachLinks(self.redirect_key)


def refusal_text(refuse: Refuse | RefuseMessage, wording: Wording, reference: str) -> str:
    """One paragraph for a person reading an error message: what, why, instead, whom to ask, reference."""
    decision = refuse.decision
    what = f"{refuse.app_name} " if refuse.app_name else ""
    noun = "message" if isinstance(refuse, RefuseMessage) else "request"
    if refuse.asked is not None:
        link = wording.links.text_link(refuse.asked, reference, int(time.time()))
        first, then = coach_sentences(refuse.asked, decision, link)
        parts = [f"{wording.gateway_name} kept this {what}{noun} back until you have read this: {first}", then]
    else:
        parts = [f"{wording.gateway_name} stopped this {what}{noun}: {_why(decision)}"]
    if decision.rule:
        parts.append(f"Rule: {decision.rule}.")
    instead = decision.redirect_to or wording.alternative
    if instead and instead != refuse.app_name:
        parts.append(f"Use instead: {instead}.")
    if wording.contact:
        parts.append(f"Questions: {wording.contact}.")
    parts.append(f"Reference: {reference}.")
    return " ".join(parts)


def answer_for(refuse: Refuse, request: Request, wording: Wording, reference: str) -> Answer:
    """The response a refused request gets."""
    decision = refuse.decision
    text = refusal_text(refuse, wording, reference)
    if decision.verdict is Verdict.REDIRECT and request.is_navigation and not _was_sent_here(request, wording):
        return _redirect(refuse, request, wording, reference)
    if refuse.asked is not None and request.is_navigation and not refuse.upgrade_required:
        return _question(refuse, refuse.asked, request, wording, reference)
    if refuse.upgrade_required:
        again = (("upgrade", "HTTP/1.1"), ("connection", "upgrade"), *_retry_after(decision))
        return _plain(426, text, decision.reason, reference, again)
    if request.is_navigation:
        page = _page(refuse, request, wording, reference)
        return replace(page, headers=Headers((*page.headers.pairs, *_retry_after(decision))))
    refusal = _refusal(decision, text, reference)
    if decision.as_answer and isinstance(refuse.format, AnswersItself) and refuse.conversation is not None:
        said = refuse.format.answer(refusal, request, refuse.conversation)
        if said is not None:
            return said
    return (refuse.format or GENERIC).refuse(refusal, request, refuse.conversation)


def _page(refuse: Refuse, request: Request, wording: Wording, reference: str, ask: str = "") -> Answer:
    decision = refuse.decision
    return block_page(
        BlockPage(
            gateway_name=wording.gateway_name,
            app_name=refuse.app_name,
            host=request.host,
            message=_why(decision),
            rule=decision.rule or "",
            reason=decision.reason,
            alternative=decision.redirect_to or wording.alternative,
            contact=wording.contact,
            reference=reference,
            ask=ask,
        )
    )


def _question(refuse: Refuse, asked: Asked, request: Request, wording: Wording, reference: str) -> Answer:
    """To the page that asks. It stands at our own address, where no script of the site can answer; and it may not be framed."""
    link = wording.links.page_link(asked, reference, request, int(time.time()))
    if request.headers.get("sec-fetch-dest", "document") != "document":
        return _page(refuse, request, wording, reference, link)
    status = 302 if request.method in ("GET", "HEAD") else 303
    return _plain(status, "", refuse.decision.reason, reference, (("location", link),))


def message_answer(refuse: RefuseMessage, request: Request, wording: Wording, reference: str) -> SocketRefusal:
    """What a client is told whose message on a WebSocket is refused, and whether the socket ends."""
    text = refusal_text(refuse, wording, reference)
    refusal = _refusal(refuse.decision, text, reference)
    if refuse.decision.as_answer and isinstance(refuse.format, AnswersMessage):
        said = refuse.format.answer_message(refusal, request, refuse.message)
        if said is not None:
            return said
    return refuse.format.refuse_message(refusal, request, refuse.message)


def close_reason(refuse: RefuseMessage, wording: Wording, reference: str) -> str:
    """The same in as many bytes as a close frame has room for: why, and the reference if it fits (RFC 6455 section 5.5).

    Where there is something to acknowledge, the link to it is what matters most.
    """
    if refuse.asked is not None:
        words = close_words(wording.links.text_link(refuse.asked, reference, int(time.time())))
        if words:
            return words
    why, end = _why(refuse.decision), f" Reference: {reference}."
    whole = why + end
    return whole if len(whole.encode()) <= _CLOSE_REASON else why.encode()[:_CLOSE_REASON].decode("utf-8", "ignore")


def _refusal(decision: Decision, text: str, reference: str) -> Refusal:
    retry_after = decision.limit.retry_after if decision.limit is not None else None
    return Refusal(message=text, code=decision.reason.value, reference=reference, retry_after=retry_after)


def _retry_after(decision: Decision) -> tuple[tuple[str, str], ...]:
    return () if decision.limit is None else (("retry-after", str(decision.limit.retry_after)),)


def _why(decision: Decision) -> str:
    """The reason in words: the rule's own, else what the reason code means to the person who was stopped."""
    if decision.limit is not None:
        return f"{decision.message} {limit_sentence(decision.limit, datetime.now(UTC))}".strip()
    if decision.message or decision.reason not in (Reason.RULE, Reason.DEFAULT):
        return decision.message or decision.reason.explanation
    return "Your organisation's policy does not allow it."


def connect_refusal(refuse: Refuse, wording: Wording, reference: str) -> Answer:
    """The answer to a CONNECT that is refused. Browsers show only their own error page for it; other clients show the text."""
    return _plain(403, refusal_text(refuse, wording, reference), refuse.decision.reason, reference)


def login_required(wording: Wording) -> Answer:
    """The answer that makes a client send its proxy credentials (RFC 9110 section 15.5.8)."""
    text = f"{wording.gateway_name} needs to know who you are: sign in to the proxy with your name and password."
    realm = wording.gateway_name.replace('"', "")
    return _plain(407, text, Reason.LOGIN_REQUIRED, "", (("proxy-authenticate", f'Basic realm="{realm}", charset="UTF-8"'),))


def _redirect(refuse: Refuse, request: Request, wording: Wording, reference: str) -> Answer:
    decision = refuse.decision
    context = RedirectContext(
        app=refuse.app_name, host=request.host, reason=decision.reason.value, rule=decision.rule or "", reference=reference
    )
    location = redirect_location(decision.redirect_to, context, wording.redirect_key, int(time.time()))
    status = 302 if request.method in ("GET", "HEAD") else 303
    return _plain(status, "", decision.reason, reference, (("location", location),))


def _was_sent_here(request: Request, wording: Wording) -> bool:
    """Whether a redirect of ours led here a moment ago: who is sent on twice may be sent round for ever."""
    given = (pair.partition("=") for pair in request.query.split("&"))
    tokens = [token for name, _, token in given if name == PARAMETER]
    now = int(time.time())
    return any(read_context(token, wording.redirect_key, now, _SENT_ON_SECONDS) is not None for token in tokens)


def _plain(status: int, text: str, reason: Reason, reference: str, extra: tuple[tuple[str, str], ...] = ()) -> Answer:
    content = (text + "\n").encode() if text else b""
    headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(content))),
        ("cache-control", "no-store"),
        ("x-lockgate-reason", reason.value),
    ]
    if reference:
        headers.append(("x-lockgate-reference", reference))
    return Answer(status=status, headers=Headers((*headers, *extra)), content=content)
