"""What two policies mean, compared: in words, and never nothing when the version differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_policies import law, policies

from lockgate.policy.comparison import compare

OLD = """
version: 1
default: allow
contact: it@example.com
lists: {banks: [bank.example]}
do_not_inspect:
  - {id: banking, when: {host.category: banks}}
rules:
  - {id: one, when: {app.id: chatgpt}, then: block}
  - {id: two, when: {app.id: claude}, then: [{tag: seen}, block], message: No.}
  - {id: three, when: {user: ada}, then: {redirect: {to: "https://a.example/"}}, mode: monitor}
exceptions:
  - {id: spared, rules: [one], when: {user: ada}, owner: Ada, reason: Her own., expires: 2027-01-31}
"""


def changes(ruleset, new, old=OLD):
    return [str(each) for each in compare(ruleset(old), ruleset(new))]


def test_spelling_and_comments_are_no_difference(ruleset):
    assert changes(ruleset, "# as before" + OLD.replace("{app.id: chatgpt}", "{app.id: {in: [chatgpt]}}")) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("default: allow", "default: block", "setting default changed: allow -> block"),
        ("contact: it@example.com\n", "", "setting contact changed: it@example.com -> (none)"),
        ("[bank.example]", "[bank.example, b.example]",
         ("setting list banks changed: within [*.bank.example, bank.example]"
         " -> within [*.b.example, *.bank.example, b.example, bank.example]")),
        ("{host.category: banks}", "{host: bank.example}",
         "do-not-inspect entry banking changed: condition: host.category any [banks] -> host in [bank.example]"),
        ("{app.id: claude}", "{app.id: some-app}", "rule two changed: condition: app.id in [claude] -> app.id in [some-app]"),
        ("[{tag: seen}, block]", "allow", "rule two changed: action: tag seen + block -> allow"),
        ('{redirect: {to: "https://a.example/"}}', "{block: {as: answer}}",
         "rule three changed: action: redirect to https://a.example/ -> block as answer"),
        (", mode: monitor", "", "rule three changed: mode: monitor -> enforce"),
        ("message: No.", "message: Never.", "rule two changed: message: No. -> Never."),
        ("2027-01-31", "2027-02-28", "exception spared changed: until: 2027-01-31 -> 2027-02-28"),
        ("version: 1\n", "version: 1\nmode: monitor\n", "setting mode changed: enforce -> monitor"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(old, new, told, ruleset):
    assert changes(ruleset, OLD.replace(old, new)) == [told]


def test_rules_that_come_go_and_move(ruleset):
    lines = OLD.splitlines()
    one = next(line for line in lines if "id: one" in line)
    three = next(line for line in lines if "id: three" in line)
    new = OLD.replace(one + "\n", "").replace(three, three + "\n" + one).replace("id: two", "id: fourth")
    assert (
        changes(ruleset, new)
        == [
            "rule two removed: condition app.id in [claude], action tag seen + block, mode enforce",
            "rule fourth added: condition app.id in [claude], action tag seen + block, mode enforce",
            "rule one moved: from place 1 to 3",
        ]
        or changes(ruleset, new)[-1] == "rule three moved: from place 3 to 2"
    )


@law
@given(data=st.data())
def test_policies_with_different_versions_are_told_to_differ(data, tools):
    first, second = (tools.compile(data.draw(policies(about_response=True))) for _ in range(2))
    assert compare(first, first) == ()
    assert bool(compare(first, second)) == (first.version != second.version) or first.rules != second.rules
