"""Actions that end the walk: allow, block, redirect."""

from urllib.parse import urlsplit

from lockgate.facts.decision import Verdict
from lockgate.facts.problem import Path
from lockgate.policy.actions.row import ActionRow, ThenReading
from lockgate.policy.fields import is_mapping

_AS_ANSWER = {"as": "answer"}
_REDIRECT = 'write `redirect: {to: "https://assistant.example.com/"}`'


def _allow(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.ALLOW
    if argument is not None:
        reading.refuse(path, "`allow` takes nothing", "write `then: allow`")


def _block(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.BLOCK
    reading.as_answer = argument == _AS_ANSWER
    if argument is not None and not reading.as_answer:
        reading.refuse(
            path,
            "`block` takes `as: answer` and nothing else",
            "write `then: block` or `then: {block: {as: answer}}`; what the person is told is the rule's `message`",
        )


def _redirect(reading: ThenReading, argument: object, path: Path) -> None:
    reading.ends = Verdict.REDIRECT
    entries = argument if is_mapping(argument) else {}
    target = entries.get("to")
    if set(entries) != {"to"} or not isinstance(target, str):
        reading.refuse(path, "`redirect` takes `to` and nothing else", _REDIRECT)
        return
    if not is_web_address(target):
        reading.refuse(
            (*path, "to"), f"`{target}` is not a web address", "write a full one, for example https://assistant.example.com/"
        )
    reading.redirect_to = target


def is_web_address(text: str) -> bool:
    """Whether `text` is an absolute http or https URL with a host and without control characters or spaces."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it is what validates it
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text


ENDING = (
    ActionRow(
        name="allow", alone=True, read=_allow, example="write `then: allow`",
        doc="let the exchange go on; rules below are not asked",
    ),
    ActionRow(
        name="block", alone=True, read=_block, example="write `then: block`",
        doc="stop the exchange and tell the person why, as an error or, with `{as: answer}`, as an answer of the model where "
        "the app's format has that; rules below are not asked",
    ),
    ActionRow(
        name="redirect", read=_redirect, example=_REDIRECT,
        doc="stop the exchange and send the person `to` another address; rules below are not asked",
    ),
)  # fmt: skip
