"""What a rule's `then` may say: at most one action that ends the walk, and any that add to the verdict. Table: `ACTIONS`.

Separate because an action has its own small grammar. An action that this release cannot carry out is not in the table,
so that no policy can promise it.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lockgate.facts.decision import Capture, Verdict
from lockgate.facts.problem import Path
from lockgate.policy.fields import is_list, is_mapping
from lockgate.policy.report import Report

ACTIONS = {
    "allow": "let the exchange go on; rules below are not asked",
    "block": "stop the exchange and tell the person why, as an error or, with `{as: answer}`, as an answer of the model where "
    "the app's format has that; rules below are not asked",
    "redirect": "stop the exchange and send the person `to` another address; rules below are not asked",
    "capture": "keep the text with the record: `none`, `masked` or `full`; the first rule that says so decides",
    "tag": "add a tag, or a list of them, to the record",
}
_AS_ANSWER = {"as": "answer"}
_NEEDS_MORE = {
    "redirect": 'write `redirect: {to: "https://assistant.example.com/"}`',
    "capture": "write `capture: masked` (or `none`, `full`)",
    "tag": "write `tag: a-word`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What a rule does when it matches. `ends` is absent for a rule that only adds."""

    ends: Verdict | None = None
    redirect_to: str = ""
    as_answer: bool = False
    capture: Capture | None = None
    tags: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The one word for what it would do: how it ends, or else what it adds."""
        if self.ends is not None:
            return self.ends.value
        return "capture" if self.capture is not None else "tag"

    @property
    def canonical(self) -> str:
        """The same text for the same meaning."""
        how = f"{self.ends} as answer" if self.as_answer else f"{self.ends}"
        return f"{how}|{self.redirect_to}|{self.capture}|{'|'.join(self.tags)}"


@dataclass(slots=True)
class _Reading:
    """What has been read of one `then`."""

    report: Report
    ends: Verdict | None = None
    redirect_to: str = ""
    as_answer: bool = False
    capture: Capture | None = None
    tags: list[str] = field(default_factory=list[str])
    wrong: bool = False

    def refuse(self, path: Path, problem: str, help_text: str = "") -> None:
        self.wrong = True
        self.report.wrong(path, problem, help_text)


def read_actions(report: Report, value: object, path: Path) -> Actions | None:
    """The actions at `path`, or None when something is wrong with them (reported)."""
    reading = _Reading(report)
    items = value if is_list(value) else [value]
    if not items:
        reading.refuse(path, "`then` does nothing", f"name an action: {', '.join(ACTIONS)}")
    for index, item in enumerate(items):
        here = (*path, index) if isinstance(value, list) else path
        if reading.ends is not None:
            reading.refuse(
                here, f"an action after `{reading.ends.value}` would never be taken", "put the action that ends the walk last"
            )
            break
        _read_action(reading, item, here)
    if reading.wrong:
        return None
    return Actions(
        ends=reading.ends,
        redirect_to=reading.redirect_to,
        as_answer=reading.as_answer,
        capture=reading.capture,
        tags=tuple(dict.fromkeys(reading.tags)),
    )


def _read_action(reading: _Reading, item: object, path: Path) -> None:
    match item:
        case "allow" | "block":
            reading.ends = Verdict(item)
        case str() if item in _NEEDS_MORE:
            reading.refuse(path, f"`{item}` needs to say more", _NEEDS_MORE[item])
        case str():
            reading.wrong = True
            reading.report.unknown(path, "action", item, ACTIONS)
        case _ if is_mapping(item):
            if len(item) != 1:
                reading.refuse(path, "an action is a word or a mapping with one key", "write several actions as a list")
                return
            (name, argument), *_ = item.items()
            _read_argument(reading, name, argument, (*path, name))
        case _:
            reading.refuse(path, "expected an action", f"one of: {', '.join(ACTIONS)}")


def _read_argument(reading: _Reading, name: str, argument: object, path: Path) -> None:
    match name:
        case "redirect":
            reading.ends = Verdict.REDIRECT
            reading.redirect_to = _redirect_target(reading, argument, path)
        case "capture":
            if reading.capture is not None:
                reading.refuse(path, "`capture` is given twice", "keep one of them")
            elif isinstance(argument, str) and argument in {level.value for level in Capture}:
                reading.capture = Capture(argument)
            else:
                reading.wrong = True
                reading.report.unknown(path, "capture", str(argument), [level.value for level in Capture])
        case "tag":
            tags = argument if is_list(argument) else [argument]
            good = [tag for tag in tags if isinstance(tag, str) and tag.strip()]
            if len(good) < len(tags) or not tags:
                reading.refuse(path, "expected a tag", _NEEDS_MORE["tag"])
            reading.tags += good
        case "block":
            reading.ends = Verdict.BLOCK
            reading.as_answer = argument == _AS_ANSWER
            if not reading.as_answer:
                reading.refuse(
                    path,
                    "`block` takes `as: answer` and nothing else",
                    "write `then: block` or `then: {block: {as: answer}}`; what the person is told is the rule's `message`",
                )
        case "allow":
            reading.refuse(path, "`allow` takes nothing", "write `then: allow`")
        case _:
            reading.wrong = True
            reading.report.unknown(path, "action", name, ACTIONS)


def _redirect_target(reading: _Reading, argument: object, path: Path) -> str:
    entries = argument if is_mapping(argument) else {}
    target = entries.get("to")
    if set(entries) != {"to"} or not isinstance(target, str):
        reading.refuse(path, "`redirect` takes `to` and nothing else", _NEEDS_MORE["redirect"])
        return ""
    if not is_web_address(target):
        reading.refuse(
            (*path, "to"), f"`{target}` is not a web address", "write a full one, for example https://assistant.example.com/"
        )
    return target


def is_web_address(text: str) -> bool:
    """Whether `text` is an absolute http or https URL with a host and without control characters or spaces."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it is what validates it
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
