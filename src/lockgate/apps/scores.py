"""From evidence to the two confidence scores of a tier, and to the reasons for each.

Separate from the evidence so that the same answers can be scored by another rubric. It must never guess: only a confirmed
answer gives points to the score that is shown; what is merely believed is kept apart in `with_unverified`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lockgate.apps.evidence import UNDISCLOSED, Breach, Evidence
from lockgate.apps.rubric import BREACH, Component, Rubric, ScoreRubric, short_names
from lockgate.apps.vocabulary import BreachState, EvidenceState
from lockgate.facts.app import ConfidenceScore

_NOTHING = Evidence(state=EvidenceState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePair:
    """Both confidence scores of one tier. They are never added or averaged."""

    application: ConfidenceScore
    genai: ConfidenceScore


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentExplanation:
    """How one component came out, in hundredths. `counted` is whether its points are in the score that is shown."""

    component: str
    category: str
    question: str
    answer: str
    label: str
    points: int
    max_points: int
    counted: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class TierExplanation:
    """Everything behind the scores of one tier. `with_unverified` adds what is believed but was not read; for planning only."""

    confirmed: ScorePair
    with_unverified: ScorePair
    application: tuple[ComponentExplanation, ...]
    genai: tuple[ComponentExplanation, ...]
    breach: Breach


def score_tier(rubric: Rubric, evidence: Mapping[str, Evidence], breach: Breach) -> ScorePair:
    """The scores of one tier that are shown: what was confirmed, and nothing else."""
    return _scores(rubric, evidence, breach, unverified=False)


def explain_tier(rubric: Rubric, evidence: Mapping[str, Evidence], breach: Breach) -> TierExplanation:
    """Score one tier. A component without evidence is unknown; an answer the rubric does not know gives nothing."""
    return TierExplanation(
        confirmed=score_tier(rubric, evidence, breach),
        with_unverified=_scores(rubric, evidence, breach, unverified=True),
        application=_explained(rubric.application, evidence, breach),
        genai=_explained(rubric.genai, evidence, breach),
        breach=breach,
    )


def counted_answers(rubric: Rubric, evidence: Mapping[str, Evidence], breach: Breach) -> dict[str, str]:
    """The answers that count in the scores of one tier, by the short name of their component.

    Where a breach takes the points away, the answer is the one the rubric has for that, whatever else was found out.
    """
    names, counted = short_names(rubric), dict[str, str]()
    for component in rubric.components:
        answer = evidence.get(component.id, _NOTHING)
        if _is_zeroed(component, breach) and component.answer(BREACH) is not None:
            counted[names[component.id]] = BREACH
        elif _counted(component, answer, breach, unverified=False) and component.answer(answer.answer) is not None:
            counted[names[component.id]] = answer.answer
    return counted


def _scores(rubric: Rubric, evidence: Mapping[str, Evidence], breach: Breach, *, unverified: bool) -> ScorePair:
    return ScorePair(
        application=_sum(rubric.application, evidence, breach, unverified=unverified),
        genai=_sum(rubric.genai, evidence, breach, unverified=unverified),
    )


def _sum(rubric: ScoreRubric, evidence: Mapping[str, Evidence], breach: Breach, *, unverified: bool) -> ConfidenceScore:
    """The points of what was answered; no answer at all is not scored, which is not 0."""
    points = [
        _points(component, answer, breach)
        for component in rubric.components
        if _counted(component, answer := evidence.get(component.id, _NOTHING), breach, unverified=unverified)
    ]
    return ConfidenceScore(hundredths=sum(points) if points else None, answered=len(points), components=len(rubric.components))


def _explained(rubric: ScoreRubric, evidence: Mapping[str, Evidence], breach: Breach) -> tuple[ComponentExplanation, ...]:
    return tuple(_component(component, evidence.get(component.id, _NOTHING), breach) for component in rubric.components)


def _component(component: Component, evidence: Evidence, breach: Breach) -> ComponentExplanation:
    answer = component.answer(evidence.answer)
    return ComponentExplanation(
        component=component.id,
        category=component.category,
        question=component.question,
        answer=evidence.answer,
        label=(answer.label or answer.id) if answer else evidence.answer,
        points=_points(component, evidence, breach),
        max_points=component.max_points,
        counted=_counted(component, evidence, breach, unverified=False),
        evidence=evidence,
    )


def _points(component: Component, evidence: Evidence, breach: Breach) -> int:
    answer = component.answer(evidence.answer)
    return 0 if answer is None or _is_zeroed(component, breach) else answer.points


def _counted(component: Component, evidence: Evidence, breach: Breach, *, unverified: bool) -> bool:
    """Whether the component is in a score: it was answered well enough, or a breach decides it."""
    if _is_zeroed(component, breach):
        return True
    if evidence.answer == UNDISCLOSED:
        return False
    return evidence.state is EvidenceState.CONFIRMED or (unverified and evidence.state is EvidenceState.UNVERIFIED)


def _is_zeroed(component: Component, breach: Breach) -> bool:
    return component.zeroed_by_breach and breach.state is BreachState.FOUND
