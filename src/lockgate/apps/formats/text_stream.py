"""An answer that is plain text from its first byte to its last. Separate because UTF-8 must be joined across chunks."""

from codecs import getincrementaldecoder

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.facts.prompt import ModelAnswer


class TextReader:
    """Feeds an interpreter with the text as it comes; what it says depends on no border between chunks."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        text = self._decoder.decode(chunk)
        if text:
            self._interpreter.event("", text)

    def finish(self) -> ModelAnswer:
        """What was said."""
        rest = self._decoder.decode(b"", final=True)
        if rest:
            self._interpreter.event("", rest)
        return self._interpreter.answer()
