"""The action `isolate`: an app stays readable, and nothing is sent to it.

Separate because it ends the walk by what an exchange does, not by what the rule asks: pages, answers of before, signing in and
downloads go on to the rules below, whatever takes content along does not. What nobody can tell counts as taking it along.
"""

from dataclasses import dataclass

from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.problem import Path
from lockgate.facts.sheet import FactSheet
from lockgate.facts.traffic import Phase
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_mapping
from lockgate.policy.reading import AtLeast, Unknowable, Waiting, carries_payload
from lockgate.policy.sizes import request_bytes

_EXAMPLE = "write `isolate` or `isolate: {body_bytes: 4000}`"
_USUAL_BYTES = 4000
"""Longer than what pages send by themselves when somebody only reads, mostly; shorter than a page of text that is pasted."""
_MOST_BYTES = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class TakesContentAlong:
    """Holds for what takes content along: by what is done, or by a body of `body_bytes` and more whatever is done."""

    body_bytes: int

    def __call__(self, sheet: FactSheet, rule: str) -> bool | None:
        """Whether the rule ends the walk for this exchange; None while only the request's body, or a message, can tell."""
        del rule
        request = sheet.request
        if request is not None and request.is_websocket_upgrade and sheet.phase < Phase.REQUEST_BODY:
            return None  # to open a WebSocket says nothing yet, and not every message on it does
        carries, size = carries_payload(sheet), request_bytes(sheet)
        if carries is True or isinstance(carries, Unknowable):
            return True
        match size:
            case AtLeast() | Unknowable():
                return True
            case int() if size >= self.body_bytes:
                return True
            case _:
                return None if isinstance(carries, Waiting) or isinstance(size, Waiting) else False

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        return f"takes content along, or {self.body_bytes} bytes"


def _isolate(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends, reading.word, reading.reason = Verdict.BLOCK, "isolate", Reason.ISOLATED
    size: object = _USUAL_BYTES
    if is_mapping(argument) and set(argument) == {"body_bytes"}:
        size = argument["body_bytes"]
    elif argument is not None:
        reading.refuse(path, "`isolate` takes `body_bytes` and nothing else", _EXAMPLE)
        return
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= _MOST_BYTES:
        reading.refuse((*path, "body_bytes"), f"`{size}` is not a number of bytes above 0", _EXAMPLE)
        return
    reading.ends_if = TakesContentAlong(body_bytes=size)


ISOLATING = (
    ActionRow(
        name="isolate", alone=True, read=_isolate, example=_EXAMPLE,
        doc="let the app be read and send it nothing: whatever takes content along (prompts, uploads, messages on a WebSocket, "
        f"and bodies of `body_bytes` and more, {_USUAL_BYTES:,} unless you say otherwise) is stopped with `isolated`; for the "
        "rest, rules below are asked",
    ),
)  # fmt: skip
