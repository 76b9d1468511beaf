"""`make bench-formats`: what it costs to read, to rewrite and to hear each wire format, beside the least that Python could do.

Bodies are the samples of the app files, whose prompt is made longer until the body has the wanted size. A stream is the
sample's answer, in which the event that brings text is repeated. Separate from `run.py` because there is no traffic here, and
nobody beside it: each round measures a format and, right after, its baseline, so that what else the machine does meets both.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import orjson

from exchanges import Exchange, known
from lockgate.apps.formats.base import SocketFormat, WireFormat
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.facts.prompt import Conversation, PartKind
from lockgate.facts.traffic import Body, SocketMessage
from parts import PARTS
from report import PAGE, machine, markdown, today, write_into

SIZES = (4 * 1024, 256 * 1024)
STREAM = 1024 * 1024
CHUNK = 1024
DESCRIBED = 3
MASK = "[masked]"
_LEAST = 0.004
"""Seconds that one measurement takes at least; what is quicker is done more often."""
_PROSE = "the plan for next week is to move the large blue boxes from here to there and count them again before noon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One format with a sample of it that has a body."""

    exchange: Exchange
    format: WireFormat | SocketFormat

    @property
    def is_socket(self) -> bool:
        """Whether messages of a WebSocket are read."""
        return self.exchange.request.is_websocket_upgrade

    def read(self, content: bytes) -> Conversation | None:
        """What the body says, None when it cannot be read."""
        request, text = self.exchange.request, self.exchange.is_text
        if self.is_socket:
            found = self.format.read_message(request, SocketMessage(content=content, is_text=text))
        else:
            found = self.format.read_request(request, Body(content=content))
        return found if isinstance(found, Conversation) else None

    def write(self, content: bytes, texts: dict) -> bytes:
        """The body with texts replaced."""
        request, text = self.exchange.request, self.exchange.is_text
        if self.is_socket:
            return self.format.rewrite_message(request, SocketMessage(content=content, is_text=text), texts)
        return self.format.rewrite_request(request, Body(content=content), texts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-formats", description="Measure reading and writing of every format.")
    parser.add_argument("--rounds", type=int, default=7, help="measurements of which the median is shown")
    parser.add_argument("--only", action="append", help="this format; repeat for more")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/reference/benchmarks.md")
    given = parser.parse_args()
    chosen = [subject for subject in subjects() if not given.only or subject.exchange.format in given.only]
    text = "\n".join(report(chosen, given.rounds, with_library=not given.only))
    print(text)
    if given.write:
        write_into(PAGE, text, "formats")


def subjects() -> Iterator[Subject]:
    """Every format of code that a sample shows, and some that app files describe: each with the fullest sample."""
    found = known()
    by_format: dict[str, list[Exchange]] = {}
    for exchange in found.exchanges:
        if exchange.content and exchange.prompt:
            by_format.setdefault(exchange.format, []).append(exchange)
    described = [name for name in sorted(by_format) if "/" in name and any(each.answer for each in by_format[name])]
    shown = sorted(random.Random(1).sample(described, DESCRIBED))
    for name in (*FORMATS, *(name for name in SOCKET_FORMATS if name not in FORMATS), *shown):
        fullest = max(by_format.get(name, ()), key=lambda each: (len(each.answer), len(each.content)), default=None)
        if fullest is not None:
            table = found.sockets if fullest.request.is_websocket_upgrade else found.formats
            yield Subject(exchange=fullest, format=table[name])


_BODIES = """\
Microseconds; in brackets how many times as long as `orjson.loads` takes for the same body (for a body that is no JSON: for its
bytes as one JSON string), measured in the same round. The body is a sample of an app file whose prompt was made longer: few
values, one long text. Encoding replaces that text by a short one, and reads the body to find it, as a redaction does. `-`: the
format's prompt cannot be made that long."""
_STREAMS = """\
A stream of about 1 MB in pieces of 1 KB, whose CPU time includes handing out what was said at its end; beside it how many times
as long as merely going over its bytes (`for byte in chunk`) takes. `text event`: the sample's event that brings text is
repeated between its beginning and its end; `largest event`: no event adds text by itself (it is a snapshot or a step of a
document), so the largest is. Formats whose samples show no stream of events are left out."""


def report(chosen: Sequence[Subject], rounds: int, *, with_library: bool) -> Iterator[str]:
    """Everything, as Markdown."""
    yield f"`make bench-formats` on {today()}, medians of {rounds} rounds; {machine()}."
    yield "CPU time of one thread. Compare the shares of the baseline: they carry over from machine to machine."
    yield from ("", "### Reading and rewriting a body", "", _BODIES.replace("\n", " "), "")
    head = ("format", *(f"{what} {size // 1024} KB" for what in ("decode", "encode") for size in SIZES))
    yield from markdown(head, [[f"`{each.exchange.format}`", *_bodies(each, rounds)] for each in chosen])
    left_out = {*FORMATS, *SOCKET_FORMATS} - {each.exchange.format for each in chosen} if with_library else set[str]()
    if left_out:
        yield from ("", f"Without a prompt in the sample of an app: {', '.join(f'`{name}`' for name in sorted(left_out))}.")
    yield from ("", "### Hearing a stream", "", _STREAMS.replace("\n", " "), "")
    rows = [row for each in chosen if (row := _stream(each, rounds)) is not None]
    yield from markdown(("format", "MB/s", "x going over bytes", "repeated"), rows)
    if with_library:
        part = next(part for part in PARTS if part.id == "library")
        yield from ("", f"### {part.title}", "", part.what, "")
        yield from markdown(("", *part.columns.values()), part.rows(part.measure()))


def _bodies(subject: Subject, rounds: int) -> list[str]:
    decode, encode = [], []
    for size in SIZES:
        made = _grown(subject, size)
        if made is None:
            decode.append("-")
            encode.append("-")
            continue
        content, path = made
        baseline = _baseline(content)
        decode.append(_both(lambda content=content: subject.read(content), baseline, rounds))
        encode.append(_both(lambda content=content, path=path: subject.write(content, {path: MASK}), baseline, rounds))
    return [*decode, *encode]


def _both(work: Callable[[], object], baseline: Callable[[], object], rounds: int) -> str:
    pairs = [(_seconds(work), _seconds(baseline)) for _ in range(rounds)]
    return f"{median(own for own, _ in pairs) * 1e6:,.0f} ({median(own / least for own, least in pairs):.1f}x)"


def _seconds(work: Callable[[], object]) -> float:
    """CPU time of doing it once."""
    often = 1
    while True:
        started = time.thread_time()
        for _ in range(often):
            work()
        spent = time.thread_time() - started
        if spent >= _LEAST:
            return spent / often
        often *= 4


def _baseline(content: bytes) -> Callable[[], object]:
    try:
        orjson.loads(content)
    except ValueError:
        content = json.dumps(content.decode("latin-1")).encode()
    return lambda: orjson.loads(content)


def _grown(subject: Subject, size: int) -> tuple[bytes, tuple] | None:
    """The sample's body with its prompt so long that the body has about `size` bytes; and the path of the long text."""
    content = subject.exchange.content
    read = subject.read(content)
    prompt = read.prompt if read else None
    paths = [part.path for part in prompt.parts if part.kind is PartKind.TEXT] if prompt else []
    said = {part.path: part.text for part in prompt.parts} if prompt else {}
    for path in sorted(paths, key=lambda path: -len(said[path])):
        wanted = _prose(max(size - len(content), 1))
        try:
            grown = subject.write(content, {path: wanted})
        except ValueError:
            continue
        again = subject.read(grown)
        longest = max((part for turn in again.turns for part in turn.parts), key=lambda part: len(part.text)) if again else None
        if longest is not None and len(longest.text) > size // 3:
            return grown, longest.path
    return None


def _prose(length: int) -> str:
    chosen = random.Random(length)
    return " ".join(chosen.choices(_PROSE.split(), k=length // 4))[:length].ljust(length, ".")


def _stream(subject: Subject, rounds: int) -> list[str] | None:
    made = None if subject.is_socket else _long_stream(subject)
    if made is None:
        return None
    content, repeated = made
    chunks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
    response = subject.exchange.response

    def hear() -> None:
        reader = subject.format.stream_reader(response)
        for chunk in chunks:
            reader.feed(chunk)
        reader.finish()

    def go_over() -> None:
        for chunk in chunks:
            for _ in chunk:
                pass

    pairs = [(_seconds(hear), _seconds(go_over)) for _ in range(rounds)]
    rate = len(content) / median(own for own, _ in pairs) / 1e6
    return [f"`{subject.exchange.format}`", f"{rate:,.1f}", f"{median(own / least for own, least in pairs):.2f}", repeated]


def _long_stream(subject: Subject) -> tuple[bytes, str] | None:
    events = _events(subject.exchange.answer)
    if len(events) < 2:
        return None
    heard = [len(_heard(subject, _repeated(events, index, 3))) for index in range(len(events))]
    usual = len(_heard(subject, events))
    best = max(range(len(events)), key=lambda index: heard[index])
    if heard[best] <= usual:
        best = max(range(len(events)), key=lambda index: len(events[index]))
        return b"".join(_repeated(events, best, STREAM // len(events[best]))), "largest event"
    return b"".join(_repeated(events, best, STREAM // len(events[best]))), "text event"


def _repeated(events: Sequence[bytes], index: int, often: int) -> list[bytes]:
    return [*events[:index], *[events[index]] * often, *events[index + 1 :]]


def _heard(subject: Subject, events: Sequence[bytes]) -> str:
    reader = subject.format.stream_reader(subject.exchange.response)
    reader.feed(b"".join(events))
    answer = reader.finish()
    return answer.text + answer.reasoning


def _events(answer: bytes) -> list[bytes]:
    """The pieces of a stream that stand for themselves: frames with a length before them, events, or lines."""
    for head, length_of in ((4, lambda at: _number(at[:4])), (5, lambda at: _number(at[1:5]) + 5)):
        frames = list(_frames(answer, head, length_of))
        if len(frames) > 1 and sum(map(len, frames)) == len(answer):
            return frames
    if b"\n\n" in answer:
        return [event + b"\n\n" for event in answer.split(b"\n\n") if event]
    return [line + b"\n" for line in answer.split(b"\n") if line] if answer.count(b"\n") > 1 else [answer]


def _frames(content: bytes, head: int, length_of: Callable[[bytes], int]) -> Iterator[bytes]:
    at = 0
    while at + head <= len(content):
        length = length_of(content[at : at + head])
        if not head <= length <= len(content) - at:
            return
        yield content[at : at + length]
        at += length


def _number(digits: bytes) -> int:
    return int.from_bytes(digits, "big")


if __name__ == "__main__":
    main()
