"""Which exceptions of a policy have expired at a moment, and which soon will: told, and never a reason to refuse the policy.

Separate because it needs to know what time it is, which compiling must not: a policy that could be loaded yesterday can be
loaded today. Whoever calls says the time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lockgate.facts.problem import Problem
from lockgate.policy.exemption import Exemption
from lockgate.policy.ruleset import Ruleset

SOON = timedelta(days=14)


def expired(ruleset: Ruleset, now: datetime) -> tuple[Problem, ...]:
    """A problem for each exception that no longer holds."""
    return tuple(
        Problem(
            place=each.place,
            problem=f"exception `{each.id}` expired on {each.expires}, and {_acts_again(each)}",
            help=f"take it out, or ask {each.owner} whether it is still needed (`{each.reason}`) and set a new date",
            code="expired-exception",
        )
        for each in ruleset.exceptions
        if now >= each.until
    )


def expiring(ruleset: Ruleset, now: datetime) -> Iterator[Problem]:
    """A note for each exception that ends within 14 days."""
    for each in ruleset.exceptions:
        if now < each.until <= now + SOON:
            yield Problem(
                place=each.place,
                problem=f"exception `{each.id}` expires on {each.expires}",
                help=f"ask {each.owner} whether it is still needed: {each.reason}",
                code="exception-ends-soon",
            )


def state_of(exemption: Exemption, now: datetime) -> str:
    """`expired`, `expires soon` or `holds`."""
    if now >= exemption.until:
        return "expired"
    return "expires soon" if exemption.until <= now + SOON else "holds"


def _acts_again(each: Exemption) -> str:
    rules = ", ".join(f"`{rule}`" for rule in each.rules)
    return f"{rules} act{'' if len(each.rules) > 1 else 's'} again"
