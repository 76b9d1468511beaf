"""What we must not inherit from mitmproxy, asserted against the one that is installed."""

import asyncio
import importlib.metadata
import inspect

import pytest
from mitmproxy import certs, options
from mitmproxy.proxy import mode_servers, server

from lockgate.facts.problem import UsageError
from lockgate.proxy.master import FORBIDDEN_OPTIONS, refuse_unsafe_options


def test_the_version_is_one_without_the_compromised_ca():
    """12.3.0 and 12.3.1 embed the private key of a compromised public CA."""
    assert importlib.metadata.version("mitmproxy").startswith("12.2.")
    assert "emudhra" not in inspect.getsource(certs).lower()
    assert not set(FORBIDDEN_OPTIONS) & set(options.Options().keys())


@pytest.mark.parametrize("name", FORBIDDEN_OPTIONS)
def test_a_mitmproxy_that_could_sign_with_it_is_refused(name):
    unsafe = options.Options()
    unsafe.add_option(name, typespec=bool, default=False, help="")
    with pytest.raises(UsageError, match=name):
        refuse_unsafe_options(unsafe)


@pytest.mark.parametrize(
    ("name", "value"), [("ssl_insecure", True), ("ignore_hosts", ["example"]), ("allow_hosts", ["example"])]
)
def test_options_that_let_traffic_past_the_gate_are_refused(name, value):
    unsafe = options.Options()
    unsafe.update(**{name: value})
    with pytest.raises(UsageError, match=name):
        refuse_unsafe_options(unsafe)


def test_streaming_before_the_verdict_is_refused():
    unsafe = options.Options()
    unsafe.add_option("stream_large_bodies", typespec=str, default="1m", help="")
    with pytest.raises(UsageError, match="stream_large_bodies"):
        refuse_unsafe_options(unsafe)


def test_ordinary_options_are_fine():
    refuse_unsafe_options(options.Options())


def test_leaf_certificates_stay_below_what_browsers_accept():
    assert certs.CERT_EXPIRY.days < 200


def test_the_private_interfaces_we_stand_on_are_there():
    """A change of these in mitmproxy has to be looked at, not discovered in traffic."""
    assert list(inspect.signature(mode_servers.ProxyConnectionHandler.__init__).parameters) == [
        "self", "master", "r", "w", "options", "mode",
    ]  # fmt: skip
    assert "await self.handle_hook(server_hooks.ClientConnectedHook(self.client))" in inspect.getsource(
        server.ConnectionHandler.handle_client
    )
    assert "asyncio.open_connection" in inspect.getsource(server.ConnectionHandler.open_connection)
    assert asyncio.BaseEventLoop._ensure_resolved is not None
