"""What people have acknowledged, as an exchange finds it when it begins. Immutable.

Separate from whoever keeps it up to date: an exchange is judged by what held at its beginning, whatever is said meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from lockgate.facts.acknowledgement import Acknowledgement, subject_of
from lockgate.facts.traffic import Client

type _BySubject = dict[str, tuple[Acknowledgement, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgements:
    """By subject, oldest first. `assumed` are rules that everybody counts as having acknowledged (for explain)."""

    by_subject: Mapping[str, tuple[Acknowledgement, ...]] = field(default_factory=dict[str, tuple[Acknowledgement, ...]])
    assumed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, given: Iterable[Acknowledgement]) -> Self:
        """Those that there are, in any order."""
        by_subject: _BySubject = {}
        for each in sorted(given, key=lambda each: each.at):
            by_subject[each.subject] = (*by_subject.get(each.subject, ()), each)
        return cls(by_subject=by_subject)

    def after(self, given: Acknowledgement) -> "Acknowledgements":
        """With one more, which is the latest."""
        known = (*self.by_subject.get(given.subject, ()), given)
        return Acknowledgements(by_subject={**self.by_subject, given.subject: known}, assumed=self.assumed)

    def rules(self, client: Client, app: str, at: datetime, terms: Mapping[str, str]) -> frozenset[str]:
        """The rules that let this client pass at `at` on the way to this app. `terms` says how each rule stands now."""
        if not terms:
            return self.assumed
        now = at.timestamp()
        given = self.by_subject.get(subject_of(client), ())
        return self.assumed.union(
            each.rule
            for each in given
            if each.app == app and each.until > now and not each.revoked_at and terms.get(each.rule) == each.terms
        )

    def latest(self, subject: str, rule: str, app: str) -> Acknowledgement | None:
        """The last one of a subject for a rule and an app, whatever became of it."""
        given = self.by_subject.get(subject, ())
        return next((each for each in reversed(given) if (each.rule, each.app) == (rule, app)), None)


NOTHING_ACKNOWLEDGED = Acknowledgements()
