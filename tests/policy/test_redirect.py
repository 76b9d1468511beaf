"""Where `redirect` leads: what a policy names becomes an address when it is loaded."""

import pytest

from lockgate.facts.portal import EDUCATION_PAGE

POLICY = """
version: 1
default: allow
approved_alternative: {alternative}
rules:
  - {{id: a, when: {{port: 1}}, then: {{redirect: {target}}}}}
"""


@pytest.mark.parametrize(
    ("alternative", "target", "address"),
    [
        ("chatgpt", "{to: approved}", "https://chatgpt.com/"),
        ("https://assistant.example.com/start", "{to: approved}", "https://assistant.example.com/start"),
        ("claude", "{app: chatgpt}", "https://chatgpt.com/"),
        ("claude", "{to: education}", EDUCATION_PAGE),
        ("claude", '{to: "https://elsewhere.example.com/"}', "https://elsewhere.example.com/"),
    ],
)
def test_a_target_becomes_an_address(ruleset, alternative, target, address):
    compiled = ruleset(POLICY.format(alternative=alternative, target=target))
    assert compiled.rules[0].actions.redirect_to == address


def test_another_approved_alternative_is_another_policy(ruleset):
    one, other = (
        ruleset(POLICY.format(alternative=name, target="{to: approved}")) for name in ("chatgpt", "https://a.example/")
    )
    assert one.rules[0].canonical != other.rules[0].canonical
