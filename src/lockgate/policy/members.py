"""Reading functions that depend on the policy they stand in: findings of a profile, members of a set, the policy's own lists.

Separate from the table of selectors, which names them, and from `reading.py`, which knows a fact sheet and no policy.
"""

from lockgate.facts.attachment_types import is_disguised, type_of
from lockgate.facts.authorship import authors, kinds
from lockgate.facts.finding import Examination
from lockgate.policy import reading
from lockgate.policy.containment import host_test
from lockgate.policy.reading import Look, Read
from lockgate.policy.selector import Surroundings


def count(_surroundings: Surroundings, profile: str) -> Read:
    """How many findings of a profile there are."""
    return Look(frozenset({profile})).number(lambda done: sum(profile in found.profiles for found in done.findings))


def distinct(_surroundings: Surroundings, profile: str) -> Read:
    """How many different values a profile has findings of; a finding nobody can compare counts as a value of its own."""

    def counted(done: Examination) -> int:
        marks = [found.value_mark for found in done.findings if profile in found.profiles]
        return len({mark for mark in marks if mark}) + marks.count(b"")

    return Look(frozenset({profile})).number(counted)


def detector_count(surroundings: Surroundings, detector: str) -> Read:
    """How many findings of a detector there are."""
    look = Look(surroundings.vocabulary.profiles_of(detector))
    return look.number(lambda done: sum(found.detector == detector for found in done.findings))


def detector_detection_confidence(surroundings: Surroundings, detector: str) -> Read:
    """The highest detection confidence among a detector's findings."""
    look = Look(surroundings.vocabulary.profiles_of(detector))
    return look.number(
        lambda done: max((found.detection_confidence for found in done.findings if found.detector == detector), default=0)
    )


def profiles_of_detector(surroundings: Surroundings, detector: str) -> frozenset[str]:
    """What has to be examined to find out about a detector."""
    return surroundings.vocabulary.profiles_of(detector)


def highest_detection_confidence(_surroundings: Surroundings, profile: str) -> Read:
    """The highest detection confidence among a profile's findings."""
    return Look(frozenset({profile})).number(
        lambda done: max((found.detection_confidence for found in done.findings if profile in found.profiles), default=0)
    )


def has_profile(_surroundings: Surroundings, profile: str) -> Read:
    """Whether a profile has a finding."""
    return Look(frozenset({profile})).has(lambda done: any(profile in found.profiles for found in done.findings))


def has_detector(surroundings: Surroundings, detector: str) -> Read:
    """Whether a detector has a finding."""
    look = Look(surroundings.vocabulary.profiles_of(detector))
    return look.has(lambda done: any(found.detector == detector for found in done.findings))


def found_in(surroundings: Surroundings, kind: str) -> Read:
    """Findings of the profiles that enforcing rules mention; others may be there because of rules in monitor mode."""
    return Look(surroundings.examined).has(
        lambda done: any(
            found.found_in == kind and not surroundings.examined.isdisjoint(found.profiles) for found in done.findings
        )
    )


def profile_found_in(_surroundings: Surroundings, profile: str, kind: str) -> Read:
    """Whether a finding of a profile lies in text of a kind."""
    return Look(frozenset({profile})).has(
        lambda done: any(found.found_in == kind and profile in found.profiles for found in done.findings)
    )


def has_kind(_surroundings: Surroundings, kind: str) -> Read:
    """Whether there is text of a kind."""
    return reading.in_conversation(lambda conversation: kind in kinds(conversation))


def has_author(_surroundings: Surroundings, author: str) -> Read:
    """Whether somebody wrote something of what is new."""
    return reading.in_conversation(lambda conversation: author in authors(conversation))


def attachment_types(_surroundings: Surroundings, _name: str) -> Read:
    """The types of the files."""
    return reading.from_attachments(lambda files: frozenset(kind for file in files if (kind := type_of(file))) or None)


def attachment_names(_surroundings: Surroundings, _name: str) -> Read:
    """The names of the files."""
    return reading.content_of_attachments(lambda files: frozenset(file.name.lower() for file in files if file.name) or None)


def largest_attachment(_surroundings: Surroundings, _name: str) -> Read:
    """The size of the largest file that is there."""
    return reading.from_attachments(lambda files: max((file.size for file in files if file.size is not None), default=None))


def has_disguised_attachment(_surroundings: Surroundings, _name: str) -> Read:
    """Whether a file is declared to be something else."""
    return reading.from_attachments(lambda files: any(map(is_disguised, files)))


def not_plain(_surroundings: Surroundings, _name: str) -> Read:
    """Stands where only members are asked for."""
    raise TypeError("a set of a profile is asked for its members")


def examination_state(surroundings: Surroundings, _name: str) -> Read:
    """How the examination ended."""
    return Look(surroundings.examined).state


def examined(surroundings: Surroundings, _name: str) -> frozenset[str]:
    """What an examination has to have covered before its state counts."""
    return surroundings.examined


def on_list(surroundings: Surroundings, name: str) -> Read:
    """Whether the host is on one of the policy's lists."""
    holds = host_test(surroundings.lists.hosts[name])
    return lambda sheet: holds(sheet.host)


def in_group(_surroundings: Surroundings, group: str) -> Read:
    """Whether the user is in a group."""
    return lambda sheet: group in sheet.client.groups


def in_network(_surroundings: Surroundings, network: str) -> Read:
    """Whether the client is in one of the operator's own networks."""
    return lambda sheet: network in sheet.client.networks


def own_profile(_surroundings: Surroundings, profile: str) -> frozenset[str]:
    """The profile itself has to be examined."""
    return frozenset({profile})
