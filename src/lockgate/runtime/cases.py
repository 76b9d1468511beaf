"""Running a policy's cases against the live app library.

Separate because a case needs both a policy and a library, which know nothing of each other.
"""

from lockgate.apps.library import AppLibrary
from lockgate.facts.problem import Document, Problem
from lockgate.policy import Ruleset
from lockgate.policy.case_syntax import read_cases
from lockgate.policy.cases import CaseResult, run_cases


def case_results(
    ruleset: Ruleset, library: AppLibrary, document: Document, *, thorough: bool = False
) -> tuple[CaseResult, ...]:
    """How every case in `document` comes out. Raises UsageError when the file itself is wrong."""
    return run_cases(ruleset, library, read_cases(document), thorough=thorough)


def failed_cases(ruleset: Ruleset, library: AppLibrary, document: Document) -> tuple[Problem, ...]:
    """The cases that do not come out as expected."""
    return tuple(result.problem for result in case_results(ruleset, library, document) if result.problem is not None)
