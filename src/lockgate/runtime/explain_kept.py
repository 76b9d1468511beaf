"""Why an exchange that is over, or one that somebody makes up, would come out as it does: the same answer from other facts.

Separate from explaining a request, which has a body to read: here the facts are there already, kept with a record or written
down as a case gives them. It must never guess: what was not kept is said to be missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lockgate.apps.library import AppLibrary
from lockgate.facts.decision import Decision, Verdict
from lockgate.facts.problem import Document, Path, Place
from lockgate.facts.sheet import FactSheet
from lockgate.gate.kept_facts import Kept
from lockgate.gate.kinds import ExchangeKind
from lockgate.gate.replay import Replay
from lockgate.policy import Ruleset, run_case
from lockgate.policy.case_syntax import read_cases
from lockgate.policy.fields import is_mapping
from lockgate.runtime.explain import Explanation

_GIVEN: Path = ("cases", 0, "given")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptExplanation:
    """What a policy says of kept facts.

    `missing` is not empty when it cannot tell; then the explanation's decision is what holds if nothing more is learned.
    """

    explanation: Explanation
    missing: tuple[str, ...] = ()


def explain_kept(ruleset: Ruleset, kept: Kept) -> KeptExplanation:
    """What a policy says of an exchange that was recorded."""
    judged = Replay(ruleset).judge(kept)
    decision = judged.decision or (judged.walks[-1].decision if judged.walks else None)
    if decision is None:
        raise RuntimeError("neither decided nor walked")
    # What was known when the request was decided, and not what came after it: that is what its rules were asked over.
    sheet = judged.walks[0].sheet if judged.walks else kept.sheet
    if len(judged.walks) > 1:
        sheet = replace(sheet, response=kept.sheet.response)
    connection = _connection(kept.kind, sheet, decision)
    explanation = Explanation(connection=connection, decision=decision, sheet=sheet, refusal=None, ruleset=ruleset)
    return KeptExplanation(explanation=explanation, missing=judged.missing if judged.decision is None else ())


def explain_facts(ruleset: Ruleset, library: AppLibrary, document: Document) -> Explanation:
    """What a policy says of facts in the notation of a case's `given`, with `apps` beside them for apps that are made up.

    Raises UsageError with every problem found.
    """
    (case,) = read_cases(_as_case(document))
    result = run_case(ruleset, library, case)
    if result.sheet is None:
        raise RuntimeError("a case has facts")
    sheet = replace(result.sheet, response=case.response)
    connection = _connection(ExchangeKind.REQUEST, sheet, result.decision)
    return Explanation(connection=connection, decision=result.decision, sheet=sheet, refusal=None, ruleset=ruleset)


def _connection(kind: ExchangeKind, sheet: FactSheet, decision: Decision) -> str:
    if decision.verdict is Verdict.TUNNEL:
        return "tunnel"
    if kind is ExchangeKind.TUNNEL:
        return "refuse"
    return "plain" if sheet.request is not None and sheet.request.scheme == "http" else "intercept"


def _as_case(document: Document) -> Document:
    """The document as a file of one case, in which everything still has its place."""
    data = document.data if is_mapping(document.data) else {"facts": document.data}
    given = {key: value for key, value in data.items() if key != "apps"}
    case = {"name": "facts", "given": given, "expect": {"verdict": "allow"}}
    return Document(
        file=document.file,
        data={"version": 1, "cases": [case], **({"apps": data["apps"]} if "apps" in data else {})},
        places=_moved(document.places),
        key_places=_moved(document.key_places),
    )


def _moved(places: Mapping[Path, Place]) -> dict[Path, Place]:
    return {path if path[:1] == ("apps",) else (*_GIVEN, *path): place for path, place in places.items()}
