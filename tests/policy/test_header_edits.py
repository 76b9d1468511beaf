"""What rules make of a request's headers: the first that names one decides, copies go, and a value is a safe one or none."""

from dataclasses import replace

import pytest

from lockgate.facts.device import Device, DeviceTrust
from lockgate.facts.header_change import NO_EDITS
from lockgate.facts.traffic import Client, Phase
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Walk, evaluate, header_edits, read_cases, run_cases
from lockgate.testing.builders import FakeLibrary

UUID = "11111111-2222-3333-4444-555555555555"
ADA = Client(
    address="10.0.0.7",
    user="ada",
    groups=("staff", "hr"),
    country="DE",
    device=Device(id="laptop-17", trust=DeviceTrust.HEADER),
)


@pytest.fixture
def edits(ruleset, sheet):
    """What a policy of these rules makes of a request to `host`."""

    def made(*rules, host="chatgpt.com", client=ADA, app=None):
        lines = "\n".join(f"  - {{id: r{index}, then: {then}}}" for index, then in enumerate(rules))
        compiled = ruleset(f"version: 1\ndefault: allow\nrules:\n{lines}")
        facts = sheet(Phase.REQUEST_HEADERS, host=host, client=client, **({"app": app} if app else {}))
        return header_edits(evaluate(compiled, Walk.REQUEST, facts).decision, facts)

    return made


def test_headers_are_set_and_removed_and_any_copy_goes_first(edits):
    made = edits("[{set_headers: {X-Region: eu}}, {remove_headers: [X-Debug]}]")
    assert made.added == (("X-Region", "eu"),)
    assert made.removed == ("x-region", "x-debug")
    assert made.summary == ("set:x-region", "removed:x-debug")


def test_the_first_rule_that_names_a_header_decides(edits):
    made = edits(
        "{set_headers: {X-A: first}}", "{remove_headers: x-a}", "{set_headers: {x-a: last, X-B: b}}", "{remove_headers: x-b}"
    )
    assert made.added == (("X-A", "first"), ("X-B", "b"))
    assert edits("{remove_headers: X-A}", "{set_headers: {x-a: b}}").added == ()


def test_rules_that_do_not_match_or_only_tell_change_nothing(ruleset, sheet):
    policy = """
version: 1
default: allow
rules:
  - {id: a, when: {user: bob}, then: {set_headers: {X-A: b}}}
  - {id: b, then: {set_headers: {X-A: b}}, mode: monitor}
"""
    facts = sheet(client=ADA)
    decision = evaluate(ruleset(policy), Walk.REQUEST, facts).decision
    assert header_edits(decision, facts) == NO_EDITS
    assert decision.monitored == ("b:set_headers",)


FACTS = (
    '{set_headers: {X-Who: "${user}@example", X-Groups: "${groups}", X-Device: "${device.id}", X-From: "in ${source.country}"}}'
)


def test_facts_stand_in_values(edits):
    assert dict(edits(FACTS).added) == {
        "X-Who": "ada@example", "X-Groups": "staff,hr", "X-Device": "laptop-17", "X-From": "in DE",
    }  # fmt: skip


def test_a_header_whose_fact_is_not_known_is_left_out_and_its_copy_goes_all_the_same(edits):
    made = edits(FACTS, client=Client(address="10.0.0.7"))
    assert made.added == ()
    assert made.removed == made.left_out == ("x-who", "x-groups", "x-device", "x-from")


@pytest.mark.parametrize(
    "name", ["jörg", "a\r\nX-Evil: 1", "a\nb", "a\x00", " ada", "x" * 257, "", "\udcff", "a\x7f", "\u2028"], ids=range(10)
)
def test_a_fact_that_fits_no_header_is_left_out(name, edits):
    who = replace(ADA, user=name, groups=("staff", name or ","), device=Device(id=name))
    assert [name for name, _ in edits(FACTS, client=who).added] == ["X-From"]


def test_groups_that_could_not_be_told_apart_are_left_out(edits):
    assert edits('{set_headers: {X-G: "${groups}"}}', client=replace(ADA, groups=("a,b",))).added == ()
    assert edits('{set_headers: {X-G: "${groups}"}}', client=replace(ADA, groups=("a",) * 51)).added == ()
    long = tuple(f"{number:03}" + "x" * 200 for number in range(40))
    assert edits('{set_headers: {X-G: "${groups}"}}', client=replace(ADA, groups=long)).left_out == ("x-g",)


def test_a_tenant_control_is_for_the_hosts_of_its_vendor(edits):
    rule = f"{{tenant_control: {{openai: {UUID}, anthropic: [{UUID}], microsoft-consumer: true}}}}"
    assert edits(rule).added == (("ChatGPT-Allowed-Workspace-Id", UUID),)
    assert edits(rule, host="ws.chatgpt.com").added == (("ChatGPT-Allowed-Workspace-Id", UUID),)
    claude = edits(rule, host="claude.ai")
    assert claude.added == (("anthropic-allowed-org-ids", UUID),)
    assert {"anthropic-allowed-org-ids", "anthropic-allowed-org-ids1", "anthropic-allowed-org-ids9"} <= set(claude.removed)
    assert edits(rule, host="login.live.com").added == (("sec-Restrict-Tenant-Access-Policy", "restrict-msa"),)
    for elsewhere in ("notchatgpt.com", "chatgpt.com.example", "login.microsoftonline.com"):
        assert edits(rule, host=elsewhere) == NO_EDITS


def test_a_control_with_several_values_sets_several_headers(edits):
    made = edits(
        f"{{tenant_control: {{microsoft: {{tenants: [a.example, b.example], directory: {UUID}}}}}}}", host="login.windows.net"
    )
    assert made.added == (("Restrict-Access-To-Tenants", "a.example,b.example"), ("Restrict-Access-Context", UUID))


def test_of_two_tenants_for_one_vendor_the_first_rule_decides(edits):
    made = edits("{tenant_control: {github: 7}}", "{tenant_control: {github: 8}}", host="api.github.com")
    assert made.added == (("sec-GitHub-allowed-enterprise", "7"),)


def test_an_unconfirmed_control_is_noted(ruleset):
    (note,) = ruleset("version: 1\ndefault: allow\nrules: [{id: a, then: {tenant_control: {dropbox: 1}}}]").notes
    assert "`dropbox` is not confirmed" in note.problem


def test_whoever_cannot_tell_if_a_header_belongs_does_not_let_the_request_go(ruleset, sheet, examination):
    from lockgate.facts.decision import Reason, Verdict
    from lockgate.facts.finding import ExaminationState

    policy = (
        "version: 1\ndefault: allow\nrules: [{id: a, when: {dlp.profiles: pii}, then: {tenant_control: {openai: w0000001}}}]"
    )
    facts = sheet(Phase.REQUEST_BODY, examination=examination(state=ExaminationState.TIMED_OUT))
    decision = evaluate(ruleset(policy), Walk.REQUEST, facts).decision
    assert (decision.verdict, decision.reason) == (Verdict.BLOCK, Reason.UNINSPECTABLE)


POLICY = f"""
version: 1
default: allow
rules:
  - {{id: no-uploads, when: {{operation: upload}}, then: block}}
  - id: ours
    then: [{{tenant_control: {{openai: {UUID}}}}}, {{set_headers: {{X-Who: "${{user}}"}}}}, {{remove_headers: X-Debug}}]
"""


@pytest.mark.parametrize(
    ("given", "headers", "passes"),
    [
        (
            "url: 'https://chatgpt.com/', user: ada",
            f"{{CHATGPT-allowed-workspace-id: {UUID}, x-who: ada, x-debug: null}}",
            True,
        ),
        ("url: 'https://other.example/'", "{x-who: null, x-debug: null}", True),
        ("url: 'https://other.example/'", "{}", False),
        ("url: 'https://other.example/', user: ada", "{x-who: bob, x-debug: null}", False),
        ("url: 'https://chatgpt.com/', operation: upload", "{}", True),
    ],
)
def test_a_case_says_what_is_made_of_headers(given, headers, passes, ruleset, app):
    verdict = "block" if "upload" in given else "allow"
    text = f"version: 1\ncases: [{{name: x, given: {{{given}}}, expect: {{verdict: {verdict}, headers: {headers}}}}}]"
    (result,) = run_cases(ruleset(POLICY), FakeLibrary(lambda _: app()), read_cases(parse_yaml(text, "cases.yaml")))
    assert result.passed is passes
    assert passes or "expected headers" in result.problem.problem
