"""The names a policy may use, as known to whoever compiles it: apps, DLP profiles and so on come from data files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lockgate.facts.tenant_control import TenantControl


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """What stays true of an app whoever uses it. `country` is empty when not known, `tiers` are their ids."""

    vendor: str
    category: str
    country: str = ""
    tiers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Known names. A policy that uses any other is refused.

    `evidence` has the answers there are, by component of the rubric of the scores. `detector_profiles` says which profiles a
    detector belongs to, so that a rule on one detector runs those profiles only; a detector that is not in it is looked for
    with all profiles. `app_addresses` says where people find an app, of those that have a web address.

    What follows is for telling rules that can do nothing, and may be left out: `app_facts` by app, and `decrypts`, whether
    connections to a host are decrypted (`*.` in front of a name: to any host below it).
    """

    apps: frozenset[str] = frozenset()
    app_addresses: Mapping[str, str] = field(default_factory=dict[str, str])
    categories: frozenset[str] = frozenset()
    vendors: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    client_environments: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    evidence: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    webhooks: frozenset[str] = frozenset()
    tenant_controls: Mapping[str, TenantControl] = field(default_factory=dict[str, TenantControl])
    profiles: frozenset[str] = frozenset()
    detectors: frozenset[str] = frozenset()
    detector_profiles: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    app_facts: Mapping[str, AppFacts] = field(default_factory=dict[str, AppFacts])
    decrypts: Callable[[str], bool] | None = field(default=None, compare=False)

    def profiles_of(self, detector: str) -> frozenset[str]:
        """The profiles that have to be examined to find out about `detector`."""
        return self.detector_profiles.get(detector) or self.profiles
