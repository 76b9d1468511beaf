"""Headers on their way out: set once, whatever the client sent beside, before or about them."""

import pytest
from mitmproxy import http

from lockgate.facts.header_change import HeaderEdits
from lockgate.proxy.header_edits import edit_headers

EDITS = HeaderEdits(removed=("x-tenant", "x-debug"), added=(("X-Tenant", "ours"),))


@pytest.fixture
def changed():
    """The fields after the edits, of a request with these."""

    def change(*fields, version="HTTP/1.1", edits=EDITS):
        request = http.Request.make("GET", "https://app.example/")
        request.headers = http.Headers(fields)
        request.http_version = version
        edit_headers(request, edits)
        return list(request.headers.fields)

    return change


@pytest.mark.parametrize(
    "names",
    [(b"X-Tenant",), (b"x-tenant",), (b"X-TENANT", b"x-Tenant"), (b"x_tenant",), (b"X-Tenant ", b"X_Tenant")],
    ids=range(5),
)
def test_no_copy_of_the_clients_stays_in_any_spelling(names, changed):
    fields = [(b"Accept", b"*/*"), *((name, b"theirs") for name in names), (b"X-Debug", b""), (b"X-Tenants", b"kept")]
    assert changed(*fields) == [(b"Accept", b"*/*"), (b"X-Tenants", b"kept"), (b"X-Tenant", b"ours")]


@pytest.mark.parametrize(
    ("listed", "left"),
    [
        (b"X-Tenant", []),
        (b"keep-alive, x-tenant", [b"keep-alive"]),
        (b"x_tenant , close", [b"close"]),
        (b"Upgrade", [b"Upgrade"]),
    ],
)
def test_the_next_hop_is_not_told_to_drop_it(listed, left, changed):
    fields = changed((b"Connection", listed))
    assert [value for name, value in fields if name == b"Connection"] == left
    assert (b"X-Tenant", b"ours") in fields


def test_over_http2_names_are_small(changed):
    assert changed((b"x-tenant", b"theirs"), version="HTTP/2.0") == [(b"x-tenant", b"ours")]


def test_what_cannot_be_set_is_taken_out(changed):
    assert changed((b"x-tenant", b"theirs"), edits=HeaderEdits(removed=("x-tenant",), left_out=("x-tenant",))) == []
