"""Actions that say what is kept with the record: capture, tag."""

from lockgate.facts.decision import Capture
from lockgate.facts.problem import Path
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_list, is_mapping

_TAG = "write `tag: a-word`"


def _capture(reading: ThenReading, argument: object, path: Path) -> None:
    if reading.capture is not None:
        reading.refuse(path, "`capture` is given twice", "keep one of them")
        return
    if is_mapping(argument):
        argument = _for_days(reading, argument, path)
    if isinstance(argument, str) and argument in {level.value for level in Capture}:
        reading.capture = Capture(argument)
    else:
        reading.unknown(path, "capture", str(argument), [level.value for level in Capture])


def _for_days(reading: ThenReading, written: dict[str, object], path: Path) -> object:
    """The level of `{level: full, retention_days: 7}`, its days being noted."""
    days = written.get("retention_days", 0)
    if set(written) != {"level", "retention_days"} or isinstance(days, bool) or not isinstance(days, int) or days < 1:
        reading.refuse(
            path, "`capture` takes `level` and `retention_days`", "write `capture: {level: full, retention_days: 7}`"
        )
    elif written["level"] == Capture.NONE.value:
        reading.refuse(path, "nothing is kept by `none`, for however many days", "write `capture: none`")
    else:
        reading.capture_days = days
    return written.get("level", "none")


def _tag(reading: ThenReading, argument: object, path: Path) -> None:
    tags = argument if is_list(argument) else [argument]
    good = [tag for tag in tags if isinstance(tag, str) and tag.strip()]
    if len(good) < len(tags) or not tags:
        reading.refuse(path, "expected a tag", _TAG)
    reading.tags += good


KEEPING = (
    ActionRow(
        name="capture", read=_capture, example="write `capture: masked` (or `none`, `full`)",
        doc="keep the text with the record: `none`, `masked` or `full`, with `{level: full, retention_days: 7}` for so many "
        "days at most; the first rule that says so decides",
    ),
    ActionRow(name="tag", read=_tag, example=_TAG, doc="add a tag, or a list of them, to the record"),
)  # fmt: skip
