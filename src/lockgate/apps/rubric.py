"""The rubric of the two confidence scores as data: questions, possible answers, points.

Separate because the rubric is somebody's published method, with a version and a source, and not ours to bury in code. It must
never know an app. Points are whole hundredths, so that no binary fraction is ever added up.
"""

from collections import Counter
from dataclasses import dataclass

from lockgate.apps.evidence import UNDISCLOSED
from lockgate.facts.problem import Document, Problem, UsageError

BREACH = "breach"
"""The answer that stands for a material breach, in the component that has it."""

_CONFIG = {"extra": "forbid"}
_FULL_MARKS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleAnswer:
    """One answer and its points in hundredths."""

    __pydantic_config__ = _CONFIG
    id: str
    points: int
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One question. `zeroed_by_breach` marks the one whose points a material breach takes away."""

    __pydantic_config__ = _CONFIG
    id: str
    category: str
    question: str
    answers: tuple[PossibleAnswer, ...]
    notes: tuple[str, ...] = ()
    zeroed_by_breach: bool = False

    @property
    def max_points(self) -> int:
        """The most this component can give, in hundredths."""
        return max((answer.points for answer in self.answers), default=0)

    def answer(self, answer_id: str) -> PossibleAnswer | None:
        """The answer called `answer_id`."""
        return next((answer for answer in self.answers if answer.id == answer_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRubric:
    """One of the two scores: a name and its components."""

    __pydantic_config__ = _CONFIG
    name: str
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricSource:
    """Where the rubric was published."""

    __pydantic_config__ = _CONFIG
    title: str
    url: str
    published: str
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """Both scores. The two are shown side by side, never added."""

    __pydantic_config__ = _CONFIG
    version: str
    sources: tuple[RubricSource, ...]
    rules: tuple[str, ...] = ()
    application: ScoreRubric
    genai: ScoreRubric

    @property
    def components(self) -> tuple[Component, ...]:
        """Every component of both scores."""
        return self.application.components + self.genai.components

    def component(self, component_id: str) -> Component | None:
        """The component called `component_id`."""
        return next((component for component in self.components if component.id == component_id), None)


def short_names(rubric: Rubric) -> dict[str, str]:
    """What policies call a component, by its id: the last word of the id, or all of it where two end alike."""
    ends = Counter(component.id.rpartition(".")[2] for component in rubric.components)
    last = {component.id: component.id.rpartition(".")[2] for component in rubric.components}
    return {full: short if ends[short] == 1 else full for full, short in last.items()}


def answer_names(rubric: Rubric) -> dict[str, frozenset[str]]:
    """The answers a policy may ask for, by the short name of their component; not to have answered is not one of them."""
    names = short_names(rubric)
    return {
        names[component.id]: frozenset(answer.id for answer in component.answers if answer.id != UNDISCLOSED)
        for component in rubric.components
    }


def check_rubric(document: Document, rubric: Rubric) -> None:
    """What types alone cannot say. Raises UsageError listing every problem."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for key, part in (("application", rubric.application), ("genai", rubric.genai)):
        total = sum(component.max_points for component in part.components)
        if total != _FULL_MARKS:
            help_text = f"points are hundredths and both scores go up to {_FULL_MARKS}"
            problems.append(Problem(place=document.place((key,)), problem=f"`{key}` adds up to {total}", help=help_text))
        for index, component in enumerate(part.components):
            place = document.place((key, "components", index))
            undisclosed = component.answer(UNDISCLOSED)
            if component.id in seen:
                problems.append(Problem(place=place, problem=f"component `{component.id}` is given twice"))
            if undisclosed is None or undisclosed.points:
                help_text = f"add {{id: {UNDISCLOSED}, points: 0}}"
                problems.append(
                    Problem(place=place, problem=f"`{component.id}` lacks the answer that is worth nothing", help=help_text)
                )
            if any(answer.points < 0 for answer in component.answers):
                problems.append(Problem(place=place, problem=f"`{component.id}` takes points away"))
            seen.add(component.id)
    if problems:
        raise UsageError(*problems)
