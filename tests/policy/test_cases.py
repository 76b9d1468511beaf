"""Cases run through the live evaluation, and a case that fails says what was expected, what came and why."""

from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.facts.app import Operation
from lockgate.facts.problem import Document, UsageError
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import read_cases, run_case, run_cases
from lockgate.testing.builders import FakeLibrary

GOLDEN = sorted((Path(__file__).parent / "case_errors").glob("*.policytest"))

POLICY = """
version: 1
default: allow
do_not_inspect: [{id: banks, when: {host: {within: bank.example}}}]
rules:
  - {id: note, when: {dlp.profiles: financial}, then: block, mode: monitor}
  - {id: keep, when: {operation: upload}, then: [{capture: full}, {tag: files}]}
  - {id: by-host, when: {host: evil.example}, then: block, message: No.}
  - {id: keys, when: {operation: send_prompt, dlp.profiles: credentials}, then: {redirect: {to: "https://a.example/"}}}
  - {id: model, when: {prompt.model: gpt-3}, then: block}
  - {id: errors, when: {response.status: 500}, then: block}
  - {id: errors-seen, when: {response.status: 404}, then: block, mode: monitor}
"""


@pytest.fixture
def results(ruleset):
    def run(text, lookup=lambda _request: None):
        return run_cases(ruleset(POLICY), FakeLibrary(lookup), read_cases(parse_yaml("version: 1\n" + text, "cases.yaml")))

    return run


def case(given, expect):
    return f"cases: [{{name: it, given: {{{given}}}, expect: {{{expect}}}}}]"


APPS = "apps: {chat: {id: chat}}\n"


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("", "verdict: allow, reason: default, rule: none, examined: [financial], settled_at: request_body"),
        ("url: 'https://www.bank.example/'", "verdict: tunnel, reason: do_not_inspect, rule: banks, settled_at: connect"),
        ("url: 'https://evil.example/'", "verdict: block, rule: by-host, message: No., examined: [financial]"),
        ("findings: {financial: 2}", "verdict: allow, monitored: ['note:block']"),
        ("app: chat, operation: upload", "verdict: allow, capture: full, tags: [files]"),
        (
            "app: chat, operation: send_prompt, findings: {credentials: 1}",
            "verdict: redirect, rule: keys, redirect_to: 'https://a.example/', examined: [credentials, financial]",
        ),
        ("app: chat, operation: send_prompt, examination: crashed", "verdict: block, reason: uninspectable, rule: keys"),
        ("model: gpt-3", "verdict: block, rule: model"),
        ("response: {status: 500}", "verdict: block, rule: errors, settled_at: response_headers"),
        ("response: {status: 404}", "verdict: allow, monitored: ['errors-seen:block']"),
        ("response: {status: 200}, findings: {financial: 1}", "verdict: allow, monitored: ['note:block']"),
    ],
)
def test_a_case_that_comes_out_as_expected_passes(given, expect, results):
    (result,) = results(APPS + case(given, expect))
    assert result.differences == ()
    assert result.passed
    assert result.problem is None


@pytest.mark.parametrize(
    "expect",
    [
        "verdict: block",
        "verdict: allow, rule: keys",
        "verdict: allow, reason: rule",
        "verdict: allow, settled_at: connect",
        "verdict: allow, capture: full",
        "verdict: allow, tags: [x]",
        "verdict: allow, monitored: []",
        "verdict: allow, examined: []",
        "verdict: allow, message: x",
        "verdict: allow, redirect_to: x",
        "verdict: allow, as: answer",
    ],
)
def test_every_expectation_can_fail(expect, results):
    (result,) = results(case("findings: {financial: 1}", expect))
    assert len(result.differences) == 1


def test_a_failure_says_where_what_and_why(results):
    (result,) = results(
        APPS + case("app: chat, operation: send_prompt, findings: {credentials: 1}", "verdict: allow, rule: none")
    )
    assert str(result.problem) == (
        "cases.yaml:3:9: case `it`: expected verdict `allow`, got `redirect`; expected rule none, got `keys`\n"
        "  keys: yes (operation is send_prompt; dlp.profiles has credentials)"
    )


def test_without_a_named_app_the_library_is_asked(results, app):
    asked = []

    def lookup(request):
        asked.append((request.method, request.host, request.path, request.query, request.headers.get("x-plan")))
        return app(operation=Operation.UPLOAD)

    text = case("url: 'https://Chat.example/a?b=c', method: PUT, headers: {X-Plan: free}", "verdict: allow, tags: [files]")
    assert results(text, lookup)[0].passed
    assert asked == [("PUT", "chat.example", "/a", "b=c", "free")]


def test_an_app_of_the_file_replaces_the_librarys_and_none_is_none(results):
    def lookup(_request):
        raise AssertionError("the library was asked")

    assert results(APPS + case("app: chat", "verdict: allow"), lookup)[0].passed
    assert results(case("app: none", "verdict: allow"), lookup)[0].passed


def test_only_what_is_examined_for_is_found(results):
    (result,) = results(
        APPS + case("app: chat, operation: sign_in, findings: {credentials: 5, financial: 1}", "verdict: allow")
    )
    assert (result.examined, result.decision.monitored) == ({"financial"}, ("note:block",))


def test_one_case_can_be_run_with_other_facts(ruleset, results):
    (result,) = results(case("", "verdict: allow"))
    changed = replace(result.case, request=replace(result.case.request, host="evil.example"))
    assert not run_case(ruleset(POLICY), FakeLibrary(), changed).passed


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_every_problem_of_a_file_of_cases_is_told(file):
    text, _, expected = file.read_text().partition("----\n")
    with pytest.raises(UsageError) as error:
        read_cases(parse_yaml(text, "cases.yaml"))
    assert f"{error.value}\n" == expected


def test_a_document_of_any_shape_is_a_file_of_cases_or_a_usage_error():
    for data in (None, [], {"version": 1, "cases": [None, 3, {"given": 3}]}, {"apps": {"a": 3}}):
        with pytest.raises(UsageError):
            read_cases(Document(file="c", data=data, places={}))


TOOLS = """
version: 1
default: allow
rules:
  - {id: changed, when: {mcp.tool_changed: true}, then: block}
  - {id: files-only-read, when: {mcp.server: files.example/mcp, mcp.tool: {outside: [list, "read_*"]}}, then: block}
  - {id: no-other-servers, when: {mcp.server: {known: true}, not: {mcp.server: files.example/mcp}}, then: {tag: other}}
  - {id: no-shell, when: {agent.tools: shell}, then: block}
"""


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("url: 'https://files.example/mcp', mcp: {tool: read_one}", "verdict: allow, rule: none, tags: []"),
        ("url: 'https://files.example/mcp', mcp: {tool: [list, drop]}", "verdict: block, rule: files-only-read"),
        ("url: 'https://files.example/mcp', mcp: {method: initialize}", "verdict: allow, rule: none"),
        ("url: 'https://files.example/mcp', mcp: {tool: list, changed: true}", "verdict: block, rule: changed"),
        ("mcp: {server: 'x.example/mcp', tool: drop}", "verdict: allow, tags: [other]"),
        ("url: 'https://files.example/mcp'", "verdict: allow, tags: []"),
        ("agent_tools: [shell]", "verdict: block, rule: no-shell"),
        ("agent_tools: other", "verdict: allow"),
    ],
)
def test_a_case_says_what_is_asked_of_an_mcp_server(given, expect, ruleset):
    cases = read_cases(parse_yaml("version: 1\n" + case(given, expect), "cases.yaml"))
    (result,) = run_cases(ruleset(TOOLS), FakeLibrary(lambda _: None), cases)
    assert result.differences == ()


def test_a_call_of_a_tool_is_that_operation_of_an_app(ruleset, app):
    policy = "version: 1\ndefault: allow\nrules: [{id: a, when: {operation: tool_call}, then: block}]"
    text = "version: 1\n" + case("mcp: {tool: x}", "verdict: block")
    (result,) = run_cases(
        ruleset(policy), FakeLibrary(lambda _: app(operation=None)), read_cases(parse_yaml(text, "cases.yaml"))
    )
    assert result.differences == ()


def test_where_prompts_go_a_message_of_mcp_is_a_prompt_in_a_case_too(ruleset, app):
    policy = "version: 1\ndefault: allow\nrules: [{id: a, when: {operation: send_prompt}, then: block}]"
    text = "version: 1\n" + case("mcp: {method: tools/list}", "verdict: block")
    (result,) = run_cases(
        ruleset(policy), FakeLibrary(lambda _: app(operation=Operation.SEND_PROMPT)), read_cases(parse_yaml(text, "cases.yaml"))
    )
    assert result.differences == ()


WHEREABOUTS = """
version: 1
default: allow
rules:
  - {id: managed, when: {not: {device.enrolled: true, device.posture: {all: [disk_encrypted]}}}, then: block}
  - {id: abroad, when: {not: {source.country: [DE, AT]}, device.trust: certificate}, then: {tag: abroad}}
  - {id: guests, when: {source.network: branch, device.id: {starts_with: lap}}, then: {tag: branch}}
"""


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("user: ada", "verdict: block, rule: managed"),
        ("device: {id: x, enrolled: true}", "verdict: block"),
        ("device: {id: x, enrolled: true, posture: []}", "verdict: block"),
        ("device: {id: x, posture: [disk_encrypted]}", "verdict: block"),
        ("device: {enrolled: true, posture: disk_encrypted}", "verdict: allow, tags: []"),
        ("device: {enrolled: true, posture: [disk_encrypted, managed], trust: certificate}", "verdict: allow, tags: [abroad]"),
        ("device: {enrolled: true, posture: [disk_encrypted], trust: certificate}, country: AT", "verdict: allow, tags: []"),
        ("device: {id: lap-1, enrolled: true, posture: disk_encrypted}, network: branch", "verdict: allow, tags: [branch]"),
        ("device: {id: lap-1, enrolled: true, posture: disk_encrypted}, network: [x]", "verdict: allow, tags: []"),
    ],
)
def test_a_case_says_where_somebody_is_and_with_which_device(given, expect, ruleset):
    cases = read_cases(parse_yaml("version: 1\n" + case(given, expect), "cases.yaml"))
    (result,) = run_cases(ruleset(WHEREABOUTS), FakeLibrary(lambda _: None), cases)
    assert result.differences == ()


@pytest.mark.parametrize(
    "given", ["country: Germany", "device: {enrolled: perhaps}", "device: {trust: me}", "device: {name: x}"]
)
def test_a_case_about_no_such_device_is_refused(given):
    with pytest.raises(UsageError):
        read_cases(parse_yaml("version: 1\n" + case(given, "verdict: allow"), "cases.yaml"))


FACTS = """
version: 1
default: allow
rules:
  - {id: trained-on, when: {not: {app.evidence.training: {in: [never, opt_in]}}, app.known: true}, then: {tag: trained-on}}
  - {id: half-known, when: {app.gen_ai_score_coverage: {below: 50}}, then: {tag: half-known}}
  - {id: large, when: {request.body_bytes: {above: 1000}}, then: block}
  - {id: many-values, when: {dlp.distinct.pii: {at_least: 3}}, then: block}
  - {id: many-cards, when: {dlp.detector_count.card-number: {at_least: 4}}, then: block}
  - {id: large-answer, when: {response.body_bytes: {above: 1000}}, then: block}
"""


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("app: quiet", "verdict: allow, tags: []"),
        ("app: loud", "verdict: allow, tags: [trained-on, half-known]"),
        ("app: silent", "verdict: allow, tags: [trained-on, half-known]"),
        ("app: quiet, body_bytes: 1001", "verdict: block, rule: large, settled_at: request_headers"),
        ("app: quiet, body_bytes: {at_least: 1001}", "verdict: block, rule: large, settled_at: request_body"),
        ("app: quiet, body_bytes: {at_least: 9}", "verdict: block, rule: large, reason: uninspectable"),
        ("app: quiet, findings: {pii: {count: 9, distinct: 2}}", "verdict: allow"),
        ("app: quiet, findings: {pii: {count: 9, distinct: 3}}", "verdict: block, rule: many-values"),
        ("app: quiet, findings: {financial: {count: 4, detector: card-number}}", "verdict: block, rule: many-cards"),
        ("app: quiet, response: {body_bytes: 1001}", "verdict: block, rule: large-answer"),
        ("app: quiet, response: {media_type: text/event-stream}", "verdict: allow"),
    ],
)
def test_a_case_says_answers_sizes_and_different_values(given, expect, ruleset):
    apps = """apps:
  quiet: {gen_ai_score: 4, tier: free, evidence: {training: never}}
  loud: {gen_ai_score: 4, gen_ai_score_coverage: 49, tier: free, evidence: {training: opt_out}}
  silent: {tier: free}
"""
    cases = read_cases(parse_yaml("version: 1\n" + apps + case(given, expect), "cases.yaml"))
    (result,) = run_cases(ruleset(FACTS), FakeLibrary(lambda _: None), cases)
    assert result.differences == ()
