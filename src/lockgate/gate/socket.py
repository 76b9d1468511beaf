"""What the messages of one WebSocket have in common: who opened it and with which request, and what was typed into it before.

Separate because it outlives every message, while each message is an exchange of its own, judged under whatever policy is live
when it is sent. Holds a bounded number of characters.
"""

from dataclasses import dataclass, replace

from lockgate.apps.formats.base import SocketFormat, Unreadable
from lockgate.apps.formats.generic_socket import GENERIC_SOCKET
from lockgate.facts.app import AppMatch, Operation
from lockgate.facts.decision import Decision, Reason
from lockgate.facts.finding import Examination, ExaminationState, Finding
from lockgate.facts.prompt import Conversation, Part, PartKind, Role, Turn, chain
from lockgate.facts.traffic import Body, Client, Completeness, Request, SocketMessage
from lockgate.gate.context import GateContext
from lockgate.gate.reading import all_readable

_NOTHING_SAID = Conversation(turns=())
_MOST_TYPED = 4096
"""Characters of earlier messages that are examined again together with the next one."""
_MOST_NOTICED = 20
"""Messages that are looked at to notice an app outside the library: games and tickers send thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReading:
    """What a message says. `format` understands the socket, and the client's side of it understands the format."""

    app: AppMatch | None
    format: SocketFormat
    conversation: Conversation
    state: ExaminationState

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing in it to judge: a ping, an acknowledgement."""
        return not self.conversation.turns and self.state is ExaminationState.COMPLETE

    @property
    def is_said_by_somebody(self) -> bool:
        """Whether it says more than what clients tell servers by themselves."""
        turns = self.conversation.turns
        spoken = any(part.kind is not PartKind.MACHINE for turn in turns for part in turn.parts)
        return spoken or self.state is not ExaminationState.COMPLETE or any(turn.attachments for turn in turns)

    @property
    def has_text(self) -> bool:
        """Whether there is any text in it, also of a kind that clients send by themselves."""
        return any(part.text for turn in self.conversation.turns for part in turn.parts)

    @property
    def is_only_unreadable(self) -> bool:
        """Whether all of it is something that nobody can look into: a piece of sound, of a picture, of an unknown coding."""
        spoken = any(part.kind is not PartKind.MACHINE for turn in self.conversation.turns for part in turn.parts)
        return self.state is not ExaminationState.COMPLETE and not spoken


class Socket:
    """An open WebSocket, as far as judging what its client says needs it."""

    def __init__(self, client: Client, request: Request) -> None:
        self.client = client
        self.request = request
        self._typed = ""
        self._unreadable: tuple[str, Decision] | None = None
        self._noticeable = _MOST_NOTICED

    def may_be_noticed(self) -> bool:
        """Whether one more message is looked at although nobody asks for it: the first ones tell an app nobody described."""
        self._noticeable -= 1
        return self._noticeable >= 0

    def read(self, context: GateContext, app: AppMatch | None, message: SocketMessage, size: Completeness) -> MessageReading:
        """What a message says, with the operation settled that the path may have left open."""
        named = context.socket_formats.get(app.format) if app is not None and app.format is not None else None
        socket_format = named or GENERIC_SOCKET
        read = Unreadable(completeness=size, detail="too long")
        if size is Completeness.COMPLETE:
            read = socket_format.read_message(self.request, message)
        conversation, state = _NOTHING_SAID, ExaminationState.COMPLETE
        if isinstance(read, Conversation):
            conversation = read
            if not all_readable(read):
                state = ExaminationState.UNDECODABLE
        else:
            state = ExaminationState(read.completeness.value)
            partly = GENERIC_SOCKET.read_message(self.request, message)
            conversation = partly if isinstance(partly, Conversation) else _NOTHING_SAID
        if state is not ExaminationState.COMPLETE and not conversation.unread:
            conversation = replace(conversation, unread=(state.value,))
        if app is not None and app.operation is None:
            app = replace(app, operation=self._operation(context, message))
        return MessageReading(app=app, format=socket_format, conversation=conversation, state=state)

    def _operation(self, context: GateContext, message: SocketMessage) -> Operation:
        """What is done on a path that the app's file does not know: a prompt when the message has the shape of one."""
        sniffed = context.sniff(self.request, Body(content=message.content))
        return Operation.UNRECOGNISED if sniffed is None else Operation.SEND_PROMPT

    def decided_before(self, version: str, acknowledged: frozenset[str]) -> Decision | None:
        """What was decided about the message before, if that was as unreadable as this one, and would be decided again."""
        if self._unreadable is None or self._unreadable[0] != version:
            return None
        decision = self._unreadable[1]
        return None if decision.coaching is not None and decision.rule in acknowledged else decision

    def answered(self) -> None:
        """The server has answered what was said: what cannot be read of what follows is said anew."""
        self._unreadable = None

    def remember(self, reading: MessageReading, decision: Decision, *, passed: bool) -> None:
        """A message is settled: of one that left, what was typed may go on in the next."""
        lasting = reading.is_only_unreadable and decision.reason is not Reason.GATE_FAILED
        self._unreadable = (decision.policy_version, decision) if lasting else None
        if passed:
            self._typed = (self._typed + _typed_text(reading.conversation))[-_MOST_TYPED:]

    def with_earlier(self, conversation: Conversation) -> Conversation:
        """`conversation` with what was typed before and now as one more turn: some clients send every keystroke by itself."""
        typed = _typed_text(conversation)
        if not self._typed or not typed:
            return conversation
        part = Part(text=self._typed + typed[:_MOST_TYPED], path=(), kind=PartKind.MACHINE)
        return replace(conversation, turns=(*conversation.turns, *chain([(Role.USER, (part,), ())])))

    def without_earlier(self, conversation: Conversation, examination: Examination) -> Examination:
        """`examination` of `with_earlier`; of what it found in the joined text, only what begins before this message counts."""
        joined = len(conversation.turns)

        def counts(finding: Finding) -> bool:
            span = finding.span
            return span.turn != joined or span.start < len(self._typed) < span.end

        return replace(examination, findings=tuple(filter(counts, examination.findings)))


def _typed_text(conversation: Conversation) -> str:
    return "".join(
        part.text for turn in conversation.turns if turn.role is Role.USER for part in turn.parts if _is_typed(part, turn)
    )


def _is_typed(part: Part, turn: Turn) -> bool:
    return part.kind is PartKind.TEXT or (len(part.path) <= 1 and len(turn.parts) == 1)
