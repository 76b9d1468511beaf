"""The WebSocket of the ChatGPT web app: topics to which the page listens, among them the rest of an answer that was handed off.

Separate from `chatgpt_web` because nobody asks here: the client says which topics it wants. A message is one frame or a list of
them; a frame of a turn's topic carries a piece of the very stream that a prompt is answered with (`encoded_item`), the reply to
a subscription what was missed (`catchups`). A private interface, so its shape drifts.
"""

from collections.abc import Iterator
from typing import override

from lockgate.apps.formats.answer_draft import Interpreter
from lockgate.apps.formats.base import AnswersElsewhere, SocketReader, ToldPiece
from lockgate.apps.formats.chatgpt_answer import ChatGptAnswer
from lockgate.apps.formats.json_text import Parsed, parse_json, write_json
from lockgate.apps.formats.json_view import dig, is_array, items, string
from lockgate.apps.formats.listening_socket import ListeningSocket
from lockgate.apps.formats.sse import SseReader
from lockgate.facts.prompt import ModelAnswer
from lockgate.facts.traffic import SocketMessage

_TURN = "conversation-turn-"
_MOST_FRAMES = 1000


class ChatGptSocket(ListeningSocket, AnswersElsewhere):
    """`chatgpt-socket`."""

    id = "chatgpt-socket"

    @override
    def told(self, message: SocketMessage) -> Iterator[ToldPiece]:
        """The pieces of the turns that the page listens to."""
        parsed = parse_json(message.content)
        frames = parsed.value if isinstance(parsed, Parsed) else None
        for frame in items(frames)[:_MOST_FRAMES] if is_array(frames) else (frames,):
            reply = dig(frame, "reply")
            for one in (frame, *items(dig(reply, "catchups"))[:_MOST_FRAMES]):
                topic = string(dig(one, "topic_id")) or string(dig(reply, "topic_id"))
                piece = dig(one, "payload", "payload")
                stream = string(dig(piece, "encoded_item"))
                if topic and stream:
                    said = b"data: " + write_json({"conversation_id": dig(piece, "conversation_id")}) + b"\n\n"
                    said += stream.encode("utf-8", "surrogatepass")
                    yield ToldPiece(answer=topic, message=SocketMessage(content=said + b"\n\n"))

    @override
    def told_reader(self, answer: str) -> SocketReader:
        """A reader for the stream of one topic."""
        return _TopicReader(answer)

    @override
    def _interpreter(self) -> Interpreter:
        return ChatGptAnswer()


class _TopicReader(SocketReader):
    """Reads the stream that comes in pieces, each of whole events."""

    def __init__(self, topic: str) -> None:
        self._answer = ChatGptAnswer()
        self._answer.draft.works_as(topic)
        self._answer.draft.works_as(topic.removeprefix(_TURN))
        self._stream = SseReader(self._answer)

    @property
    @override
    def done(self) -> bool:
        """Whether the turn has ended."""
        return self._answer.draft.finished or bool(self._answer.draft.error)

    @override
    def feed(self, message: SocketMessage) -> None:
        """Take the next piece."""
        if not self.done:
            self._stream.feed(message.content)

    @override
    def finish(self) -> ModelAnswer:
        """What was said so far."""
        return self._stream.finish()
