"""Actions that say what is kept with the record: capture, tag."""

from lockgate.facts.decision import Capture
from lockgate.facts.problem import Path
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_list

_TAG = "write `tag: a-word`"


def _capture(reading: ThenReading, argument: object, path: Path) -> None:
    if reading.capture is not None:
        reading.refuse(path, "`capture` is given twice", "keep one of them")
    elif isinstance(argument, str) and argument in {level.value for level in Capture}:
        reading.capture = Capture(argument)
    else:
        reading.unknown(path, "capture", str(argument), [level.value for level in Capture])


def _tag(reading: ThenReading, argument: object, path: Path) -> None:
    tags = argument if is_list(argument) else [argument]
    good = [tag for tag in tags if isinstance(tag, str) and tag.strip()]
    if len(good) < len(tags) or not tags:
        reading.refuse(path, "expected a tag", _TAG)
    reading.tags += good


KEEPING = (
    ActionRow(
        name="capture", read=_capture, example="write `capture: masked` (or `none`, `full`)",
        doc="keep the text with the record: `none`, `masked` or `full`; the first rule that says so decides",
    ),
    ActionRow(name="tag", read=_tag, example=_TAG, doc="add a tag, or a list of them, to the record"),
)  # fmt: skip
