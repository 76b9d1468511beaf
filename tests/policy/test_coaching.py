"""What `coach` means to a walk: it ends for whoever has not acknowledged, and only counts for whoever has."""

import pytest

from lockgate.facts.coaching import Ask, Coaching, spoken
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.finding import Examination, ExaminationState
from lockgate.policy import Settled, Walk, evaluate

POLICY = """
version: 1
default: allow
rules:
  - {{id: read, message: Read this., when: {{port: 443}}, then: [{{tag: coached}}, {{coach: {coach}}}]}}
  - {{id: stop, when: {{user: bob}}, then: block}}
"""


def decide(compiled, sheet):
    outcome = evaluate(compiled, Walk.REQUEST, sheet)
    assert isinstance(outcome, Settled)
    return outcome.decision


@pytest.fixture
def coached(ruleset):
    return lambda coach="{}": ruleset(POLICY.format(coach=coach))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{}", Coaching()),
        ("{for: 30m}", Coaching(seconds=1800)),
        ("{ask: justify}", Coaching(ask=Ask.JUSTIFY, at_least=20)),
        ("{ask: justify, at_least: 0}", Coaching(ask=Ask.JUSTIFY)),
        ("{ask: justify, choices: [Work, Other]}", Coaching(ask=Ask.JUSTIFY, choices=("Work", "Other"))),
        ("{ask: justify, choices: [Work], at_least: 5}", Coaching(ask=Ask.JUSTIFY, choices=("Work",), at_least=5)),
        ("{as: error, for: 90d}", Coaching(seconds=90 * 86_400, as_answer=False)),
    ],
)
def test_what_is_asked(coached, sheet, written, meant):
    decision = decide(coached(written), sheet())
    assert (decision.verdict, decision.coaching) == (Verdict.COACH, meant)


def test_the_bare_word_asks_to_acknowledge(ruleset, sheet):
    compiled = ruleset("version: 1\ndefault: allow\nrules: [{id: a, message: Hm., then: coach}]\n")
    assert decide(compiled, sheet()).coaching == Coaching()


@pytest.mark.parametrize(
    ("ask", "reason"),
    [("acknowledge", Reason.ACKNOWLEDGEMENT_REQUIRED), ("justify", Reason.JUSTIFICATION_REQUIRED)],
)
def test_the_person_is_told_why(coached, sheet, ask, reason):
    decision = decide(coached(f"{{ask: {ask}}}"), sheet())
    assert (decision.rule, decision.message, decision.reason) == ("read", "Read this.", reason)
    assert decision.acknowledged == ()


def test_who_acknowledged_goes_on_and_the_rules_below_count(coached, sheet):
    known = {"acknowledged": frozenset({"read"})}
    passed = decide(coached(), sheet(**known))
    assert (passed.verdict, passed.reason, passed.acknowledged) == (Verdict.ALLOW, Reason.DEFAULT, ("read",))
    assert passed.tags == ("coached",)


def test_an_acknowledged_rule_does_not_hide_a_block_below(coached, sheet):
    from lockgate.facts.traffic import Client

    bob = Client(address="192.0.2.1", user="bob")
    stopped = decide(coached(), sheet(client=bob, acknowledged=frozenset({"read"})))
    assert (stopped.verdict, stopped.rule, stopped.acknowledged) == (Verdict.BLOCK, "stop", ("read",))


def test_acknowledging_another_rule_is_nothing(coached, sheet):
    assert decide(coached(), sheet(acknowledged=frozenset({"stop"}))).verdict is Verdict.COACH


def test_every_rule_that_was_acknowledged_is_named(ruleset, sheet):
    compiled = ruleset("""
version: 1
default: allow
rules:
  - {id: read, message: Read this., then: coach}
  - {id: think, message: Think first., when: {app.known: true}, then: {coach: {ask: justify}}}
""")
    both = frozenset({"read", "think"})
    assert decide(compiled, sheet(acknowledged=both)).acknowledged == ("read", "think")
    assert decide(compiled, sheet(acknowledged=both - {"think"})).rule == "think"


def test_in_monitor_mode_it_only_tells_what_it_would_have_done(ruleset, sheet):
    compiled = ruleset(POLICY.format(coach="{}").replace("id: read,", "id: read, mode: monitor,"))
    assert decide(compiled, sheet()).monitored == ("read:coach",)
    assert decide(compiled, sheet(acknowledged=frozenset({"read"}))).monitored == ("read:tag",)
    assert decide(compiled, sheet()).verdict is Verdict.ALLOW


@pytest.mark.parametrize("acknowledged", [frozenset(), frozenset({"read"})])
def test_a_doubt_stops_as_it_does_for_a_block_unless_it_was_acknowledged(ruleset, sheet, acknowledged):
    compiled = ruleset("""
version: 1
default: allow
rules:
  - {id: read, message: Read this., when: {dlp.profiles: pii}, then: coach}
""")
    unseen = Examination(state=ExaminationState.TIMED_OUT, profiles=frozenset({"pii"}))
    decision = decide(compiled, sheet(examination=unseen, acknowledged=acknowledged))
    assert decision.verdict is (Verdict.ALLOW if acknowledged else Verdict.BLOCK)
    assert decision.coaching is None


def test_terms_change_with_everything_a_person_could_have_read_or_meant(ruleset):
    def terms(**changes):
        said = {"message": "Read this.", "port": "443", "coach": "{}"} | changes
        compiled = ruleset(
            "version: 1\ndefault: allow\nrules:\n"
            f"  - {{id: read, message: {said['message']}, when: {{port: {said['port']}}}, then: {{coach: {said['coach']}}}}}\n"
        )
        return compiled.coached["read"]

    assert terms() == terms()
    assert len({terms(), terms(message="Other."), terms(port="80"), terms(coach="{for: 1h}"), terms(coach="{as: answer}")}) == 5


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (0.2, "1 second"), (59, "59 seconds"), (60, "1 minute"), (90, "90 seconds"), (3600, "1 hour"),
     (5400, "90 minutes"), (28_800, "8 hours"), (28_799, "8 hours"), (86_400, "1 day"), (432_000, "5 days")],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds, said):
    assert spoken(seconds) == said


def test_a_rule_that_says_nothing_and_one_that_stops_tunnels_are_worth_a_note(ruleset):
    compiled = ruleset("version: 1\ndefault: allow\nrules: [{id: a, when: {host: a.example}, then: coach}]\n")
    assert [note.problem for note in compiled.notes] == [
        "`a` also stops connections that stay encrypted, and a browser shows nobody why there",
        "`a` asks people to acknowledge something and does not say what",
    ]
