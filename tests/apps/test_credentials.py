"""Of a credential only its kind comes out, whatever a client sends."""

from base64 import urlsafe_b64encode
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.clients_file import ClientsFile
from lockgate.apps.credentials import CredentialKinds, prefix_of
from lockgate.facts.app import CredentialKind
from lockgate.facts.traffic import Headers, Request


def _token(**claims: str) -> str:
    return f"eyJ.{urlsafe_b64encode(orjson.dumps(claims)).rstrip(b'=').decode()}.signature"


@pytest.mark.parametrize(
    ("headers", "query", "kind"),
    [
        ({}, "", CredentialKind.NONE),
        ({"cookie": "a=b"}, "", CredentialKind.SESSION_COOKIE),
        ({"cookie": "a=b", "authorization": "Bearer sk-proj-x"}, "", CredentialKind.API_KEY),
        ({"authorization": "Bearer sk-ant-oat01-x"}, "", CredentialKind.SUBSCRIPTION),
        ({"x-api-key": "sk-ant-api03-x"}, "", CredentialKind.API_KEY),
        ({"x-api-key": "sk-ant-oat01-x"}, "", CredentialKind.SUBSCRIPTION),
        ({"api-key": "0123"}, "", CredentialKind.API_KEY),
        ({"authorization": "Bearer opaque"}, "", CredentialKind.TOKEN),
        ({"authorization": f"Bearer {_token(iss='https://auth.openai.com')}"}, "", CredentialKind.SUBSCRIPTION),
        ({"authorization": f"Bearer {_token(iss='https://login.example.com')}"}, "", CredentialKind.TOKEN),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=x, Signature=y"}, "", CredentialKind.SIGNATURE),
        ({"authorization": "DeepL-Auth-Key x"}, "", CredentialKind.API_KEY),
        ({"authorization": "0123456789"}, "", CredentialKind.API_KEY),
        ({}, "alt=sse&key=x", CredentialKind.API_KEY),
        ({}, "access_token=x", CredentialKind.TOKEN),
        ({}, "X-Amz-Signature=x", CredentialKind.SIGNATURE),
    ],
)
def test_the_kind_of_a_credential(
    shipped_clients: ClientsFile, request_to: Callable[..., Request], headers: dict[str, str], query: str, kind: CredentialKind
):
    assert CredentialKinds(shipped_clients.credentials).kind(request_to("POST", "h.example", "/", headers, query)) is kind


def test_a_prefix_is_all_that_is_told_of_a_key(request_to: Callable[..., Request]):
    asked = request_to("POST", "h.example", "/", {"authorization": "Bearer sk-ant-api03-verysecret"})
    assert prefix_of(asked, ("sk-", "sk-ant-api03-", "sk-proj-")) == "sk-ant-api03-"
    assert prefix_of(asked, ("gsk_",)) == ""
    assert prefix_of(request_to("POST", "h.example", "/", {}, "key=AIzaverysecret"), ("AIza",)) == "AIza"


@given(header=st.text(max_size=300), query=st.text(max_size=300))
def test_nothing_a_client_sends_raises(shipped_clients: ClientsFile, header: str, query: str):
    request = Request(
        method="GET", scheme="https", host="h.example", port=443, query=query, headers=Headers((("authorization", header),))
    )
    assert CredentialKinds(shipped_clients.credentials).kind(request) in CredentialKind
    assert prefix_of(request, ("sk-",)) in ("", "sk-")
