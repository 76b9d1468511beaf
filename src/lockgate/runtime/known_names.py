"""The names a policy may use, from everything a home knows: apps, detectors, networks, tenant controls.

Separate because a snapshot keeps these parts, and a command that compiles a policy reads them once; both must know the same
names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from lockgate.apps.library import AppLibrary
from lockgate.dlp.detectors import DetectorSet
from lockgate.facts.tenant_control import TenantControl
from lockgate.home.home import Home
from lockgate.home.load import load_detectors
from lockgate.home.settings import load_settings
from lockgate.home.tenant_controls import load_tenant_controls
from lockgate.identity import UsersFile
from lockgate.policy import AppFacts, Vocabulary
from lockgate.runtime.users import load_users


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Where names come from."""

    library: AppLibrary
    detectors: DetectorSet
    users: UsersFile = field(default_factory=UsersFile)
    controls: Mapping[str, TenantControl] = field(default_factory=dict[str, TenantControl])
    webhooks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, home: Home, library: AppLibrary) -> Self:
        """From a home's files. Raises UsageError for what is wrong with them."""
        return cls(
            library=library, detectors=load_detectors(home), users=load_users(home), controls=load_tenant_controls(home),
            webhooks=frozenset(load_settings(home).webhooks),
        )  # fmt: skip

    @property
    def mark(self) -> str:
        """Changes whenever a policy could mean something else."""
        networks = sorted({entry.name for entry in self.users.networks})
        return f"{self.library.version}:{self.detectors.version}:{networks}:{sorted(self.webhooks)}:{self.controls}"

    def vocabulary(self) -> Vocabulary:
        """The names."""
        names = self.library.names()
        return Vocabulary(
            apps=frozenset(names.apps),
            app_facts={
                app.id: AppFacts(
                    vendor=app.vendor,
                    category=app.category,
                    country=app.country or "",
                    tiers=frozenset(tier.id for tier in app.tiers),
                )
                for app in self.library.apps
            },
            app_addresses={app.id: app.homepage for app in self.library.apps if app.homepage},
            categories=frozenset(names.categories),
            vendors=frozenset(names.vendors),
            tiers=frozenset(names.tiers),
            clients=names.clients,
            client_environments=names.client_environments,
            networks=frozenset(entry.name for entry in self.users.networks),
            evidence=names.evidence,
            webhooks=self.webhooks,
            tenant_controls=self.controls,
            profiles=frozenset(self.detectors.profiles),
            detectors=frozenset(self.detectors.detectors),
            detector_profiles={
                detector: frozenset(profile.id for profile in self.detectors.profiles.values() if detector in profile.least)
                for detector in self.detectors.detectors
            },
        )
