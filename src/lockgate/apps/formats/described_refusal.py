"""Refusing as an app file describes it: a template of a body, of events, of lines, or of messages of a WebSocket.

Separate because a template comes from a file and the message does not: what is put in must never become structure.
"""

import base64
from dataclasses import dataclass
from typing import Any, cast

import orjson

from lockgate.apps.description import RefusalDescription
from lockgate.apps.formats.base import Refusal
from lockgate.apps.formats.json_view import items
from lockgate.apps.formats.protobuf_wire import write_protobuf
from lockgate.apps.formats.refusal import openai_error, refuse_with, refuse_with_json
from lockgate.apps.formats.rpc_refusal import refuse_call
from lockgate.apps.formats.where import compile_where
from lockgate.apps.sample_exchange import sample_answer, sample_replies
from lockgate.apps.schema import SampleResponse
from lockgate.facts.traffic import Answer, Request, SocketMessage

_AS_TEXT = ">json>"
_ASKED = ">asked>"
_AS_PROTOBUF, _UNPADDED = ">pb>", ">pb unpadded>"
_STATUS_OF_A_BODY = 400
"""The one status that all measured clients show without asking again."""


def describe_refusal(described: RefusalDescription | None, refusal: Refusal, request: Request, conversation: str) -> Answer:
    """The described answer to a plain request; without a description, the error object most clients know."""
    if described is None:
        return refuse_with_json(refusal, request, openai_error(refusal))
    head, body = sample_answer(_filled(described, _Words(refusal=refusal, conversation=conversation)))
    status = described.status or (_STATUS_OF_A_BODY if described.body is not None else 200)
    content_type = head.headers.get("content-type")
    return refuse_with(refusal, request, status=status, content=body.content, content_type=content_type)


def describe_call_refusal(
    described: RefusalDescription | None, refusal: Refusal, request: Request, conversation: str
) -> Answer:
    """The described answer to a call; without one, the error of the call's framing, with the described details."""
    if described is not None and not described.details:
        return describe_refusal(described, refusal, request, conversation)
    words = _Words(refusal=refusal, conversation=conversation)
    return refuse_call(refusal, request, tuple(_fill(detail, words) for detail in described.details) if described else ())


def refusal_messages(
    described: RefusalDescription | None, refusal: Refusal, conversation: str, asked: object
) -> tuple[SocketMessage, ...]:
    """The described messages on a WebSocket; without a description, none, which leaves closing it.

    `asked` are the documents of the message that is refused, of which the answer may have to repeat a number.
    """
    if described is None:
        return ()
    words = _Words(refusal=refusal, conversation=conversation, asked=tuple(items(asked)))
    return sample_replies(_filled(described, words))


def check_refusal(described: RefusalDescription) -> None:
    """Raises ValueError with a lower-case clause when a template says nothing, or more than one thing."""
    if described.details and (described.body is not None or described.events or described.lines or described.messages):
        raise ValueError("details go with the error of a call, and nothing else does")
    if _trial(described, "one message") == _trial(described, "another one"):
        raise ValueError("a refusal says why: put `{message}` in")


def _trial(described: RefusalDescription, message: str) -> bytes:
    refusal = Refusal(message=message, code="code", reference="reference")
    words = _Words(refusal=refusal, conversation="")
    if described.details:
        return orjson.dumps([_fill(detail, words) for detail in described.details])
    filled = _filled(described, words)
    if described.messages:
        return b"".join(reply.content for reply in sample_replies(filled))
    return sample_answer(filled)[1].content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What is put into a template."""

    refusal: Refusal
    conversation: str
    asked: tuple[object, ...] = ()


def _filled(described: RefusalDescription, words: _Words) -> SampleResponse:
    return SampleResponse(
        type=described.type,
        body=_fill(described.body, words),
        events=tuple(_fill(event, words) for event in described.events),
        lines=tuple(_fill(line, words) for line in described.lines),
        messages=tuple(_fill(message, words) for message in described.messages),
    )


def _fill(value: Any, words: _Words) -> Any:
    if isinstance(value, str):
        # The message comes last, so that nothing written in it is taken for something to be put in.
        value = value.replace("{reference}", words.refusal.reference).replace("{conversation}", words.conversation)
        quoted = orjson.dumps(words.refusal.message.encode("utf-8", "replace").decode()).decode()
        return quoted.join(piece.replace("{message}", words.refusal.message) for piece in value.split("{message_json}"))
    if isinstance(value, dict) and value.keys() == {_ASKED}:
        place = compile_where(str(value[_ASKED]))
        return next((found for document in words.asked if (found := place.first(document)) is not None), None)
    if isinstance(value, dict):
        filled = {name: _fill(child, words) for name, child in cast("dict[str, Any]", value).items()}
        if filled.keys() <= {_AS_PROTOBUF, _UNPADDED} and filled:
            (message,) = filled.values()
            return base64.b64encode(write_protobuf(message)).decode().rstrip("=" if _UNPADDED in filled else "")
        return orjson.dumps(filled[_AS_TEXT]).decode() if filled.keys() == {_AS_TEXT} else filled
    if isinstance(value, list):
        return [_fill(child, words) for child in cast("list[Any]", value)]
    return value
