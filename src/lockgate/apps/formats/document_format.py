"""What formats whose request is one document have in common: decode, read into a page, rewrite leaves, choose a framing.

Separate so that a format's own file says only where its text is and what its events mean.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.aws_event_stream import MEDIA_TYPE as AWS_EVENT_STREAM
from lockgate.apps.formats.aws_event_stream import AwsEventStreamReader
from lockgate.apps.formats.base import Refusal, StreamReader, Unreadable
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.leaf_paths import rewrite
from lockgate.apps.formats.ndjson import NDJSON_TYPES, NdjsonReader, WholeReader
from lockgate.apps.formats.page import Page
from lockgate.apps.formats.signed_body import SignedBodyError, body_is_signed
from lockgate.apps.formats.sse import SseReader
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation, ModelAnswer
from lockgate.facts.traffic import Answer, Body, Completeness, Request, Response


class DocumentFormat(ABC):
    """A wire format whose request body is one JSON document."""

    id: str

    @abstractmethod
    def recognises(self, request: Request, document: object) -> bool:
        """Whether `document` has this format's shape."""

    @abstractmethod
    def refuse(self, refusal: Refusal, request: Request, conversation: Conversation | None) -> Answer:
        """A response this format's clients show."""

    @abstractmethod
    def _read(self, request: Request, document: object, page: Page) -> Conversation | Unreadable:
        """Claim the document's text on `page` and close it."""

    @abstractmethod
    def _interpreter(self) -> Interpreter:
        """Something fresh that understands this format's answers."""

    def _decode(self, content: bytes) -> Parsed | Unreadable:
        return parse_json(content)

    def _parse(self, request: Request, body: Body) -> Parsed | Unreadable:  # noqa: ARG002 - only some formats ask the head
        """As `_decode`, for formats whose bytes say nothing without their head."""
        return self._decode(body.content)

    def read_request(self, request: Request, body: Body) -> Conversation | Unreadable:
        """What the request says to the model. Never raises."""
        parsed = self._parse(request, body)
        if isinstance(parsed, Parsed):
            return self._read(request, parsed.value, Page.of(parsed))
        return parsed if body.completeness is Completeness.COMPLETE else replace(parsed, completeness=body.completeness)

    def rewrite_request(self, request: Request, body: Body, texts: Mapping[Path, str]) -> bytes:
        """The body with the text at each path replaced. Raises ValueError for a path that `read_request` did not give.

        Raises SignedBodyError (a ValueError) for a body whose signature would no longer fit.
        """
        if texts and body_is_signed(request):
            raise SignedBodyError("the body is signed")
        parsed = self._parse(request, body)
        said = self._read(request, parsed.value, Page.of(parsed)) if isinstance(parsed, Parsed) else parsed
        given = {part.path for turn in said.turns for part in turn.parts} if isinstance(said, Conversation) else set[Path]()
        if not isinstance(parsed, Parsed) or not texts.keys() <= given:
            raise ValueError("a path that reading this request did not give")
        return parsed.write(rewrite(parsed.value, texts)) if texts else body.content

    def read_response(self, response: Response, body: Body) -> ModelAnswer:
        """What a whole response says."""
        reader = self.stream_reader(response)
        reader.feed(body.content)
        return reader.finish()

    def stream_reader(self, response: Response) -> StreamReader:
        """A reader for a response, streamed or not, by its content type."""
        return self._reader(response, self._interpreter())

    @staticmethod
    def _reader(response: Response, interpreter: Interpreter) -> StreamReader:
        """The framing of a response, which feeds `interpreter`."""
        if response.media_type in NDJSON_TYPES:
            return NdjsonReader(interpreter)
        if response.media_type.endswith("json"):
            return WholeReader(interpreter)
        if response.media_type == AWS_EVENT_STREAM:
            return AwsEventStreamReader(interpreter)
        return SseReader(interpreter)
