"""A detector's examples, run through the cascade it will work in.

Separate because it is the difference between a claim and a proof, and `lockgate dlp check` tells its results. It must never
put an expanded example into a problem: the file's own line is named instead.
"""

from collections.abc import Iterator

from lockgate.dlp.cascade import Cascade
from lockgate.dlp.schema import DetectorFile
from lockgate.dlp.templates import expand
from lockgate.facts.finding import DetectionConfidence
from lockgate.facts.problem import Document, Problem

_PROOF = "proof"


def example_problems(cascade: Cascade, document: Document, file: DetectorFile) -> Iterator[Problem]:
    """Each example that does not come out as the file says."""
    wanted = {file.id: ((_PROOF, DetectionConfidence.LOW),)}
    for index, template in enumerate(file.examples.match):
        if not cascade.scan(expand(template), wanted).hits:
            yield Problem(
                place=document.place(("examples", "match", index)),
                problem=f"detector `{file.id}` does not find this example",
                help="correct the example, or the pattern, validator, context or veto that loses it",
            )
    for index, template in enumerate(file.examples.ignore):
        hits = cascade.scan(expand(template), wanted).hits
        if hits:
            yield Problem(
                place=document.place(("examples", "ignore", index)),
                problem=f"detector `{file.id}` finds something in this example ({'; '.join(hits[0].contributions)})",
                help="tighten the pattern, or add a validator, required context or veto",
            )
