"""Requests for the gateway's own pages: no exchanges of anybody's, answered here and forgotten.

Separate from the hooks of exchanges because nothing is judged here and nothing leaves. Most pages are for everybody; only the
pages on which people acknowledge ask who is there.
"""

from mitmproxy import http

from lockgate.facts.portal import PORTAL_HOST
from lockgate.facts.traffic import Client, Headers
from lockgate.identity import LoginRequired
from lockgate.proxy.answers import login_required
from lockgate.proxy.body_terms import BodyCut, HoldTerms, answer_at_once, hold
from lockgate.proxy.coach_desk import MOST_FORM_BYTES, CoachDesk, Visit
from lockgate.proxy.coach_links import COACH_PATH
from lockgate.proxy.connections import Connections
from lockgate.proxy.portal import portal_answer
from lockgate.proxy.services import Services, to_response
from lockgate.proxy.translate import declared_length, expects_body
from lockgate.runtime.boundary import is_proxy_itself, plain_host

_FORM_SECONDS = 20.0
_FORM_PAUSE_SECONDS = 10.0
_TOO_LARGE = 413
_AWAITED = "lockgate.form"
_METHODS = ("GET", "HEAD", "POST")


class PortalHooks:
    """Serves the portal on the flows of one worker."""

    def __init__(self, services: Services, connections: Connections) -> None:
        self._services = services
        self._connections = connections
        self._desk = CoachDesk(services.gateway, services.redirect_key, services.portal)

    def is_for(self, flow: http.HTTPFlow) -> bool:
        """Whether a request is for the portal: by its own name, or by an address of the proxy itself."""
        request = flow.request
        if plain_host(request.host) == PORTAL_HOST:
            return True
        return (
            request.scheme == "http"
            and not self._connections.of(flow.client_conn).host
            and is_proxy_itself(
                request.host, request.port, names=self._services.own_names, listens_on=self._services.listens_on
            )
        )

    async def serve(self, flow: http.HTTPFlow) -> None:
        """Answer, or wait for the form that comes with the request."""
        path = flow.request.path.partition("?")[0]
        named = plain_host(flow.request.host) == PORTAL_HOST
        if named and (path == COACH_PATH or path.startswith(f"{COACH_PATH}/")) and flow.request.method in _METHODS:
            await self._coach(flow)
        else:
            agent = flow.request.headers.get("user-agent", "")
            flow.response = to_response(portal_answer(flow.request.path, self._services.portal(), agent))
            answer_at_once(flow)

    async def finish(self, flow: http.HTTPFlow) -> None:
        """A form is here, if one was waited for."""
        if flow.metadata.pop(_AWAITED, None) is None:
            return
        who = await self._visitor(flow)
        if isinstance(who, Client):
            content = flow.request.raw_content or b""
            flow.response = to_response(self._desk.take(_visit(flow, who), content))

    def cut(self, cut: BodyCut) -> None:
        """A form that is too long or too slow is no form of ours."""
        if cut.flow.metadata.pop(_AWAITED, None) is not None:
            _refuse_form(cut.flow)

    async def _coach(self, flow: http.HTTPFlow) -> None:
        who = await self._visitor(flow)
        if isinstance(who, LoginRequired):
            self._ask_login(flow)
        elif flow.request.method != "POST":
            flow.response = to_response(self._desk.show(_visit(flow, who)))
        elif (declared_length(flow.request) or 0) > MOST_FORM_BYTES:
            _refuse_form(flow)
        elif expects_body(flow.request):
            flow.metadata[_AWAITED] = True
            self._services.held.allow(self._services.gateway.snapshot.settings.examination.max_held_mib << 20)
            hold(flow, HoldTerms(MOST_FORM_BYTES, _FORM_PAUSE_SECONDS, _FORM_SECONDS))
            return
        else:
            flow.response = to_response(self._desk.take(_visit(flow, who), b""))
        answer_at_once(flow)

    async def _visitor(self, flow: http.HTTPFlow) -> Client | LoginRequired:
        """Who is there. Inside TLS, that was said when the connection was opened."""
        state = self._connections.of(flow.client_conn)
        if state.host:
            return state.login_missing or state.who
        given = flow.request.headers.get("proxy-authorization")
        return await self._services.gateway.identifier.identify(state.who.address, given)

    def _ask_login(self, flow: http.HTTPFlow) -> None:
        """A browser logs in to a proxy when it is asked, and inside TLS it cannot be: so it is sent where it can."""
        if flow.request.scheme == "https":
            location = f"http://{PORTAL_HOST}{flow.request.path}"
            flow.response = http.Response.make(307, b"", {"location": location, "cache-control": "no-store"})
        else:
            flow.response = to_response(login_required(self._services.wording))


def _visit(flow: http.HTTPFlow, who: Client) -> Visit:
    request = flow.request
    names = ("origin", "sec-fetch-site")
    headers = Headers(tuple((name, request.headers[name]) for name in names if name in request.headers))
    return Visit(client=who, scheme=request.scheme, path=request.path, headers=headers)


def _refuse_form(flow: http.HTTPFlow) -> None:
    text = b"This form is too long, or took too long.\n"
    flow.response = http.Response.make(_TOO_LARGE, text, {"content-type": "text/plain; charset=utf-8"})
    answer_at_once(flow)
