"""Whose account is in use: the organisation's own, somebody else's, or nobody can tell.

Separate because it is a judgement about what an app's files and its requests show, and the only place that makes it. It must
never take a tier for a proof once the organisation has said which tenants are its own.
"""

from lockgate.facts.app import AccountKind, TierKind

_SOLD_TO_PEOPLE = frozenset({TierKind.FREE, TierKind.INDIVIDUAL})
_SOLD_TO_ORGANISATIONS = frozenset({TierKind.TEAM, TierKind.ENTERPRISE})


def account_kind(own_tenants: frozenset[str], tenant: str | None, tier: TierKind | None) -> AccountKind:
    """The kind of account. `own_tenants` are in lower case; `tier` is that of the account, None when it is not known.

    A tenant that is listed is the organisation's, and one that is not listed beside others that are is not. Without a list an
    organisation's tier is taken for its own account, because nobody has said otherwise; with one, only the tenant counts.
    """
    if tenant and own_tenants:
        return AccountKind.CORPORATE if tenant.lower() in own_tenants else AccountKind.PERSONAL
    if tier in _SOLD_TO_PEOPLE:
        return AccountKind.PERSONAL
    if tier in _SOLD_TO_ORGANISATIONS and not own_tenants:
        return AccountKind.CORPORATE
    return AccountKind.UNKNOWN
