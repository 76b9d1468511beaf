"""An answer whose dialect its first bytes tell: the same one is chosen in whatever pieces they come."""

import pytest

from lockgate.apps.formats.chosen_reader import ChosenReader
from lockgate.facts.prompt import ModelAnswer


class Named:
    """A reader that says its own name, and how much it was given."""

    def __init__(self, name):
        self._name, self._size = name, 0

    def feed(self, chunk):
        self._size += len(chunk)

    def finish(self):
        return ModelAnswer(text=f"{self._name} {self._size}")


def heard(content, size):
    reader = ChosenReader(((b"<one>", lambda: Named("one")), (b"<two>", lambda: Named("two"))), lambda: Named("neither"))
    for start in range(0, len(content), size):
        reader.feed(content[start : start + size])
    return reader.finish().text


@pytest.mark.parametrize("size", [1, 7, 4096, 100_000])
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"x" * 20 + b"<two> and <one>", "two"),
        (b"x" * 4091 + b"<one>", "one"),
        (b"x" * 4092 + b"<one>", "neither"),
        (b"x" * 30_000 + b"<one>", "neither"),
        (b"<on", "neither"),
    ],
    ids=["the first mark", "the last place", "one byte later", "far away", "cut off"],
)
def test_the_same_reader_is_chosen_in_whatever_pieces(content, name, size):
    assert heard(content, size) == f"{name} {len(content)}"
