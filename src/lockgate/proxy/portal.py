"""The gateway's own pages at `http://lockgate.internal/` and, for devices that are not set up yet, at its own address.

Separate because it answers people, not traffic. It hands out public things only (the CA's certificate, never its key) and must
never say anything about exchanges, users or policies: everybody who can reach the port can read it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from lockgate.facts.decision import Reason
from lockgate.facts.traffic import Answer, Headers
from lockgate.proxy.pac import MEDIA_TYPE as PAC
from lockgate.proxy.pages import shown_address, web_address
from lockgate.proxy.templates import content_security_policy, render, render_script

_PAGE = "text/html"
_TEXT = "text/plain"
_SHELL = "text/x-shellscript"
_ORIGINS = ("http://lockgate.internal", "https://lockgate.internal")


class Platform(StrEnum):
    """What a device is, as far as its browser says. The values are the names people know."""

    WINDOWS = "Windows"
    MACOS = "macOS"
    IOS = "iPhone and iPad"
    ANDROID = "Android"
    LINUX = "Linux"

    @property
    def template(self) -> str:
        """The file with this platform's steps."""
        return f"platforms/{self.name.lower()}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalFacts:
    """What the portal hands out.

    `ca_*` are the certificate in the forms devices take, `fingerprint` its SHA-256 as people compare it.
    `proxy_host` and `proxy_port` are what devices use to reach the proxy; `pac` is the auto-configuration file's text.
    `approved_apps` are names with web addresses (empty where there is none), `alternative` is what the organisation would
    rather have used.
    """

    proxy_host: str
    proxy_port: int
    ca_pem: bytes = field(repr=False)
    ca_der: bytes = field(repr=False)
    ca_p12: bytes = field(repr=False)
    ca_mobileconfig: bytes = field(repr=False)
    fingerprint: str
    gateway_name: str = "Lockgate"
    contact: str = ""
    pac: str = field(default="", repr=False)
    approved_apps: tuple[tuple[str, str], ...] = ()
    alternative: str = ""

    @property
    def proxy(self) -> str:
        """The proxy's address as `host:port`."""
        host = f"[{self.proxy_host}]" if ":" in self.proxy_host else self.proxy_host
        return f"{host}:{self.proxy_port}"


def portal_answer(path: str, facts: PortalFacts, user_agent: str = "") -> Answer:
    """The answer to a request of the portal. `path` may carry a query, which means nothing here."""
    page = path.partition("?")[0].partition("#")[0]
    route = _ROUTES.get(page.rstrip("/") or "/")
    if route is not None:
        return route(facts, user_agent)
    content = render("not_found.html", path=page[:200], **_common(facts))
    return _answer(404, _PAGE, content, (("content-security-policy", content_security_policy(extra=_NO_FRAMES)),))


def platform_of(user_agent: str) -> Platform | None:
    """What a browser says it runs on; None when it does not say. An iPad that asks for desktop pages says macOS."""
    if "iPhone" in user_agent or "iPad" in user_agent:
        return Platform.IOS
    for word, platform in (
        ("Android", Platform.ANDROID),
        ("Windows", Platform.WINDOWS),
        ("Mac OS X", Platform.MACOS),
        ("Linux", Platform.LINUX),
        ("X11", Platform.LINUX),
    ):
        if word in user_agent:
            return platform
    return None


_NO_FRAMES = ("frame-ancestors 'none'",)


def _home(facts: PortalFacts, user_agent: str) -> Answer:
    mine = platform_of(user_agent)
    platforms = sorted(Platform, key=lambda platform: platform is not mine)
    content = render("home.html", platforms=platforms, mine=mine, **_common(facts))
    return _answer(200, _PAGE, content, (("content-security-policy", content_security_policy(extra=_NO_FRAMES)),))


def _check(facts: PortalFacts, _user_agent: str) -> Answer:
    policy = content_security_policy(script="check.js", connect=_ORIGINS, extra=_NO_FRAMES)
    return _answer(200, _PAGE, render("check.html", **_common(facts)), (("content-security-policy", policy),))


def _bundle(facts: PortalFacts, _user_agent: str) -> Answer:
    content = render("bundle.html", **_common(facts))
    return _answer(200, _PAGE, content, (("content-security-policy", content_security_policy(extra=_NO_FRAMES)),))


def _learn(facts: PortalFacts, _user_agent: str) -> Answer:
    shown = [(name, address, shown_address(address)) for name, address in facts.approved_apps]
    content = render("learn.html", apps=shown, alternative_href=web_address(facts.alternative), **_common(facts))
    return _answer(200, _PAGE, content, (("content-security-policy", content_security_policy(extra=_NO_FRAMES)),))


def _trusted(_facts: PortalFacts, _user_agent: str) -> Answer:
    return _answer(200, _TEXT, b"This device reaches the gateway's own name.\n")


def _shell_settings(facts: PortalFacts, _user_agent: str) -> Answer:
    script = render_script(
        "env.sh", proxy=facts.proxy, ca_pem=facts.ca_pem.decode("ascii").strip(), fingerprint=facts.fingerprint
    )
    return _answer(200, _SHELL, script, _named("inline", "lockgate-env.sh"))


def _common(facts: PortalFacts) -> dict[str, object]:
    return {"gateway_name": facts.gateway_name, "facts": facts}


def _named(disposition: str, name: str) -> tuple[tuple[str, str], ...]:
    return (("content-disposition", f'{disposition}; filename="{name}"'),)


def _answer(status: int, media_type: str, content: bytes, extra: tuple[tuple[str, str], ...] = ()) -> Answer:
    kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    headers = (
        ("content-type", kind),
        ("content-length", str(len(content))),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-lockgate-reason", Reason.PORTAL.value),
    )
    return Answer(status=status, headers=Headers((*headers, *extra)), content=content)


# Firefox offers to import, Windows and Apple devices to install, what is not sent as an attachment.
_ROUTES: dict[str, Callable[[PortalFacts, str], Answer]] = {
    "/": _home,
    "/check": _check,
    "/bundle": _bundle,
    "/learn": _learn,
    "/trusted": _trusted,
    "/env.sh": _shell_settings,
    "/ca.pem": lambda facts, _: _answer(200, "application/x-pem-file", facts.ca_pem, _named("attachment", "lockgate-ca.pem")),
    "/ca.crt": lambda facts, _: _answer(200, "application/x-x509-ca-cert", facts.ca_der, _named("inline", "lockgate-ca.crt")),
    "/ca.p12": lambda facts, _: _answer(200, "application/x-pkcs12", facts.ca_p12, _named("attachment", "lockgate-ca.p12")),
    "/ca.mobileconfig": lambda facts, _: _answer(
        200, "application/x-apple-aspen-config", facts.ca_mobileconfig, _named("inline", "lockgate-ca.mobileconfig")
    ),
    "/proxy.pac": lambda facts, _: _answer(200, PAC, facts.pac.encode()),
}
