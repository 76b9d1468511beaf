"""The shipped rubric adds up, and one that does not is refused."""

import pytest

from lockgate.apps.rubric import Rubric, check_rubric
from lockgate.facts.problem import UsageError
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

_COMPONENT = "{id: %s, category: c, question: q, answers: [{id: 'yes', points: %d}, {id: undisclosed, points: %d}]}"


def _rubric(application: list[str], genai: list[str]) -> str:
    return (
        "version: test\nsources: [{title: t, url: u, published: 2026-01-01}]\n"
        f"application: {{name: A, components: [{', '.join(application)}]}}\n"
        f"genai: {{name: G, components: [{', '.join(genai)}]}}\n"
    )


def _problems(text: str) -> list[str]:
    document = parse_yaml(text, "apps/rubric.yaml")
    try:
        check_rubric(document, read_as(document, Rubric))
    except UsageError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_the_shipped_rubric_has_sixteen_questions_and_known_weights(rubric: Rubric):
    weights: dict[str, int] = {}
    for component in rubric.components:
        weights[component.category] = weights.get(component.category, 0) + component.max_points
    assert len(rubric.application.components) == 12
    assert len(rubric.genai.components) == 4
    assert list(weights.values()) == [120, 100, 100, 100, 80, 100, 100, 100, 200]
    assert [component.id for component in rubric.components if component.zeroed_by_breach] == ["app.security_reports"]


def test_a_rubric_that_adds_up_is_accepted():
    assert _problems(_rubric([_COMPONENT % ("a", 500, 0)], [_COMPONENT % ("g", 500, 0)])) == []


@pytest.mark.parametrize(
    ("application", "genai", "expected"),
    [
        ([_COMPONENT % ("a", 400, 0)], [_COMPONENT % ("g", 500, 0)], "`application` adds up to 400"),
        ([_COMPONENT % ("a", 500, 0)], [_COMPONENT % ("g", 500, 10)], "lacks the answer that is worth nothing"),
        ([_COMPONENT % ("a", 500, 0)], [_COMPONENT % ("a", 500, 0)], "component `a` is given twice"),
        ([_COMPONENT % ("a", 500, -5)], [_COMPONENT % ("g", 500, 0)], "takes points away"),
    ],
)
def test_a_rubric_that_does_not_add_up_is_refused(application: list[str], genai: list[str], expected: str):
    found = _problems(_rubric(application, genai))
    assert any(expected in problem and problem.startswith("apps/rubric.yaml:") for problem in found), found
