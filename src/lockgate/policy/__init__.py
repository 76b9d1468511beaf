"""The policy language: selectors, operators, actions, the checker and the three-valued evaluator.

Separate because everybody who decides (the gate, explain, the console's tester, the case runner) must decide by the
same code. It must never read a file, a clock or the app library: facts come in a sheet, names in a vocabulary.
"""

from lockgate.policy.calendar import on_the_wall, parse_moment
from lockgate.policy.case_syntax import read_cases
from lockgate.policy.cases import Case, CaseResult, Library, run_case, run_cases
from lockgate.policy.compiler import compile_policy
from lockgate.policy.evaluate import Pending, Settled, Walk, do_not_inspect, evaluate
from lockgate.policy.header_edits import header_edits
from lockgate.policy.named_list import list_files
from lockgate.policy.ruleset import DoNotInspect, Mode, Rule, Ruleset
from lockgate.policy.selectors import SelectorRow, selector_reference
from lockgate.policy.vocabulary import AppFacts, Vocabulary

__all__ = [
    "AppFacts",
    "Case",
    "CaseResult",
    "DoNotInspect",
    "Library",
    "Mode",
    "Pending",
    "Rule",
    "Ruleset",
    "SelectorRow",
    "Settled",
    "Vocabulary",
    "Walk",
    "compile_policy",
    "do_not_inspect",
    "evaluate",
    "header_edits",
    "list_files",
    "on_the_wall",
    "parse_moment",
    "read_cases",
    "run_case",
    "run_cases",
    "selector_reference",
]
