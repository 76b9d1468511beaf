"""What is known of subjects beside what a policy says: which words a value can be, what follows from what, which app is whose.

Separate because it is knowledge, not logic. Each line has to hold for every exchange there can be, also for one that is only
half known: what follows is *yes* whenever that from which it follows is, and where it is *no* that is *no* too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property

from lockgate.policy.analysis.literal import ABOUT_MEMBERS, FALSE, TRUE, Literal
from lockgate.policy.analysis.region import Everything, Intervals, Members, Region, Words, inside
from lockgate.policy.operand import HostsWithin
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, Surroundings
from lockgate.policy.selectors import find_selector
from lockgate.policy.vocabulary import AppFacts

_OF_APPS = frozenset({
    "app.id", "app.vendor", "app.category", "app.country", "app.status", "app.tier", "app.tier_known", "app.application_score",
    "app.gen_ai_score", "tenant.id", "account.kind", "account.credential", "operation",
})  # fmt: skip
"""Nobody but an app of the library has these."""
_KNOWN, _DISCOVERED = "app.known", "app.discovered"
_ALWAYS_THERE = frozenset({_KNOWN, _DISCOVERED, "request.websocket"})
_COUNT, _CONFIDENCE, _FOUND_IN = "dlp.count.", "dlp.detection_confidence.", "dlp.found_in."
_PROFILES = "dlp.profiles" + ABOUT_MEMBERS
_FOUND = Intervals(((1, float("inf")),))
_COLUMNS = ("app.id", "app.vendor", "app.category", "app.country", "app.tier")
_TWO = 2
_YES_OR_NO, _YES = frozenset({TRUE, FALSE}), frozenset({TRUE})
_IS_TRUE, _IS_FALSE, _ANYTHING = Words(_YES), Words(frozenset({FALSE})), Everything()
_MOST_HOSTS = 1000
"""Of a list that is compared host by host; a longer one is only ever the same as itself."""


class Knowledge:
    """What is known where a policy stands."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self._lists = {
            name: hosts for name, hosts in surroundings.lists.hosts.items() if 0 < len(hosts.suffixes) <= _MOST_HOSTS
        }
        self._rows: dict[str, Selector | None] = {}
        self._words: dict[str, frozenset[str] | None] = {}

    @property
    def lists(self) -> Mapping[str, HostsWithin]:
        """The policy's short lists of hosts; one that is wrong has none, and is reported elsewhere."""
        return self._lists

    @property
    def apps(self) -> Mapping[str, AppFacts]:
        """What is known of each app; empty when nobody said."""
        return self.surroundings.vocabulary.app_facts

    def selector(self, subject: str) -> Selector | None:
        """The row of a subject that is a selector."""
        if subject not in self._rows:
            found = find_selector(subject) if " " not in subject else None
            self._rows[subject] = found[0] if found is not None else None
        return self._rows[subject]

    def values(self, subject: str) -> frozenset[str] | None:
        """Every word that a subject's value can be, None when there are others than a policy can name."""
        if subject not in self._words:
            self._words[subject] = self._all_words(subject)
        return self._words[subject]

    def _all_words(self, subject: str) -> frozenset[str] | None:
        row = self.selector(subject)
        if row is None:
            return None
        if row.type is ValueType.YES_NO:
            return _YES_OR_NO
        known = row.known(self.surroundings) if row.known is not None and row.type is ValueType.WORD else frozenset[str]()
        kind = type(next(iter(known), None))
        # Only an enumeration of ours is all there is: other vocabularies are what we happen to know.
        return known if issubclass(kind, Enum) and known == frozenset(kind) else None

    def always_there(self, subject: str) -> bool:
        """Whether a subject is never absent."""
        row = self.selector(subject)
        return subject in _ALWAYS_THERE or (row is not None and row.always_there)

    def follows(self, literal: Literal) -> Iterator[Literal]:
        """What holds whenever `literal` does."""
        subject, region = literal.subject, literal.region
        if not literal.holds:
            if subject in _ALWAYS_THERE and isinstance(region, Words):
                yield Literal(subject, Words(_YES_OR_NO - region.words), test=literal.test)
            return
        if isinstance(region, Words) and subject in _ALWAYS_THERE and region.words == _YES:
            if subject == _KNOWN:
                # Every app has one, so rules that share out the statuses leave nothing of it.
                yield Literal("app.status", _ANYTHING, test=literal.test)
            elif subject == _DISCOVERED:
                yield Literal(_KNOWN, _IS_FALSE, test=literal.test)
            return
        if subject in _OF_APPS:
            yield Literal(_KNOWN, _IS_TRUE, test=literal.test)
        elif subject.startswith((_COUNT, _CONFIDENCE)) and isinstance(region, Intervals) and inside(region, _FOUND):
            profile = subject.removeprefix(_COUNT).removeprefix(_CONFIDENCE)
            yield Literal(_PROFILES, Members(((profile,),)), test=literal.test)
        elif subject.startswith(_FOUND_IN) and subject.endswith(ABOUT_MEMBERS):
            profile = subject.removeprefix(_FOUND_IN).removesuffix(ABOUT_MEMBERS)
            yield Literal(_PROFILES, Members(((profile,),)), test=literal.test)

    def impossible(self, values: Mapping[str, Region], literals: Iterable[Literal]) -> tuple[Literal, ...]:
        """Literals that no app of the library fits, when it is known what apps there are."""
        if not self.apps:
            return ()
        asked = {name: region.words for name in _COLUMNS if isinstance(region := values.get(name), Words)}
        if len(asked) < _TWO:
            return ()
        none: frozenset[str] = frozenset()
        fitting = [none.union(*(self._owners[name, word] for word in words)) for name, words in asked.items()]
        if frozenset.intersection(*fitting):
            return ()
        return tuple(literal for literal in literals if literal.subject in asked and not isinstance(literal.region, Everything))

    @cached_property
    def _owners(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The apps of which a word is true."""
        owners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for app, facts in self.apps.items():
            owners["app.id", app].add(app)
            owners["app.vendor", facts.vendor].add(app)
            owners["app.category", facts.category].add(app)
            owners["app.country", facts.country].add(app)
            for tier in facts.tiers:
                owners["app.tier", tier].add(app)
        return defaultdict(frozenset, {key: frozenset(apps) for key, apps in owners.items()})
