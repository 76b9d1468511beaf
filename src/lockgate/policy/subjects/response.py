"""Selectors of the answer.

Separate because a rule that has one of them belongs to the second walk, when the request has left.
"""

from lockgate.facts.traffic import Phase
from lockgate.policy import reading, sizes
from lockgate.policy.operators import ValueType
from lockgate.policy.selector import Selector, plain

_ANSWER = Phase.RESPONSE_HEADERS
RESPONSE: tuple[Selector, ...] = (
    Selector(
        name="response.status", type=ValueType.NUMBER, phase=_ANSWER, doc="the status code of the response",
        read=plain(reading.from_response(lambda response: response.status)),
    ),
    Selector(
        name="response.media_type", type=ValueType.TEXT, phase=_ANSWER,
        doc="the media type of the response, without parameters",
        read=plain(reading.from_response(lambda response: response.media_type or None)),
    ),
    Selector(
        name="response.body_bytes", type=ValueType.NUMBER, phase=_ANSWER,
        read=plain(reading.from_response(sizes.response_bytes)),
        doc="how many bytes the response says it has; absent for streams, which do not say it",
    ),
)  # fmt: skip
