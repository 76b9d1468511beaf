"""A snapshot is all or nothing, rebuilt only where files changed, and tested with the policy's own cases."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lockgate.facts.problem import UsageError
from lockgate.home.mcp_file import AcceptedEntry, accept_tools
from lockgate.runtime.identities import identifier_of, identities_of
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.testing.country_database import write_database
from lockgate.testing.device_certificates import authority, device_certificate

POLICY = """
version: 1
default: allow
rules:
  - id: no-claude
    when: {app.id: claude}
    then: block
"""
CASES = """
version: 1
cases:
  - name: claude is blocked
    given: {url: "https://claude.ai/"}
    expect: {verdict: block, rule: no-claude}
"""


@pytest.fixture
def builder(home):
    (home.path / "policies" / "own.yaml").write_text(POLICY)
    home.settings_file.write_text("policy: policies/own.yaml\n")
    return SnapshotBuilder(home)


def test_a_snapshot_of_unchanged_files_is_the_same(builder):
    first = builder.build()
    second = builder.build()
    assert first.version == second.version == builder.fingerprint()
    assert first.detectors is second.detectors
    assert first.gate.library is second.gate.library


def test_a_changed_policy_rebuilds_the_policy_only(builder, home):
    first = builder.build()
    (home.path / "policies" / "own.yaml").write_text(POLICY.replace("block", "allow"))
    assert builder.fingerprint() != first.version
    second = builder.build()
    assert second.ruleset.version != first.ruleset.version
    assert second.detectors is first.detectors


def test_a_list_in_a_file_goes_live_as_a_policy_does(builder, home):
    file = home.path / "policies" / "lists" / "people.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("alice\n")
    named = POLICY.replace("when: {", "when: {user: {in: {list: people}}, ")
    (home.path / "policies" / "own.yaml").write_text(named + "lists: {people: {kind: words, file: lists/people.txt}}\n")
    first = builder.build()
    assert first.version == builder.fingerprint() == builder.build().version
    file.write_text("alice\nbob\n")
    assert builder.fingerprint() != first.version
    second = builder.build()
    assert second.ruleset.version != first.ruleset.version
    file.unlink()
    with pytest.raises(UsageError, match=r"own\.yaml:8:.*cannot read .*people\.txt"):
        builder.build()
    missing = builder.fingerprint()
    file.write_text("alice\n")
    assert builder.fingerprint() != missing
    assert builder.build().ruleset.version == first.ruleset.version


def test_a_broken_policy_refuses_the_snapshot(builder, home):
    builder.build()
    (home.path / "policies" / "own.yaml").write_text(POLICY.replace("app.id", "app.idd"))
    with pytest.raises(UsageError, match=r"app\.id"):
        builder.build()


def test_a_policy_whose_cases_fail_refuses_the_snapshot(builder, home):
    (home.path / "policies" / "cases" / "own.yaml").write_text(CASES)
    builder.build()
    (home.path / "policies" / "own.yaml").write_text(POLICY.replace("app.id: claude", "app.id: chatgpt"))
    with pytest.raises(UsageError, match="claude is blocked"):
        builder.build()


def test_a_missing_policy_is_told_with_the_setting_to_change(home):
    home.settings_file.write_text("version: 1\npolicy: policies/absent.yaml\n")
    with pytest.raises(UsageError, match=r"gateway\.yaml:2:9: policy file `.*absent\.yaml` does not exist"):
        SnapshotBuilder(home).build()


def test_an_app_of_the_home_overrides_the_shipped_one_field_by_field(builder, home):
    (home.path / "apps" / "chatgpt.yaml").write_text("id: chatgpt\nreview: {status: approved}\n")
    app = builder.build().gate.library.get("chatgpt")
    assert app.status == "approved"
    assert app.vendor == "OpenAI"


def test_a_new_app_of_the_home_adds_to_the_library(builder, home):
    text = (
        "id: in-house\nname: In-house\nvendor: Us\ncategory: chat-assistant\nhosts: {exact: [ai.corp.example]}\n"
        "samples: [{request: GET https://ai.corp.example/, operation: browse}]\n"
    )
    (home.path / "apps" / "in-house.yaml").write_text(text)
    assert builder.build().gate.library.host("ai.corp.example").app.id == "in-house"


def test_what_is_accepted_of_mcp_servers_belongs_to_it(builder, home):
    before = builder.build()
    assert before.gate.accepted_tools == {}
    tool = AcceptedEntry(digests=("0" * 32,), at=datetime(2026, 11, 27, tzinfo=UTC))
    accept_tools(home, "tools.example/mcp", {"search": tool})
    after = builder.build()
    assert after.gate.accepted_tools["tools.example/mcp"]["search"].digests == {"0" * 32}
    assert after.version != before.version
    assert after.ruleset is before.ruleset


def test_a_country_database_that_changes_is_read_anew_and_a_broken_one_refuses_the_snapshot(builder, home):
    file = write_database(home.path / "countries.mmdb", {"81.2.69.0/24": {"country": {"iso_code": "GB"}}})
    home.settings_file.write_text("policy: policies/own.yaml\nclients:\n  countries: countries.mmdb\n")
    first = builder.build()
    assert identifier_of(first).somebody("81.2.69.1").country == "GB"
    assert builder.build().whereabouts.countries is first.whereabouts.countries
    write_database(file, {"81.2.69.0/24": {"country": {"iso_code": "IE"}}, "81.2.70.0/24": {"country": {"iso_code": "FR"}}})
    assert builder.fingerprint() != first.version
    second = builder.build()
    assert identifier_of(second).somebody("81.2.69.1").country == "IE"
    assert identities_of(second) != identities_of(first)
    for breaks, says in ((lambda: file.write_bytes(b"x" * 99), "is no country database"), (file.unlink, "no such file")):
        breaks()
        with pytest.raises(UsageError) as refused:
            builder.build()
        (problem,) = refused.value.problems
        assert (problem.place.line, says in problem.problem, bool(problem.help)) == (3, True, True)


def test_the_devices_authority_is_optional_and_must_be_one(builder, home):
    assert builder.build().whereabouts.certificates is None
    file = home.certs / "devices.pem"
    file.write_bytes(authority().pem)
    assert builder.build().whereabouts.certificates is not None
    no_authority = x509.load_der_x509_certificate(device_certificate(authority())).public_bytes(Encoding.PEM)
    for content, says in ((b"", "there is no certificate"), (no_authority, "is a certificate, but not an authority's")):
        file.write_bytes(content)
        with pytest.raises(UsageError, match=says):
            builder.build()


def test_a_policy_may_name_the_networks_of_the_users_file_and_no_others(builder, home):
    (home.path / "policies" / "own.yaml").write_text(POLICY.replace("{app.id: claude}", "{source.network: branch}"))
    home.users_file.write_text("networks: [{name: branch, network: 10.1.0.0/16}]\n")
    assert builder.build()
    home.users_file.write_text("networks: [{name: brunch, network: 10.1.0.0/16}]\n")
    with pytest.raises(UsageError, match="did you mean `brunch`"):
        builder.build()


def test_a_webhook_that_could_not_sign_refuses_the_snapshot_with_its_place(builder, home):
    (home.path / "policies" / "own.yaml").write_text(POLICY.replace("then: block", "then: [{notify: security}, block]"))
    hook = "webhooks:\n  security: {url: 'https://hooks.example.com/', secret_file: webhook.secret}\n"
    home.settings_file.write_text("policy: policies/own.yaml\n" + hook)
    secret = home.path / "webhook.secret"
    for content in (None, b"short"):
        if content is not None:
            secret.write_bytes(content)
        with pytest.raises(UsageError) as refused:
            builder.build()
        assert refused.value.problems[0].place.line == 3
        assert "short" not in str(refused.value).replace("too short", "")
    secret.write_bytes(b"a secret of many characters\n")
    before = builder.build()
    secret.write_bytes(b"another secret of as many characters\n")
    assert builder.fingerprint() != before.version
    home.settings_file.write_text("policy: policies/own.yaml\n")
    with pytest.raises(UsageError, match="unknown webhook"):
        builder.build()
