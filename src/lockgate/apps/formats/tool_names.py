"""Which tool a call or a result belongs to: named beside the arguments, and for a result often only by the id of its call.

Separate because all formats of model traffic say it in one of these ways, and a record names tools whatever the format.
"""

from collections.abc import Callable, Iterator

from lockgate.apps.formats.json_view import is_object, members
from lockgate.facts.problem import Path

_NEAR = 4
"""How many containers above its text a call or result is searched for."""
_NAMES = ("name", "tool_name", "toolName")
_IDS = ("call_id", "id", "toolUseId", "toolCallId", "tool_call_id")
_ANSWERED = ("tool_call_id", "tool_use_id", "call_id", "toolUseId", "toolCallId")
_LONGEST = 256


class ToolNames:
    """The names of one document's tools, learned from calls in reading order. `value_at` is what lies at a path of it."""

    def __init__(self, value_at: Callable[[Path], object]) -> None:
        self._value_at = value_at
        self._by_id: dict[str, str] = {}

    def of_call(self, path: Path) -> str:
        """The tool whose arguments are at `path`; remembered under the ids of the call."""
        near = list(self._near(path))
        name = next((found for holder in near if (found := _first(holder, _NAMES))), "")
        if name:
            self._by_id |= {each: name for holder in near for key in _IDS if isinstance(each := holder.get(key), str)}
        return name

    def of_result(self, path: Path) -> str:
        """The tool whose result is at `path`."""
        for holder in self._near(path):
            called = (self._by_id.get(answered, "") for key in _ANSWERED if isinstance(answered := holder.get(key), str))
            found = next(filter(None, called), "") or _first(holder, _NAMES)
            if found:
                return found
        return ""

    def _near(self, path: Path) -> Iterator[dict[str, object]]:
        """The objects around `path`, the nearest first, up to the message it is in."""
        for length in range(len(path) - 1, max(0, len(path) - 1 - _NEAR), -1):
            holder = self._value_at(path[:length])
            if is_object(holder):
                yield holder
                if "role" in members(holder):
                    return


def _first(holder: dict[str, object], keys: tuple[str, ...]) -> str:
    return next((value[:_LONGEST] for key in keys if isinstance(value := holder.get(key), str) and value), "")
