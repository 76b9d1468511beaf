"""How Bedrock refuses: Amazon's clients take the class of an error from a header and its text from `message`.

Separate because all of Bedrock's formats share it.
"""

from dataclasses import replace

from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.refusal import refuse_with_json
from lockgate.facts.traffic import Answer, Headers, Request

_CLASS = "x-amzn-errortype"


def access_denied(refusal: Refusal, request: Request) -> Answer:
    """403 as the vendor sends it: shown at once and not tried again, unlike other clients' 403. Of limits, its 429."""
    answer = refuse_with_json(refusal, request, {"message": refusal.message}, status=403)
    name = "ThrottlingException" if refusal.for_now else "AccessDeniedException"
    return replace(answer, headers=Headers((*answer.headers.pairs, (_CLASS, name))))
