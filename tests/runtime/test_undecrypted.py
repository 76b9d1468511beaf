"""A control for hosts that stay encrypted is told before anybody relies on it."""

import pytest

from lockgate.home.load import load_library
from lockgate.home.settings import Decrypt, Settings
from lockgate.home.tenant_controls import load_tenant_controls
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Vocabulary, compile_policy
from lockgate.runtime.policy_review import decrypts
from lockgate.runtime.undecrypted import undecrypted

POLICY = """
version: 1
default: allow
rules:
  - id: ours
    then:
      - tenant_control: {openai: w-000000001, microsoft-consumer: true}
      - set_headers: {X-A: b}
"""


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        ({}, ["login.live.com"]), ({"decrypt_hosts": ("live.com",)}, []), ({"decrypt": Decrypt.ALL}, []),
        ({"decrypt": Decrypt.LISTED, "decrypt_hosts": ("login.live.com",)}, ["chatgpt.com"]),
    ],
    ids=["library", "library and hosts", "all", "listed"],
)  # fmt: skip
def test_it_is_noted_with_the_setting_that_helps(home, settings, hosts):
    document = parse_yaml(POLICY, "policy.yaml")
    ruleset = compile_policy(document, Vocabulary(tenant_controls=load_tenant_controls(home)))
    notes = undecrypted(ruleset, document, decrypts(Settings(**settings), load_library(home)))
    assert [note.help for note in notes] == [f"add to gateway.yaml: decrypt_hosts: [{host}]" for host in hosts]
    assert all(note.place.line == 7 and note.code for note in notes)
    assert all(f"does nothing at `{host}`" in note.problem for note, host in zip(notes, hosts, strict=True))
