"""Exchanges under a policy written in the test, with the shipped app library and the real wire formats."""

import sys
from pathlib import Path

import pytest

from lockgate.apps.formats.registry import sniff
from lockgate.gate.context import DecryptScope, GateContext
from lockgate.gate.exchange import Exchange
from lockgate.home.home import Home, built_in_data
from lockgate.home.load import load_library
from lockgate.home.tenant_controls import load_tenant_controls
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Vocabulary, compile_policy
from lockgate.testing.playbook import Playbook

sys.path.insert(0, str(Path(__file__).parent))  # where the tests find `ended` and `on_socket`

from on_socket import OnSocket

PROFILES = frozenset({"credentials", "pii", "financial"})


@pytest.fixture(scope="session")
def library():
    return load_library(Home(built_in_data()))


@pytest.fixture
def context_of(library):
    def build(policy, decrypt=DecryptScope.LIBRARY, hosts=()):
        names = library.names()
        vocabulary = Vocabulary(
            apps=frozenset(names.apps), categories=frozenset(names.categories), vendors=frozenset(names.vendors),
            tiers=frozenset(names.tiers), profiles=PROFILES,
            clients=names.clients, client_environments=names.client_environments,
            webhooks=frozenset({"security", "chat"}),
            tenant_controls=load_tenant_controls(Home(built_in_data())),
        )  # fmt: skip
        ruleset = compile_policy(parse_yaml("version: 1\n" + policy, "test.yaml"), vocabulary)
        return GateContext(
            ruleset=ruleset, library=library, sniff=sniff, decrypt=decrypt, decrypt_hosts=hosts,
            profiles=PROFILES,
        )  # fmt: skip

    return build


@pytest.fixture
def play(context_of):
    def start(policy, **how):
        return Playbook(Exchange("exchange-1", context_of(policy, **how)))

    return start


@pytest.fixture
def on_socket(context_of):
    def start(policy, url="https://api.openai.com/v1/responses", **how):
        return OnSocket(context_of(policy, **how), url)

    return start
