"""What redacting adds to one request, in this process: planning, writing the body anew, reading it again, the last look.

A part of the benchmarks (see `parts.py`); run alone, it prints the same as JSON. The examination is not in it: a rule
that blocks needs the same. CPU time, the median of many.
"""

import json
import statistics
import time
from collections.abc import Callable

from lockgate.apps.formats.registry import FORMATS, sniff
from lockgate.facts.addition import Added
from lockgate.facts.decision import Decision, Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, ExaminationState, Finding, Span
from lockgate.facts.redaction import Redact, Stand
from lockgate.facts.traffic import Body, Headers, Request, Response
from lockgate.gate.answer_frames import frames_for
from lockgate.gate.context import GateContext
from lockgate.gate.placeholders import Placeholders
from lockgate.gate.reading import read_request
from lockgate.gate.redacting import Redacted, redacted
from lockgate.gate.rewriting import HeldRequest, rewrite_request
from lockgate.home.home import Home, built_in_data
from lockgate.home.load import load_library
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import Vocabulary, compile_policy

ROUNDS = 200
SENTENCE = "The quarterly figures of the northern branch are due on Friday; please write to {} about row {}. "
REQUEST = Request(
    method="POST", scheme="https", host="api.openai.com", port=443, path="/v1/chat/completions",
    headers=Headers((("content-type", "application/json"),)),
)  # fmt: skip


def conversation(size: int, values: int) -> tuple[bytes, list[str]]:
    """A chat of about `size` bytes with so many values in it, each of them twice."""
    wanted = [f"person.{number}@mail.example" for number in range(values)]
    texts: list[str] = []
    while sum(map(len, texts)) < size - 1000:
        texts.append("".join(SENTENCE.format("everybody", len(texts) * 10 + row) for row in range(9)))
    for number, value in enumerate(wanted * 2):
        texts[number % len(texts)] += SENTENCE.format(value, number)
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    return json.dumps({"model": "gpt-5", "stream": True, "messages": messages}).encode(), wanted


def median_us(work: Callable[[], object]) -> float:
    """The median of many runs, in microseconds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        work()
        taken.append(time.process_time_ns() - started)
    return statistics.median(taken) / 1000


def measure(context: GateContext, name: str, size: int, values: int) -> dict[str, object]:
    """One row."""
    content, wanted = conversation(size, values)
    app = context.library.match(REQUEST)
    body = Body(content=content)
    reading = read_request(context, app, REQUEST, body)
    findings = tuple(
        Finding(
            detector="email-address", profiles=("pii",), detection_confidence=DetectionConfidence.HIGH, mask="[e-mail]",
            span=Span(turn=index, part=number, start=start, end=start + len(value)),
        )
        for index, turn in enumerate(reading.conversation.turns)
        for number, part in enumerate(turn.parts)
        for value in wanted
        if (start := part.text.find(f" {value} ") + 1)
    )  # fmt: skip
    rule = Redact(profiles=frozenset({"pii"}), stands=Stand.PLACEHOLDER, reinsert=True)
    decision = Decision(verdict=Verdict.ALLOW, reason=Reason.DEFAULT, added=(Added(rule="a", addition=rule),))
    held = HeldRequest(app=app, request=REQUEST, body=body, state=ExaminationState.COMPLETE, format=FORMATS["openai-chat"])

    def whole() -> tuple[Redacted, bytes]:
        plan = redacted(decision, reading.conversation, findings, Placeholders(b"k" * 32, "ana", "openai-api"))
        return plan, rewrite_request(context, held, plan)

    plan, left = whole()
    if any(value.encode() in left for value in wanted):
        raise AssertionError("a value was left")
    event = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":" word"}}]}\n\n'
    answer = Response(status=200, headers=Headers((("content-type", "text/event-stream"),)))
    frames = frames_for(plan.put_back, answer, wants_stream=True)
    return {
        "name": name,
        "bytes": len(content),
        "values": len(wanted),
        "read_us": median_us(lambda: read_request(context, app, REQUEST, body)),
        "nothing_us": median_us(lambda: redacted(decision, reading.conversation, (), Placeholders(b"k", "ana", "x"))),
        "redact_us": median_us(whole),
        "event_us": median_us(lambda: frames.feed(event)),
    }


def main() -> None:
    """Print every row."""
    library = load_library(Home(built_in_data()))
    ruleset = compile_policy(parse_yaml("version: 1\ndefault: allow\nrules: []\n", "bench.yaml"), Vocabulary())
    context = GateContext(ruleset=ruleset, library=library, sniff=sniff)
    rows = (
        ("4 KB, 1 value", 4_096, 1),
        ("4 KB, 10 values", 4_096, 10),
        ("64 KB, 1 value", 65_536, 1),
        ("64 KB, 100 values", 65_536, 100),
    )
    print(json.dumps([measure(context, *row) for row in rows]))


if __name__ == "__main__":
    main()
