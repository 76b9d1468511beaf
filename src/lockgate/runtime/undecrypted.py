"""Headers that would never be set, because the gateway does not decrypt the hosts they are for.

Separate because it takes a policy and what the settings and the app library come to, which know nothing of one another.
"""

from collections.abc import Callable

from lockgate.facts.header_change import HeaderChange
from lockgate.facts.problem import Document, Problem
from lockgate.policy import Ruleset


def undecrypted(ruleset: Ruleset, document: Document, decrypts: Callable[[str], bool]) -> tuple[Problem, ...]:
    """One note for each control of a rule and the hosts where it does nothing."""
    notes: list[Problem] = []
    for index, rule in enumerate(ruleset.rules):
        for change in rule.actions.adds:
            hosts = [host for host in change.hosts if not decrypts(host)] if isinstance(change, HeaderChange) else []
            if isinstance(change, HeaderChange) and hosts:
                names = ", ".join(f"`{host}`" for host in hosts)
                problem = f"`{change.control}` of rule `{rule.id}` does nothing at {names}: connections there are not decrypted"
                help_text = f"add to gateway.yaml: decrypt_hosts: [{', '.join(hosts)}]"
                place = document.place(("rules", index, "then"))
                notes.append(Problem(place=place, problem=problem, help=help_text, code="not-decrypted"))
    return tuple(notes)
