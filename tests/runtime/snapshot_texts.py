"""A policy, a stricter one, and cases that hold of both."""

POLICY = """
version: 1
default: allow
rules:
  - id: no-claude
    when: {app.id: claude}
    then: block
"""
STRICTER = POLICY.replace("{app.id: claude}", "{app.id: [claude, chatgpt]}")
CASES = """
version: 1
cases:
  - name: claude is blocked
    given: {url: "https://claude.ai/"}
    expect: {verdict: block, rule: no-claude}
"""
