"""From saved exchanges to the draft of an app file.

Separate from the commands because it is pure: exchanges in, plain data and remarks out. It proposes what a person then has to
look at; what it could not tell it says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lockgate.apps.formats.base import Unreadable
from lockgate.apps.formats.described import described_id
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.leaf_paths import value_at
from lockgate.apps.formats.registry import sniff
from lockgate.apps.learning.places import answer_place, conversation_place, named_place, prompt_place, written
from lockgate.apps.learning.replaced import ANSWER, PROMPT, with_other_values
from lockgate.apps.learning.saved import SavedExchange
from lockgate.apps.shape import ID_STEP
from lockgate.facts.problem import Path
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Body, Request, Response

_KEPT_EVENTS = 8
_SOCKET = "messages of WebSockets are not drafted; describe them with `reads`, or leave them to the generic reader"
_FORM = "a form with files: give it a format of uploads, see docs/reference/formats.md"
_NOTHING_TYPED = "no words of a person were found in it; say what was typed with --typed"
_NOT_JSON = "the body is not JSON: its texts are read by the generic reader"
_MODELS = ("model", "modelid", "model_id", "model_slug", "modelname", "model_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the person typed and what the app answered in the saved exchanges, if the one who saved them says so."""

    typed: str = ""
    answered: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An app file as plain data, and what a person should look at."""

    data: dict[str, Any]
    remarks: tuple[str, ...]


def hosts_with_payload(exchanges: Sequence[SavedExchange]) -> dict[str, int]:
    """The hosts that got a body, with how many."""
    found: dict[str, int] = {}
    for each in exchanges:
        if each.body or each.request.is_websocket_upgrade:
            found[each.request.host] = found.get(each.request.host, 0) + 1
    return found


def draft_app(host: str, exchanges: Sequence[SavedExchange], words: Words = Words(), app_id: str = "") -> Draft:
    """An app file for `host` from what was saved of it."""
    name = app_id or _name_of(host)
    remarks: list[str] = []
    operations: dict[str, dict[str, Any]] = {}
    samples: list[dict[str, Any]] = []
    for each in exchanges:
        if each.request.host != host or not (each.body or each.request.is_websocket_upgrade):
            continue
        pattern = path_pattern_of(each.request.path)
        if f"{each.request.method} {pattern}" in operations:
            continue
        operation, sample, said = _operation(each, pattern, words)
        operation["id"] = _unused(operation["id"], [known["id"] for known in operations.values()])
        if "reads" in operation:
            sample["format"] = described_id(name, operation["id"])
        operations[f"{each.request.method} {pattern}"] = operation
        samples.append(sample)
        remarks += [f"{operation['id']}: {remark}" for remark in said]
    if not operations:
        remarks.append(f"nothing that was saved of {host} has a body: save an exchange in which something was sent")
    data: dict[str, Any] = {
        "id": name, "name": name.replace("-", " ").title(), "vendor": "unknown", "category": "chat-assistant", "basis": "low",
        "sources": ["OBS"], "hosts": {"exact": [host]}, "operations": list(operations.values()),
        "samples": samples or [{"request": f"GET https://{host}/", "operation": "browse"}],
    }  # fmt: skip
    remarks.append("set name, vendor, category and the other hosts of the app; raise `basis` when you have seen it twice")
    return Draft(data=data, remarks=tuple(remarks))


def path_pattern_of(path: str) -> str:
    """A pattern for all paths like this one: steps that look like ids stand for any step."""
    return "^" + "/".join("[^/]+" if ID_STEP.fullmatch(step) else re.escape(step) for step in path.split("/")) + "$"


def _operation(each: SavedExchange, pattern: str, words: Words) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    request = each.request
    url = f"https://{request.host}{_sample_path(request.path)}"
    if request.is_websocket_upgrade:
        operation = {"id": "socket", "operation": "send_prompt", "protocol": "websocket", "path": pattern, "basis": "low"}
        sample = {"request": f"GET {url.replace('https', 'wss', 1)}", "operation": "send_prompt"}
        return operation, sample, [_SOCKET]
    base: dict[str, Any] = {"id": "prompt", "operation": "send_prompt", "path": pattern, "basis": "low"}
    if request.method != "POST":
        base["method"] = request.method
    sample = {"request": f"{request.method} {url}", "operation": "send_prompt"}
    body = Body(content=each.body)
    parsed = parse_json(each.body)
    if not isinstance(parsed, Parsed):
        return _not_json(request, base, sample)
    known = sniff(request, body)
    if known is not None and isinstance(read := known.read_request(request, body), Conversation):
        sample |= {"format": known.id, "headers": {"content-type": "application/json"}}
        place = prompt_place(parsed.value, read.prompt.typed_text if read.prompt else "")
        sample |= _sample_body(parsed.value, place)
        return base | {"format": known.id}, sample, [] if place else ["no words of a person were found in it"]
    return _described(each, parsed.value, base, sample, words)


def _not_json(
    request: Request, base: dict[str, Any], sample: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    if request.media_type.startswith("multipart/"):
        what = {"operation": "upload", "id": "upload"}
        return base | what, sample | {"operation": "upload"}, [_FORM]
    what = {"operation": "unrecognised", "id": "unknown"}
    return base | what, sample | {"operation": "unrecognised"}, [_NOT_JSON]


def _described(
    each: SavedExchange, document: object, base: dict[str, Any], sample: dict[str, Any], words: Words
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    place = prompt_place(document, words.typed)
    if place is None:
        base |= {"operation": "telemetry", "id": "call"}
        return (
            base,
            sample | {"operation": "telemetry"},
            [_NOTHING_TYPED],
        )
    reads: dict[str, Any] = {"prompt": written(place)}
    for name, found in (("model", named_place(document, _MODELS)), ("conversation", conversation_place(document))):
        if found is not None and found != place:
            reads[name] = written(found)
    remarks = [] if words.typed else [f"that `{reads['prompt']}` is what a person typed is a guess; say it with --typed"]
    sample |= {"headers": {"content-type": "application/json"}} | _sample_body(document, place)
    answer = _answer(each, words)
    if answer is None:
        remarks.append("no answer was found; say what was answered with --answered")
    else:
        reads["answer"], response, heard = answer
        sample |= {"response": response, "answer": heard}
    return base | {"reads": reads}, sample, remarks


def _sample_body(document: object, place: Path | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {"body": with_other_values(document, {place: PROMPT}), "prompt": PROMPT}


def _answer(each: SavedExchange, words: Words) -> tuple[dict[str, Any], dict[str, Any], str] | None:
    if each.response is None or not each.answer:
        return None
    framing, events = _events(each.response, each.answer)
    found = answer_place(events, words.answered)
    if not framing or found is None:
        return None
    path, cumulative = found
    kept, heard = _kept_events(events, path, cumulative=cumulative)
    described: dict[str, Any] = {"framing": framing, "text": written(path)}
    if cumulative:
        described["mode"] = "cumulative"
    response: dict[str, Any] = {"json": {"body": kept[0]}, "sse": {"events": kept}, "ndjson": {"lines": kept}}[framing]
    if framing == "ndjson":
        response["type"] = "application/x-ndjson"
    return described, response, heard


def _events(response: Response, answer: bytes) -> tuple[str, list[object]]:
    if response.media_type == "text/event-stream":
        data = (line.strip()[5:].strip() for line in answer.split(b"\n") if line.startswith(b"data:"))
        return "sse", list(_values(data))
    whole = parse_json(answer)
    if isinstance(whole, Parsed):
        return "json", [whole.value]
    lines = list(_values(answer.split(b"\n")))
    return ("ndjson", lines) if lines else ("", [])


def _values(lines: Iterator[bytes] | Sequence[bytes]) -> Iterator[object]:
    for line in lines:
        parsed = parse_json(line) if line.strip() else None
        if parsed is not None and not isinstance(parsed, Unreadable):
            yield parsed.value


def _kept_events(events: Sequence[object], path: Path, *, cumulative: bool) -> tuple[list[object], str]:
    """A few events with other values, and what is to be heard in them."""
    said = 0
    kept: list[object] = []
    for event in events:
        text = "".join(ANSWER) if cumulative and said else ANSWER[min(said, 1)]
        has_text = isinstance(value_at(event, path), str)
        if has_text and said >= len(ANSWER):
            continue
        kept.append(with_other_values(event, {path: text}))
        said += has_text
        if len(kept) >= _KEPT_EVENTS:
            break
    return kept, "".join(ANSWER[:said])


def _sample_path(path: str) -> str:
    return "/".join(re.sub(r"[A-Za-z0-9]", "0", step) if ID_STEP.fullmatch(step) else step for step in path.split("/"))


def _name_of(host: str) -> str:
    labels = [label for label in host.split(".") if label not in ("www", "api", "app", "chat")]
    return re.sub(r"[^a-z0-9-]", "-", labels[0] if len(labels) > 1 else host.split(".", maxsplit=1)[0])


def _unused(name: str, taken: Sequence[str]) -> str:
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)
