"""What every sink promises."""

from typing import Protocol

from lockgate.facts.record import Record


class Sink(Protocol):
    """Takes records that have just been stored, each once, from the recorder's writer thread. It should be quick."""

    def write(self, record: Record) -> None:
        """Pass the record on. What is raised here is counted and logged; the record is stored all the same."""
        ...

    def close(self) -> None:
        """Flush and release. Closing twice is fine."""
        ...
