"""What a person sees when a page they opened was stopped: the block page.

Separate from `answers`, which knows which client wants what; this file only writes. The page is delivered under the name of
the site that was stopped, so it must never contain anything unescaped, load anything, or run anything: its
Content-Security-Policy also puts it into an origin of its own, where it could not read that site's cookies.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Answer, Headers
from lockgate.proxy.templates import content_security_policy, render

_TITLES = {
    Reason.RULE: "{name} is not available here",
    Reason.ACKNOWLEDGEMENT_REQUIRED: "Before you use {name}",
    Reason.JUSTIFICATION_REQUIRED: "Before you use {name}",
    Reason.DEFAULT: "{name} is not available here",
    Reason.DO_NOT_INSPECT: "{name} is not available here",
    Reason.NOT_IN_LIBRARY: "{name} is not available here",
    Reason.UNINSPECTABLE: "This request to {name} could not be checked",
    Reason.MONITOR_MODE: "{name} is not available here",
    Reason.CANNOT_REDACT: "This request to {name} holds something that must not leave",
    Reason.LIMIT_REACHED: "Enough of {name} for now",
    Reason.ISOLATED: "{name} can be read here, not written to",
    Reason.JUDGED_BY_MESSAGE: "{name} is not available here",
    Reason.GATE_FAILED: "The gateway could not decide about this request",
    Reason.GATEWAY_OWN_ADDRESS: "This address cannot be reached through the gateway",
    Reason.PRIVATE_DESTINATION: "This address cannot be reached through the gateway",
    Reason.LOGIN_REQUIRED: "Please sign in to the gateway",
    Reason.CLIENT_NOT_ALLOWED: "This device may not use the gateway",
    Reason.UPSTREAM_FAILED: "{name} could not be reached",
    Reason.UPSTREAM_UNTRUSTED: "{name} could not prove that it is genuine",
    Reason.CLIENT_LEFT: "{name} could not be reached",
    Reason.CLIENT_DISTRUSTS_CA: "This device does not trust the gateway yet",
    Reason.MALFORMED_REQUEST: "The gateway could not read this request",
    Reason.MCP_HEADER_MISMATCH: "This tool request contradicts itself",
    Reason.PORTAL: "{name} is not available here",
}

# In an opaque origin, yet links still work: the alternative opens in this tab, `mailto:` in the mail program.
_SANDBOX = "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPage:
    """Everything the page says. Empty texts are left out.

    `message` is the reason in plain words, for a person. `alternative` is an approved app's name or its http(s) address,
    `contact` a name, mail address or http(s) address. `title` and `status` follow from `reason` when they are not given. `ask`
    is the link under which the person may acknowledge what stopped them.
    """

    host: str
    reason: Reason
    message: str = ""
    gateway_name: str = "Lockgate"
    app_name: str = ""
    rule: str = ""
    alternative: str | None = None
    contact: str = ""
    reference: str = ""
    title: str = ""
    status: int | None = None
    ask: str = ""


def block_page(page: BlockPage) -> Answer:
    """The page as HTML."""
    content = render(
        "block.html",
        title=_title(page),
        what=_what_happened(page),
        message=page.message or page.reason.explanation,
        ask=page.ask,
        alternative=shown_address(page.alternative or ""),
        alternative_href=web_address(page.alternative or ""),
        contact=shown_address(page.contact),
        contact_href=_contact_address(page),
        reference=page.reference,
        gateway_name=page.gateway_name,
        host=page.host,
        details=_details(page),
    )
    headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-length", str(len(content))),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-lockgate-reason", page.reason.value),
        ("content-security-policy", content_security_policy(extra=(_SANDBOX,))),
        ("referrer-policy", "no-referrer"),
    ]
    if page.reference:
        headers.append(("x-lockgate-reference", page.reference))
    return Answer(status=page.status or _status(page.reason), headers=Headers(tuple(headers)), content=content)


def _details(page: BlockPage) -> tuple[tuple[str, str], ...]:
    rows = (
        ("Service", page.app_name),
        ("Address", page.host),
        ("Rule", page.rule),
        ("Reason code", page.reason.value),
        ("Reference", page.reference),
    )
    return tuple(row for row in rows if row[1])


def _what_happened(page: BlockPage) -> str:
    service = f"{page.app_name} at {page.host}" if page.app_name else page.host
    return f"{page.gateway_name} did not let this request to {service} through."


def _title(page: BlockPage) -> str:
    return page.title or _TITLES[page.reason].format(name=page.app_name or page.host)


def _status(reason: Reason) -> int:
    """The HTTP status a browser gets with the page. Browsers show the page whatever it is; monitoring tells them apart."""
    match reason:
        case Reason.MALFORMED_REQUEST | Reason.MCP_HEADER_MISMATCH:
            return 400
        case Reason.LIMIT_REACHED:
            return 429
        case Reason.UPSTREAM_FAILED | Reason.UPSTREAM_UNTRUSTED:
            return 502
        case Reason.GATE_FAILED:
            return 503
        case _:
            return 403


def _contact_address(page: BlockPage) -> str:
    """A mail address becomes a message that already names the reference; a web address is linked as it is."""
    user, at, domain = page.contact.partition("@")
    if user and at and "." in domain and not any(character in page.contact for character in " <>,;:?&/\"'()"):
        subject = f"{page.gateway_name}: {page.app_name or page.host}"
        body = f"Reference: {page.reference}\nRule: {page.rule or '-'}\n\nWhat I wanted to do: "
        return f"mailto:{quote(page.contact, safe='@')}?subject={quote(subject)}&body={quote(body)}"
    return web_address(page.contact)


def web_address(text: str) -> str:
    """`text` when it is a whole http(s) address; nothing else is ever made a link (`javascript:` would run here)."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.hostname and " " not in text else ""


def shown_address(text: str) -> str:
    """A web address as people read it: without scheme and trailing slash."""
    return text.partition("://")[2].rstrip("/") if web_address(text) else text
