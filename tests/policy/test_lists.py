"""Named lists: what conditions name instead of writing it out, in the policy or in files beside it."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.facts.decision import Truth
from lockgate.facts.mcp import McpCall
from lockgate.facts.problem import Attached, UsageError
from lockgate.facts.traffic import Client
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Walk, compile_policy, evaluate, list_files
from lockgate.policy.containment import host_test, network_test
from lockgate.policy.operand import HostsWithin

HEAD = """
version: 1
default: allow
lists:
  sites: {file: lists/sites.txt}
  offices: {kind: networks, entries: [10.0.0.0/8, "2001:db8::/32"]}
  people: {kind: words, file: lists/people.txt}
  tools: {kind: words, entries: [read, "list_*"]}
  plain: [plain.example]
"""
FILES = {
    "lists/sites.txt": "# Sites.\nbad.example\n\n  *.worse.example  # all of them\n",
    "lists/people.txt": "alice\nbob\r\n#carol\nc#d\n",
}


def compiled(rules, vocabulary, files=FILES):
    attached = {name: Attached(file=f"policies/{name}", text=text) for name, text in files.items()}
    return compile_policy(replace(parse_yaml(HEAD + rules, "policies/p.yaml"), attached=attached), vocabulary)


def rule(condition):
    return f"rules: [{{id: a, description: A., when: {{{condition}}}, then: block}}]"


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ("host: {within: {list: sites}}", {"host": "x.bad.example"}, {"host": "worse.example"}),
        ("host: {within: [own.example, {list: plain}]}", {"host": "own.example"}, {"host": "bad.example"}),
        ("host.category: sites", {"host": "a.worse.example"}, {"host": "plain.example"}),
        ("host.category: plain", {"host": "plain.example"}, {"host": "bad.example"}),
        ("source.address: {within: {list: offices}}", {"address": "10.1.1.1"}, {"address": "11.1.1.1"}),
        ("source.address: {in: [{list: offices}, 192.0.2.1]}", {"address": "192.0.2.1"}, {"address": "192.0.2.2"}),
        ("user: {in: {list: people}}", {"user": "bob"}, {"user": "#carol"}),
        ("user: {in: [dave, {list: people}]}", {"user": "c#d"}, {"user": "erin"}),
        ("user: {starts_with: {list: people}}", {"user": "alice-2"}, {"user": "malice"}),
        ("user.groups: {any: {list: people}}", {"groups": ("x", "bob")}, {"groups": ("x",)}),
        ("user.groups: {none: {list: people}}", {"groups": ("x",)}, {"groups": ("x", "bob")}),
        ("mcp.tool: {outside: {list: tools}}", {"tools": ("read", "drop")}, {"tools": ("read", "list_all")}),
    ],
)
def test_a_condition_may_name_a_list(condition, yes, no, vocabulary, sheet):
    ruleset = compiled(rule(condition), vocabulary)
    assert [outcome(ruleset, sheet, facts) for facts in (yes, no)] == [Truth.YES, Truth.NO]


def outcome(ruleset, sheet, facts):
    client = Client(address=facts.get("address", "10.0.0.7"), user=facts.get("user"), groups=facts.get("groups", ()))
    mcp = McpCall(server="a.example/", tools=facts.get("tools", ()))
    decision = evaluate(ruleset, Walk.REQUEST, sheet(host=facts.get("host", "x.example"), client=client, mcp=mcp)).decision
    return decision.trace[0].truth


def test_what_a_list_says_belongs_to_the_meaning_of_a_policy_and_where_it_stands_does_not(vocabulary):
    text = rule("user: {in: {list: people}}")
    version = compiled(text, vocabulary).version
    assert compiled(text, vocabulary, FILES | {"lists/people.txt": "bob\nc#d\nalice # a comment"}).version == version
    assert compiled(text, vocabulary, FILES | {"lists/people.txt": "bob\nc#d"}).version != version


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"lists/sites.txt": "a.example\n\n https://b.example/\n"},
            "policies/lists/sites.txt:3:2: `https://b.example/` is not a host",
        ),
        ({"lists/sites.txt": "# nothing\n"}, "policies/p.yaml:5:17: the list file `policies/lists/sites.txt` has no entries"),
    ],
)
def test_a_bad_entry_is_told_at_its_line_and_an_empty_file_at_the_policys(files, message, vocabulary):
    with pytest.raises(UsageError) as error:
        compiled(rule("host.category: sites"), vocabulary, FILES | files)
    (problem,) = error.value.problems
    assert str(problem).startswith(message)


def test_a_file_that_cannot_be_read_is_told_at_the_line_that_names_it(vocabulary):
    document = parse_yaml(HEAD + rule("host.category: sites"), "p.yaml")
    attached = {name: Attached(file=name, problem=f"cannot read `{name}`: no such file") for name in list_files(document)}
    with pytest.raises(UsageError) as error:
        compile_policy(replace(document, attached=attached), vocabulary)
    assert [(problem.place.line, problem.problem) for problem in error.value.problems] == [
        (5, "cannot read `lists/sites.txt`: no such file"),
        (7, "cannot read `lists/people.txt`: no such file"),
    ]


def test_words_that_a_selector_does_not_know_are_told_where_they_stand(vocabulary):
    with pytest.raises(UsageError) as error:
        compiled(rule("app.id: {in: {list: people}}"), vocabulary, FILES | {"lists/people.txt": "chatgpt\nclaude\nclod\n"})
    assert str(error.value) == "policies/lists/people.txt:3:1: unknown app `clod`\n  did you mean `claude`?"


def test_lists_without_use_are_noted_with_how_to_use_them(vocabulary):
    notes = compiled(rule("host: {within: {list: sites}}, user: {in: {list: people}}"), vocabulary).notes
    assert [(note.place.line, note.problem) for note in notes if note.code == "unused-list"] == [
        (6, "nothing asks about the list `offices`"),
        (8, "nothing asks about the list `tools`"),
        (9, "nothing asks about the list `plain`"),
    ]


def test_files_are_named_once_and_by_whatever_shape_of_policy():
    text = "lists: {a: {file: x.txt}, b: {kind: words, file: x.txt}, c: [d], e: {file: 3}, f: {file: y.txt}}"
    assert list_files(parse_yaml(text, "p")) == ("x.txt", "y.txt")
    outside = "lists: {a: {file: ../x.txt}, b: {file: /etc/x.txt}, c: {file: a/../../x}}"
    assert list_files(parse_yaml(outside, "p")) == ()
    for other in ("[]", "lists: 3", "lists: [a]", "3"):
        assert list_files(parse_yaml(other, "p")) == ()


LABELS = st.lists(st.sampled_from(["a", "b", "ab", "example"]), min_size=1, max_size=4).map(".".join)


@given(hosts=st.lists(LABELS, max_size=20), below=st.lists(LABELS, max_size=20), host=LABELS)
def test_many_hosts_are_looked_up_as_few_are_compared(hosts, below, host):
    operand = HostsWithin(frozenset(hosts), tuple(sorted({"." + name for name in (*hosts, *below)})))
    assert host_test(operand)(host) is (host in operand.names or host.endswith(operand.suffixes))


NETWORKS = st.one_of(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), st.tuples(st.integers(2**32, 2**128 - 1), st.integers(0, 128))
).map(lambda each: ip_network((each[0], each[1]), strict=False))


@given(networks=st.lists(NETWORKS, max_size=8), at=st.integers(0, 2**32 - 1) | st.integers(2**32, 2**128 - 1), data=st.data())
def test_many_networks_are_looked_up_as_few_are_compared(networks, at, data):
    ends = [each[0] for each in networks] + [each[-1] for each in networks]
    address = data.draw(st.sampled_from([ip_address(at), *ends]))
    assert network_test(tuple(networks))(address) is any(address in network for network in networks)
