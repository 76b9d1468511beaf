"""The action that replaces what was found in what leaves: redact."""

from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.problem import Path
from lockgate.facts.redaction import Redact, Stand
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import Fields, is_list
from lockgate.policy.written import Written, words_of

_EXAMPLE = "write `redact: [credentials]` or `redact: {profiles: [credentials], with: placeholder, reinsert: true}`"
_KEYS = ("profiles", "detectors", "with", "reinsert", "at_least")
_LEVELS = {level.name.lower(): level for level in DetectionConfidence}


def _redact(reading: ThenReading, argument: object, path: Path) -> None:
    problems = len(reading.report.problems)
    short = is_list(argument) or isinstance(argument, str)
    fields = Fields(reading.report, {"profiles": argument} if short else argument, path, _KEYS, what="what to redact")
    vocabulary = reading.surroundings.vocabulary
    at = path if short else fields.at("profiles")
    profiles = _names(fields, "profiles", at, "DLP profile", vocabulary.profiles)
    detectors = _names(fields, "detectors", fields.at("detectors"), "detector", vocabulary.detectors)
    if "profiles" not in fields and len(reading.report.problems) == problems:
        fields.wrong("profiles", "`redact` does not say which profiles", _EXAMPLE)
    for name in sorted(detectors):
        among = vocabulary.profiles_of(name)
        if profiles and among.isdisjoint(profiles):
            fields.wrong(
                "detectors",
                f"`{name}` is in none of the profiles that are redacted",
                f"it is in: {', '.join(sorted(among))}",
            )
    stands = Stand(fields.choice("with", "kind of replacement", [stand.value for stand in Stand], Stand.MASK.value))
    reinsert = fields.flag("reinsert", absent=False)
    if reinsert and stands is not Stand.PLACEHOLDER:
        fields.wrong("reinsert", "what a mask stands for cannot be told, so it cannot be put back", "add `with: placeholder`")
    least = _LEVELS[fields.choice("at_least", "detection confidence", list(_LEVELS), "low")]
    reading.wrong = reading.wrong or len(reading.report.problems) > problems
    reading.adds.append(Redact(profiles=profiles, detectors=detectors, stands=stands, reinsert=reinsert, at_least=least))


def _names(fields: Fields, key: str, at: Path, what: str, known: frozenset[str]) -> frozenset[str]:
    if key not in fields:
        return frozenset()
    written = Written(value=fields.value(key), path=at, report=fields.report, what=what, known=known)
    return words_of(written) or frozenset()


REDACTING = (
    ActionRow(
        name="redact", read=_redact, example=_EXAMPLE,
        doc="replace what detectors of the named `profiles` find (only those named under `detectors`, only findings that are "
        "`at_least` so sure) `with` its `mask`, or with a `placeholder` that is the same wherever the value stands; with "
        "`reinsert: true` the answer gets the value back where it has the placeholder. What cannot be replaced is not sent",
    ),
)  # fmt: skip
