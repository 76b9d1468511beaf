"""Hits that count only beside others: a person's record is several kinds of values near each other, not one of them.

Separate because it looks at hits, never at text. A hit may leave a profile here, and goes when no other asked for it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lockgate.dlp.hit import Hit
from lockgate.dlp.schema import Together


def only_together(hits: Sequence[Hit], rules: Mapping[str, Together]) -> tuple[Hit, ...]:
    """`hits`, in reading order, without those that a profile of `rules` asks for and that do not stand as it wants."""
    lonely: dict[int, set[str]] = {}
    for profile, rule in rules.items():
        places = [place for place, hit in enumerate(hits) if profile in hit.profiles]
        for place in set(places) - _near(hits, places, rule):
            lonely.setdefault(place, set()).add(profile)
    if not lonely:
        return tuple(hits)
    left = (_without(hit, lonely.get(place, frozenset())) for place, hit in enumerate(hits))
    return tuple(hit for hit in left if hit.profiles)


def _without(hit: Hit, profiles: set[str] | frozenset[str]) -> Hit:
    return replace(hit, profiles=tuple(name for name in hit.profiles if name not in profiles)) if profiles else hit


def _near(hits: Sequence[Hit], places: Sequence[int], rule: Together) -> set[int]:
    """Those of `places` that lie in a stretch as long as the rule allows, with as many entities as it wants."""
    found: set[int] = set()
    entities: Counter[str] = Counter()
    first = 0
    for last, place in enumerate(places):
        entities[hits[place].entity] += 1
        while hits[place].end - hits[places[first]].start > rule.within:
            entities -= Counter([hits[places[first]].entity])
            first += 1
            if first > last:
                break
        if len(entities) >= rule.entities:
            found.update(places[first : last + 1])
    return found
