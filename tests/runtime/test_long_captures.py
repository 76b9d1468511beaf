"""A rule that would keep text for longer than any record is kept is told before anybody relies on it."""

from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Vocabulary, compile_policy
from lockgate.runtime.long_captures import long_captures

POLICY = """
version: 1
default: allow
rules:
  - {id: short, when: {port: 1}, then: {capture: {level: full, retention_days: 30}}}
  - {id: long, when: {port: 2}, then: {capture: {level: masked, retention_days: 31}}}
"""


def test_it_is_noted_at_its_rule():
    document = parse_yaml(POLICY, "policy.yaml")
    (note,) = long_captures(compile_policy(document, Vocabulary()), document, 30)
    assert note.place.line == 6
    assert "`long` keeps text for 31 days, and records go after 30" in note.problem
    assert long_captures(compile_policy(document, Vocabulary()), document, 31) == ()
