"""What may still be done for one body: a budget that everything shares which reads in it, however it is nested.

Separate because each reader's own bound is no bound when there are many of them: a body can hold thousands of documents in its
strings, messages in its envelopes, lines in its text. Bodies are read in the proxy's own event loop, so what one of them may
cost has an end. What lies beyond stays text as it is or is said to be unread; nothing may be lost because a budget was used up.
"""

MAX_VALUES = 50_000
"""Values of all documents, and fields of all messages. A million tokens of code stay far below."""

MAX_CONTAINERS = 20_000
"""Objects and arrays of all documents: each may be a turn, a block or a call, and is asked for a dozen members."""

MAX_DOCUMENTS = 5_000
"""Documents inside strings. The arguments of every tool call of a long session are a tenth of that."""

MAX_AGAIN = 32 * 1024 * 1024
"""Code points that are parsed once more, because they are in a document inside a string."""

MAX_INFLATED = 32 * 1024 * 1024
"""Bytes that all compressed messages of a body may become, see `envelope.py`."""

MAX_NESTED = 5
"""How deep documents may lie in strings of documents. Google's web apps reach three."""

MAX_TURNS = 10_000
"""Turns that are told apart."""

LEFT_OUT = "what is nested too deeply or in too many pieces"
"""How a conversation says that a budget was used up."""


class Budget:
    """What is left. `used_up` says that something was left out for want of it."""

    __slots__ = ("again", "containers", "documents", "used_up", "values")

    def __init__(self, values: int = MAX_VALUES) -> None:
        self.values = values
        self.containers = values * MAX_CONTAINERS // MAX_VALUES
        self.documents = MAX_DOCUMENTS
        self.again = MAX_AGAIN
        self.used_up = False

    def take_values(self, values: int, containers: int) -> bool:
        """Whether a document that holds these may be read."""
        if values > self.values or containers > self.containers:
            self.used_up = True
            return False
        self.values -= values
        self.containers -= containers
        return True

    def take_document(self, size: int) -> bool:
        """Whether another document of `size` code points may be read inside a string."""
        if self.documents <= 0 or size > self.again:
            self.used_up = True
            return False
        self.documents -= 1
        self.again -= size
        return True
