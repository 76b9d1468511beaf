"""Two scores per tier: plain sums of confirmed answers, in hundredths, with the coverage beside them."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.evidence import UNDISCLOSED, Breach, Evidence, of_tier
from lockgate.apps.rubric import Rubric, answer_names
from lockgate.apps.scores import ScorePair, TierExplanation, counted_answers, explain_tier
from lockgate.apps.vocabulary import BreachState, EvidenceState, SourceKind

_NO_BREACH = Breach()
_FOUND = Breach(state=BreachState.FOUND)


def _confirmed(answer: str) -> Evidence:
    return Evidence(answer=answer, state=EvidenceState.CONFIRMED, source="https://example.com", kind=SourceKind.VENDOR_PAGE)


def _unverified(answer: str) -> Evidence:
    return Evidence(answer=answer, state=EvidenceState.UNVERIFIED)


def _explain(rubric: Rubric, breach: Breach = _NO_BREACH, **answers: Evidence) -> TierExplanation:
    return explain_tier(rubric, {name.replace("__", "."): evidence for name, evidence in answers.items()}, breach)


def _shown(pair: ScorePair) -> tuple[str, str]:
    return pair.application.shown, pair.genai.shown


_CERTIFICATES = {"soc2": "yes", "gdpr": "yes", "iso27001": "yes"}
_CONTROLS = {"mfa": "yes", "rbac": "yes", "session_monitoring": "yes", "tls13": "yes", "sso": "yes"}
_COMPANY = {"security_reports": "both", "financial": "public_or_300m"}
_CREDIBLE = {"retention": "30d", "sharing": "none"}
_FULL_GENAI = {"iso42001": "yes", "deployment": "authenticated_rate_limited", "model_card": "own", "training": "opt_in"}

_GEMINI_CONSUMER = {**_CERTIFICATES, **_CONTROLS, **_COMPANY, "rbac": "no", "sharing": "other"}
_GEMINI_BUSINESS = {**_CERTIFICATES, **_CREDIBLE, **_CONTROLS, **_COMPANY, "rbac": "no"}
_OPENAI_PERSONAL = {**_COMPANY, **_CREDIBLE, "gdpr": "yes", "mfa": "yes"}
_OPENAI_WORK = {**_COMPANY, **_CREDIBLE, **_CONTROLS, "soc2": "yes", "gdpr": "yes", "tls13": "no"}
_ANTHROPIC_PERSONAL = {**_CERTIFICATES, **_CREDIBLE, **_COMPANY}
_ANTHROPIC_WORK = {**_ANTHROPIC_PERSONAL, **_CONTROLS}

# Every row that was published on 2025-08-26, with answers that add up to it. They show that the arithmetic can reach
# the published numbers; they are not evidence, and what is shipped as evidence is not bent to them.
_PUBLISHED = [
    ("Gemini Free", {**_GEMINI_CONSUMER, "retention": "over_90d"}, {**_FULL_GENAI, "training": "opt_out"}, "3.8", "4.0"),
    ("Gemini Pro", {**_GEMINI_CONSUMER, "retention": "over_90d"}, _FULL_GENAI, "3.8", "5.0"),
    ("Gemini Ultra", {**_GEMINI_CONSUMER, "retention": "60d"}, _FULL_GENAI, "4.1", "5.0"),
    ("Gemini Business", _GEMINI_BUSINESS, _FULL_GENAI, "4.7", "5.0"),
    ("Gemini Enterprise", _GEMINI_BUSINESS, _FULL_GENAI, "4.7", "5.0"),
    (
        "OpenAI Free",
        _OPENAI_PERSONAL,
        {"deployment": "public_unauthenticated", "model_card": "own", "training": "no_opt_out"},
        "3.3",
        "1.0",
    ),
    ("OpenAI Plus", _OPENAI_PERSONAL, {**_FULL_GENAI, "iso42001": "no", "training": "opt_out"}, "3.3", "3.0"),
    ("OpenAI Pro", _OPENAI_PERSONAL, {**_FULL_GENAI, "iso42001": "no", "training": "opt_out"}, "3.3", "3.0"),
    ("OpenAI Team", _OPENAI_WORK, {**_FULL_GENAI, "iso42001": "no", "training": "opt_out"}, "4.3", "3.0"),
    ("OpenAI Enterprise", _OPENAI_WORK, {**_FULL_GENAI, "iso42001": "no"}, "4.3", "4.0"),
    ("Anthropic Free", _ANTHROPIC_PERSONAL, _FULL_GENAI, "3.9", "5.0"),
    ("Anthropic Pro", _ANTHROPIC_PERSONAL, _FULL_GENAI, "3.9", "5.0"),
    ("Anthropic Max", _ANTHROPIC_PERSONAL, _FULL_GENAI, "3.9", "5.0"),
    ("Anthropic Team", _ANTHROPIC_WORK, _FULL_GENAI, "4.9", "5.0"),
    ("Anthropic Enterprise", _ANTHROPIC_WORK, _FULL_GENAI, "4.9", "5.0"),
]


@pytest.mark.parametrize(
    ("application", "genai", "shown"), [(a, g, (x, y)) for _, a, g, x, y in _PUBLISHED], ids=[r[0] for r in _PUBLISHED]
)
def test_published_rows_can_be_computed_exactly(
    rubric: Rubric, application: Mapping[str, str], genai: Mapping[str, str], shown: tuple[str, str]
):
    evidence = {f"app.{name}": _confirmed(answer) for name, answer in application.items()}
    evidence |= {f"genai.{name}": _confirmed(answer) for name, answer in genai.items()}
    scores = explain_tier(rubric, evidence, _NO_BREACH).confirmed
    assert _shown(scores) == shown
    assert scores.application.hundredths == int(shown[0].replace(".", "")) * 10, "exact, not by rounding"


def test_no_answer_at_all_is_not_scored_which_is_not_zero(rubric: Rubric):
    nothing = explain_tier(rubric, {}, _NO_BREACH).confirmed
    assert (nothing.application.hundredths, nothing.application.answered, nothing.application.components) == (None, 0, 12)
    assert _shown(nothing) == ("not scored", "not scored")
    poor = _explain(rubric, app__soc2=_confirmed("no"), genai__training=_confirmed("no_opt_out")).confirmed
    assert _shown(poor) == ("0.0", "0.0")
    assert (poor.genai.answered, poor.genai.components) == (1, 4)


def test_undisclosed_gives_nothing_and_is_not_an_answer(rubric: Rubric):
    scores = _explain(rubric, app__soc2=Evidence(state=EvidenceState.UNKNOWN), app__gdpr=_confirmed("yes")).confirmed
    assert (scores.application.hundredths, scores.application.answered) == (40, 1)


def test_what_is_only_believed_is_kept_apart(rubric: Rubric):
    explained = _explain(rubric, genai__training=_confirmed("opt_out"), genai__model_card=_unverified("own"))
    assert explained.confirmed.genai.hundredths == 100
    assert explained.with_unverified.genai.hundredths == 200
    assert explained.with_unverified.genai.answered == 2


def test_only_answers_that_count_are_told_and_a_breach_is_the_answer_where_it_takes_the_points(rubric: Rubric):
    evidence = {
        "app.soc2": _confirmed("yes"),
        "app.gdpr": _unverified("yes"),
        "app.sso": _confirmed("undisclosed"),
        "app.security_reports": _confirmed("both"),
    }
    assert counted_answers(rubric, evidence, _NO_BREACH) == {"soc2": "yes", "security_reports": "both"}
    assert counted_answers(rubric, evidence, _FOUND) == {"soc2": "yes", "security_reports": "breach"}
    assert counted_answers(rubric, {}, _NO_BREACH) == {}


def test_a_policy_may_ask_for_every_answer_but_none(rubric: Rubric):
    names = answer_names(rubric)
    assert len(names) == len(rubric.components)
    assert names["training"] == {"never", "opt_in", "opt_out", "no_opt_out"}
    assert "undisclosed" not in frozenset().union(*names.values())


def test_components_that_end_alike_are_called_by_all_of_their_id(rubric: Rubric):
    (first, *_), (second, *_) = rubric.application.components, rubric.genai.components
    alike = replace(rubric, genai=replace(rubric.genai, components=(replace(second, id=first.id.replace("app.", "genai.")),)))
    assert {first.id, first.id.replace("app.", "genai.")} <= answer_names(alike).keys()


def test_a_quarter_is_rounded_half_up_from_whole_hundredths(rubric: Rubric):
    scores = _explain(rubric, app__sharing=_confirmed("support_only"), app__retention=_confirmed("none")).confirmed
    assert (scores.application.hundredths, scores.application.shown) == (25, "0.3")


def test_a_breach_takes_the_points_of_the_reports_component_and_no_others(rubric: Rubric):
    answers = {"app__security_reports": _confirmed("both"), "app__soc2": _confirmed("yes")}
    assert _explain(rubric, **answers).confirmed.application.hundredths == 140
    breached = _explain(rubric, _FOUND, **answers)
    assert breached.confirmed.application.hundredths == 40
    assert breached.with_unverified.application.hundredths == 40
    assert _explain(rubric, Breach(state=BreachState.NEEDS_REVIEW), **answers).confirmed.application.hundredths == 140


def test_an_explanation_names_every_component_with_its_points_and_source(rubric: Rubric):
    explained = _explain(rubric, app__retention=_confirmed("30d"), app__sso=_unverified("yes"))
    parts = {part.component: part for part in explained.application}
    assert (len(explained.application), len(explained.genai)) == (12, 4)
    retention = parts["app.retention"]
    assert (retention.points, retention.max_points, retention.counted, retention.label) == (40, 50, True, "30 day retention")
    assert retention.evidence.source == "https://example.com"
    assert (parts["app.sso"].points, parts["app.sso"].counted) == (20, False)
    assert (parts["app.gdpr"].answer, parts["app.gdpr"].counted) == (UNDISCLOSED, False)
    assert sum(part.points for part in explained.application if part.counted) == explained.confirmed.application.hundredths


def test_a_tiers_own_answer_wins_over_what_holds_for_all():
    evidence = {
        "all": {"app.sso": _confirmed("no"), "app.mfa": _confirmed("yes")},
        "free, team": {"app.tls13": _confirmed("yes")},
        "team": {"app.sso": _confirmed("yes")},
    }
    assert of_tier(evidence, "free") == {
        "app.sso": _confirmed("no"),
        "app.mfa": _confirmed("yes"),
        "app.tls13": _confirmed("yes"),
    }
    assert of_tier(evidence, "team")["app.sso"] == _confirmed("yes")
    assert set(of_tier(evidence, "pro")) == {"app.sso", "app.mfa"}


@given(data=st.data())
def test_confirming_a_better_answer_never_lowers_a_score(rubric: Rubric, data: st.DataObject):
    """Law: one component confirmed with at least the points it gave before leaves both scores at least as high."""
    states = st.sampled_from(list(EvidenceState))
    evidence: dict[str, Evidence] = {}
    for component in rubric.components:
        answer = data.draw(st.sampled_from([answer.id for answer in component.answers]))
        if data.draw(st.booleans()):
            evidence[component.id] = Evidence(answer=answer, state=data.draw(states))
    breach = data.draw(st.sampled_from([_NO_BREACH, _FOUND]))
    before = explain_tier(rubric, evidence, breach)
    part = data.draw(st.sampled_from(before.application + before.genai))
    component = rubric.component(part.component)
    assert component is not None
    counted = part.points if part.counted else 0
    better = data.draw(st.sampled_from([answer.id for answer in component.answers if answer.points >= counted]))
    after = explain_tier(rubric, {**evidence, component.id: _confirmed(better)}, breach)
    was, now = before.confirmed, after.confirmed
    if better != UNDISCLOSED:
        assert (now.application.hundredths or 0) >= (was.application.hundredths or 0)
        assert (now.genai.hundredths or 0) >= (was.genai.hundredths or 0)
        assert now.application.answered + now.genai.answered >= was.application.answered + was.genai.answered


@given(data=st.data())
def test_scores_stay_within_the_scale_and_confirmed_is_never_above_believed(rubric: Rubric, data: st.DataObject):
    evidence = {
        component.id: Evidence(
            answer=data.draw(st.sampled_from([answer.id for answer in component.answers])),
            state=data.draw(st.sampled_from(list(EvidenceState))),
        )
        for component in rubric.components
    }
    explained = explain_tier(rubric, evidence, data.draw(st.sampled_from([_NO_BREACH, _FOUND])))
    for confirmed, believed in (
        (explained.confirmed.application, explained.with_unverified.application),
        (explained.confirmed.genai, explained.with_unverified.genai),
    ):
        assert 0 <= (confirmed.hundredths or 0) <= (believed.hundredths or 0) <= 500
        assert (confirmed.hundredths is None) == (confirmed.answered == 0)
