"""Selectors of what was found in the content, and of how far anybody could look.

Separate because only these make detectors run: each says for which profiles.
"""

from lockgate.facts.finding import ExaminationState, TextKind
from lockgate.facts.traffic import Phase
from lockgate.policy import members
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import DETECTOR, DLP_PROFILE, Selector, words

_BODY = Phase.REQUEST_BODY
DLP: tuple[Selector, ...] = (
    Selector(
        name="examination.state", type=ValueType.WORD, phase=_BODY, what="examination state", profiles=members.examined,
        known=words(frozenset(ExaminationState)), read=members.examination_state, doc="how far the content could be looked at",
    ),
    Selector(
        name="dlp.profiles", type=ValueType.NAMES, phase=_BODY, what="DLP profile", known=lambda s: s.vocabulary.profiles,
        read=members.has_profile, profiles=members.own_profile,
        doc="the DLP profiles with at least one finding in what is being sent",
    ),
    Selector(
        name="dlp.detectors", type=ValueType.NAMES, phase=_BODY, what="detector", known=lambda s: s.vocabulary.detectors,
        read=members.has_detector, profiles=members.profiles_of_detector,
        doc="the detectors with at least one finding",
    ),
    Selector(
        name="dlp.found_in", type=ValueType.NAMES, phase=_BODY, what="kind of text", known=words(frozenset(TextKind)),
        read=members.found_in, profiles=members.examined,
        doc="the kinds of text in which a finding lies, of any profile rules enforce",
    ),
    Selector(
        name="dlp.found_in.<profile>", family=DLP_PROFILE, type=ValueType.NAMES, phase=_BODY,
        what="kind of text", known=words(frozenset(TextKind)), read=members.not_plain, read_member=members.profile_found_in,
        profiles=members.own_profile,
        doc="the kinds of text in which a finding of that DLP profile lies",
    ),
    Selector(
        name="dlp.count.<profile>", family=DLP_PROFILE, type=ValueType.NUMBER, phase=_BODY, read=members.count,
        profiles=members.own_profile,
        doc="how many findings of that DLP profile there are",
    ),
    Selector(
        name="dlp.detection_confidence.<profile>", family=DLP_PROFILE, type=ValueType.LEVEL, phase=_BODY,
        read=members.highest_detection_confidence, profiles=members.own_profile,
        doc="the highest detection confidence among the findings of that DLP profile",
    ),
    Selector(
        name="dlp.distinct.<profile>", family=DLP_PROFILE, type=ValueType.NUMBER, phase=_BODY, read=members.distinct,
        profiles=members.own_profile,
        doc="how many different values findings of that DLP profile have: a number that comes ten times counts once",
    ),
    Selector(
        name="dlp.detector_count.<detector>", family=DETECTOR, type=ValueType.NUMBER, phase=_BODY, read=members.detector_count,
        profiles=members.profiles_of_detector,
        doc="how many findings of that detector there are",
    ),
    Selector(
        name="dlp.detector_detection_confidence.<detector>", family=DETECTOR, type=ValueType.LEVEL, phase=_BODY,
        read=members.detector_detection_confidence, profiles=members.profiles_of_detector,
        doc="the highest detection confidence among the findings of that detector",
    ),
)  # fmt: skip
