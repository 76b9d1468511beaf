"""Listening to the short answer of a server to an upload, for the names it gives to the file.

Separate from the readers of formats because it must not change what passes: the answer is coded as it is, and more than a
bounded beginning of it is not kept.
"""

from lockgate.apps.formats.base import WireFormat
from lockgate.facts.prompt import ModelAnswer
from lockgate.facts.traffic import Completeness, Response
from lockgate.gate.decode import decode_body

_MOST_BYTES = 64 * 1024


class SmallAnswer:
    """A stream reader that reads at the end."""

    def __init__(self, wire_format: WireFormat, response: Response) -> None:
        self._format = wire_format
        self._response = response
        self._content = bytearray()
        self._is_long = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Never raises."""
        self._is_long = self._is_long or len(self._content) + len(chunk) > _MOST_BYTES
        if self._is_long:
            self._content.clear()
        else:
            self._content += chunk

    def finish(self) -> ModelAnswer:
        """What was said; nothing for an answer that is long or cannot be decoded, beyond what its head says."""
        body = decode_body(bytes(self._content), ", ".join(self._response.headers.all("content-encoding")), _MOST_BYTES)
        readable = body.completeness is Completeness.COMPLETE
        reader = self._format.stream_reader(self._response)
        if readable:
            reader.feed(body.content)
        return reader.finish()
