"""Selectors of what somebody did before: read from counts, of this app or of all, and the same however often they are asked."""

import pytest

from lockgate.facts.decision import Truth
from lockgate.facts.traffic import Client, Phase
from lockgate.facts.usage import Measure
from lockgate.policy import Pending, Walk, evaluate
from lockgate.policy.subjects.history import asks_for_meetings, history_wanted

RULE = "version: 1\ndefault: allow\nrules:\n  - {id: a, when: {%s}, then: block}\n"


class Counted:
    def __init__(self, amount=0, first=False):
        self.amount, self.first, self.asked = amount, first, []

    def used(self, key, seconds):
        self.asked.append((*key, seconds))
        return self.amount

    def free_after(self, _key, _seconds, _most):
        return 0

    def first_use(self, subject, app):
        self.asked.append((subject, app))
        return self.first


def truth(ruleset, condition, known):
    outcome = evaluate(ruleset(RULE % condition), Walk.REQUEST, known)
    decision = outcome.standing if isinstance(outcome, Pending) else outcome.decision
    return decision.trace[0].truth


@pytest.mark.parametrize(("condition", "asked"), [
    ("history.prompts.1h: {above: 39}", ("app:chatgpt", "user:alice", "prompts", 60, 3600)),
    ("history.requests.10m: {above: 39}", ("app:chatgpt", "user:alice", "requests", 10, 600)),
    ("history.bytes.7d: {above: 39}", ("app:chatgpt", "user:alice", "bytes", 7200, 604_800)),
    ("history.blocked.36h: {above: 39}", ("app:chatgpt", "user:alice", "blocked", 7200, 129_600)),
    ("history.all_apps.prompts.30d: {above: 39}", ("apps", "user:alice", "prompts", 21_600, 2_592_000)),
])  # fmt: skip
def test_which_counter_is_read(ruleset, sheet, condition, asked):
    usage = Counted(40)
    assert truth(ruleset, condition, sheet(usage=usage)) is Truth.YES
    assert set(usage.asked) == {asked}
    assert truth(ruleset, condition, sheet(usage=Counted(39))) is Truth.NO


def test_first_use_is_of_a_user_and_an_app(ruleset, sheet):
    usage = Counted(first=True)
    assert truth(ruleset, "history.first_use: true", sheet(usage=usage)) is Truth.YES
    assert set(usage.asked) == {("user:alice", "chatgpt")}
    somebody = Client(address="10.0.0.7")
    assert truth(ruleset, "history.first_use: true", sheet(usage=usage, client=somebody)) is Truth.YES
    assert usage.asked[-1] == ("address:10.0.0.7", "chatgpt")


@pytest.mark.parametrize("condition", ["history.first_use: true", "history.prompts.1h: {above: 0}"])
def test_before_the_app_is_known_it_waits_outside_the_library_it_is_absent_and_without_counts_nobody_knows(
    ruleset, sheet, condition
):
    usage = Counted(5, first=True)
    assert truth(ruleset, condition, sheet(Phase.CONNECT, usage=usage)) is Truth.PENDING
    assert truth(ruleset, condition, sheet(usage=usage, app=None)) is Truth.NO
    assert truth(ruleset, condition, sheet(usage=None)) is Truth.PENDING


def test_only_what_rules_ask_about_is_counted(ruleset):
    selectors = ruleset(RULE % "history.prompts.1h: {above: 1}, history.all_apps.bytes.30d: {above: 1}").selectors
    assert set(history_wanted(selectors)) == {(Measure.PROMPTS, False, 60), (Measure.BYTES, True, 21_600)}
    assert not asks_for_meetings(selectors)
    assert asks_for_meetings(ruleset(RULE % "history.first_use: true").selectors)
    assert history_wanted(ruleset(RULE % "user: alice").selectors) == ()
