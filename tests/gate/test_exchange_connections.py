"""Connections: which are decrypted, which pass or are refused as they are, and what is recorded of them."""

import pytest
from ended import ALLOW_ALL, NO_SECRETS, record_of

from lockgate.facts.decision import Reason, Verdict
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Intercept, Refuse, Tunnel
from lockgate.testing.builders import connecting, head


def test_a_host_outside_the_library_passes_undecrypted_and_is_recorded(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> connecting("www.example.org") << Tunnel()
        record = record_of(exchange)
    assert (record.kind, record.verdict, record.reason) == ("tunnel", Verdict.TUNNEL, Reason.NOT_IN_LIBRARY)
    assert (record.host, record.method, record.request_bytes, record.response_bytes) == ("www.example.org", "CONNECT", 10, 20)


def test_a_host_of_the_library_is_decrypted(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> connecting("api.openai.com") << Intercept()


def test_a_host_with_nothing_worth_decrypting_for_passes_as_any_other(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> connecting("slack.com") << Tunnel()
        assert record_of(exchange).app == ""


def test_the_name_in_the_client_hello_counts_not_the_one_in_the_connect(play):
    with play(ALLOW_ALL) as exchange:
        exchange >> connecting("203.0.113.5") << Tunnel() >> connecting("203.0.113.5", sni="chatgpt.com") << Intercept()


def test_do_not_inspect_comes_before_everything(play):
    policy = """
default: block
do_not_inspect:
  - {id: banking, when: {host: {within: [openai.com]}}}
rules: []
"""
    with play(policy) as exchange:
        exchange >> connecting("api.openai.com") << Tunnel()
        record = record_of(exchange)
    assert (record.reason, record.rule) == (Reason.DO_NOT_INSPECT, "banking")


@pytest.mark.parametrize("when", ["host: chatgpt.com", "user.groups: {none: [staff]}", "source.address: 198.51.100.7"])
def test_a_rule_that_stops_a_connection_to_an_app_is_told_inside_it(play, when):
    """A refused CONNECT shows people their browser's own error; nobody is contacted before the request is decided."""
    policy = f"default: allow\nrules:\n  - {{id: no, when: {{{when}}}, then: block}}\n"
    with play(policy) as exchange:
        exchange >> connecting("chatgpt.com") << Intercept()
    with play(policy) as exchange:
        exchange >> head("GET", "https://chatgpt.com/", has_body=False) << Refuse
        record = record_of(exchange)
    assert (record.verdict, record.rule, record.app) == (Verdict.BLOCK, "no", "chatgpt")


def test_a_blocked_host_that_stays_encrypted_is_refused_at_connect(play):
    policy = "default: allow\nrules:\n  - {id: no, when: {host: www.example.org}, then: block}\n"
    with play(policy) as exchange:
        exchange >> connecting("www.example.org") << Refuse
        record = record_of(exchange)
    assert (record.verdict, record.rule) == (Verdict.BLOCK, "no")


def test_the_record_of_a_tunnel_names_the_app_of_its_host(play):
    policy = "default: allow\ndo_not_inspect:\n  - {id: quiet, when: {host: api.openai.com}}\nrules: []\n"
    with play(policy) as exchange:
        exchange >> connecting("api.openai.com") << Tunnel()
        record = record_of(exchange)
    assert (record.kind, record.app, record.operation) == ("tunnel", "openai-api", "")


def test_a_rule_about_unknown_hosts_holds_for_what_is_not_decrypted(play):
    policy = "default: allow\nrules:\n  - {id: only-known, when: {app.known: false}, then: block}\n"
    with play(policy) as exchange:
        exchange >> connecting("www.example.org") << Refuse


@pytest.mark.parametrize(
    "policy",
    [
        "default: block\nrules: []\n",
        NO_SECRETS + "  - {id: never, when: {host: www.example.org}, then: block}\n",
    ],
)
def test_what_stays_encrypted_is_decided_at_once_not_left_pending(play, policy):
    """A rule that would need content above a block by host must not turn that block into a tunnel."""
    with play(policy) as exchange:
        exchange >> connecting("www.example.org") << Refuse


@pytest.mark.parametrize(
    ("scope", "hosts", "host", "effect"),
    [
        (DecryptScope.ALL, (), "www.example.org", Intercept()),
        (DecryptScope.LISTED, ("example.org",), "www.example.org", Intercept()),
        (DecryptScope.LISTED, ("example.org",), "badexample.org", Tunnel()),
        (DecryptScope.LISTED, ("example.org",), "api.openai.com", Tunnel()),
    ],
)
def test_the_decrypt_setting(play, scope, hosts, host, effect):
    with play(ALLOW_ALL, decrypt=scope, hosts=hosts) as exchange:
        exchange >> connecting(host) << effect
