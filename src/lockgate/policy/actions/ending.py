"""The actions that end the walk and need no more said: allow, block."""

from lockgate.facts.decision import Verdict
from lockgate.facts.problem import Path
from lockgate.policy.actions.row import ActionRow, ThenReading

_AS_ANSWER = {"as": "answer"}


def _allow(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.ALLOW
    if argument is not None:
        reading.refuse(path, "`allow` takes nothing", "write `then: allow`")


def _block(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.BLOCK
    reading.as_answer = argument == _AS_ANSWER
    if argument is not None and not reading.as_answer:
        reading.refuse(
            path,
            "`block` takes `as: answer` and nothing else",
            "write `then: block` or `then: {block: {as: answer}}`; what the person is told is the rule's `message`",
        )


ENDING = (
    ActionRow(
        name="allow", alone=True, read=_allow, example="write `then: allow`",
        doc="let the exchange go on; rules below are not asked",
    ),
    ActionRow(
        name="block", alone=True, read=_block, example="write `then: block`",
        doc="stop the exchange and tell the person why, as an error or, with `{as: answer}`, as an answer of the model where "
        "the app's format has that; rules below are not asked",
    ),
)  # fmt: skip
