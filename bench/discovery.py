"""`make bench-discovery`: how often discovery takes an ordinary web API for a chat with a model, and how many chats it notices.

Separate from `run.py`: no traffic, only counts, which are the same on every machine, and the
time that noticing takes.
"""

import argparse
import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from everyday import TIMES, everyday
from exchanges import Exchange, known
from lockgate.apps.discovery import answer_signs, legible, may_answer_as_model, request_signs, together
from lockgate.apps.formats.registry import sniff
from lockgate.facts.discovery import Discovery
from lockgate.facts.traffic import Body, Request, Response
from ordinary import AMAZON_AI, GOOGLE_AI, Ordinary, by_hand, of_amazon, of_google
from report import PAGE, markdown, today, write_into

_HALVES = ("tuning", "held out")
_ANSWER = 8 * 1024
_KEPT = ("content-type", "accept", "connect-protocol-version")
_NUMBERS = ("openai-embeddings", "openai-completions", "openai-chat")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-discovery", description="Count false and missed discoveries.")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/reference/benchmarks.md")
    given = parser.parse_args()
    text = "\n".join([f"`make bench-discovery` on {today()}.", "", *false_alarms(), "", *recall(), "", *cost()])
    print(text)
    if given.write:
        write_into(PAGE, text, "discovery")


def half_of(name: str) -> str:
    """Which half an app or an API belongs to, by its name alone: words and weights were chosen on one half."""
    return _HALVES[hashlib.sha256(name.encode()).digest()[0] % 2]


def discovered(request: Request, content: bytes, *, shape: bool = True) -> Discovery:
    """What the gate sees in a request to a host outside the library; without `shape`, if no format fitted the body."""
    found = sniff(request, Body(content=content)) if shape else None
    return request_signs(request, found.id if found else "", legible(request, content))


def _with_answer(found: Discovery, response: Response | None, answer: bytes) -> Discovery:
    if response is None or not may_answer_as_model(response):
        return found
    return together(found, answer_signs(response, answer[:_ANSWER]))


def _ordinary() -> Iterator[Ordinary]:
    yield from by_hand()
    yield from everyday()
    yield from of_amazon()
    yield from of_google()


def false_alarms() -> Iterator[str]:
    """Ordinary requests that are taken for one to a model."""
    asked, wrong = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    apis: dict[str, set[str]] = {}
    listed = Counter[tuple[str, ...]]()
    for each in _ordinary():
        key = (half_of(each.api), each.source)
        asked[key] += 1
        apis.setdefault(each.source, set()).add(each.api)
        found = _with_answer(discovered(each.request, each.content), each.response, each.answer)
        if found.is_ai:
            wrong[key] += 1
            listed[each.source, each.api, key[0], "; ".join(found.signs)] += 1
    yield from ("### False discoveries", "")
    yield (
        "Requests of ordinary services with what answers them, and how many are taken for one to a model. `everyday` are "
        "those of chats, widgets, searches, editors and shops, the most like a chat with a model: shapes written by hand "
        f"from public references and clients (`bench/data/everyday.yaml`), each filled in {TIMES} times with other words. "
        "Amazon's and Google's are every operation with a JSON body that botocore and google-api-python-client describe, "
        "filled with neutral sentences or the vendor's example, and so are their answers; the vendors' own AI services "
        f"are left out by name (`{AMAZON_AI.pattern}` and `{GOOGLE_AI.pattern}`). Words and weights were chosen on one "
        "half of the services, by a digest of the service's name; the other half was held out. The interval is Wilson's "
        "at 95 %, as if requests were independent; those of one service are not quite."
    )
    yield ""
    sources = list(dict.fromkeys(source for _, source in asked))
    rows = [
        [source, *_rate(*(_sum(counts, source) for counts in (wrong, asked))), f"{len(apis[source]):,}"] for source in sources
    ]
    for half in _HALVES:
        of_half = [sum(count for (found, _), count in counts.items() if found == half) for counts in (wrong, asked)]
        rows.append([f"all, {half}", *_rate(*of_half), ""])
    rows.append(["all", *_rate(wrong.total(), asked.total()), f"{sum(map(len, apis.values())):,}"])
    yield from markdown(("", "requests", "false", "rate", "95 %", "services"), rows)
    if listed:
        yield from ("", "Every false discovery:", "")
        headings = ("set", "service", "half", "signs", "requests")
        yield from markdown(headings, [[*key, str(count)] for key, count in sorted(listed.items())])


def recall() -> Iterator[str]:
    """The prompts of the library's samples, as if nobody had described their apps."""
    prompts = [each for each in known().exchanges if each.content and each.prompt and not each.request.is_websocket_upgrade]
    yield from ("### Discovered prompts", "")
    yield (
        "Every sample of an app file with a prompt in its body, sent to `unknown.example`, without headers that name a "
        "vendor. `own path`: at the path that its app uses. `body alone`: at `/api/x`. `shape unknown`: at its own path, "
        "as if no format in the gateway had its shape: what tells a new app with a notation of its own. Each includes "
        "the first 8 KiB of the sample's answer, where it has one; `request alone` leaves that out. The halves are those "
        "of apps, as above. Formats that app files describe are one row: their shapes are private to one app. Many "
        f"samples of three formats differ in nothing but their app ({', '.join(f'`{name}`' for name in _NUMBERS)}); "
        "`other formats` are the rest of those in code."
    )
    yield ""
    rows = []
    for half in (*_HALVES, ""):
        of_half = [each for each in prompts if half in ("", half_of(each.app))]
        groups = (
            ("same for many apps", [each for each in of_half if each.format in _NUMBERS]),
            ("other formats", [each for each in of_half if "/" not in each.format and each.format not in _NUMBERS]),
            ("described in app files", [each for each in of_half if "/" in each.format]),
            ("all", of_half),
        )
        rows += [[f"{name}, {half or 'both halves'}", *_shares(found)] for name, found in groups]
    headings = ("", "samples", "own path", "request alone", "body alone", "shape unknown")
    yield from markdown(headings, rows)
    yield ""
    formats = sorted({each.format for each in prompts if "/" not in each.format})
    rows = [[f"`{name}`", *_shares([each for each in prompts if each.format == name])] for name in formats]
    yield from markdown(("format", *headings[1:]), rows)


def _noticed(exchange: Exchange) -> tuple[bool, bool, bool, bool]:
    pairs = tuple(pair for pair in exchange.request.headers.pairs if pair[0] in _KEPT)
    own = replace(exchange.request, host="unknown.example", headers=replace(exchange.request.headers, pairs=pairs))
    bare = replace(own, path="/api/x", query="")
    asked = discovered(own, exchange.content)
    others = (discovered(bare, exchange.content), discovered(own, exchange.content, shape=False))
    answered = [_with_answer(found, exchange.response, exchange.answer).is_ai for found in (asked, *others)]
    return answered[0], asked.is_ai, answered[1], answered[2]


def cost() -> Iterator[str]:
    """What noticing costs a request that passes."""
    yield from ("### What noticing costs", "")
    yield (
        "CPU microseconds for each of the everyday requests and those written by hand, sent to a host outside the "
        "library, after it has passed and beside what reading its JSON and comparing it with the formats takes: the "
        "signs of the request, and those of its answer."
    )
    yield ""
    read = [
        (each, sniff(each.request, Body(content=each.content)), legible(each.request, each.content))
        for each in (*by_hand(), *everyday())
    ]
    asked = sorted(
        _microseconds(partial(request_signs, each.request, found.id if found else "", body)) for each, found, body in read
    )
    heard = sorted(
        _microseconds(partial(answer_signs, each.response, each.answer))
        for each, _, _ in read
        if each.response is not None and may_answer_as_model(each.response)
    )
    rows = [["a request", *_percentiles(asked)], ["the beginning of an answer", *_percentiles(heard)]]
    yield from markdown(("", "median", "99 %", "most"), rows)


def _microseconds(work: Callable[[], object]) -> float:
    best = math.inf
    for _ in range(5):
        begun = time.thread_time_ns()
        work()
        best = min(best, (time.thread_time_ns() - begun) / 1000)
    return best


def _percentiles(taken: list[float]) -> list[str]:
    return [f"{taken[min(int(len(taken) * share), len(taken) - 1)]:.0f}" for share in (0.5, 0.99, 1.0)]


def _sum(counts: Counter[tuple[str, str]], source: str) -> int:
    return sum(count for (_, name), count in counts.items() if name == source)


def _shares(samples: list[Exchange]) -> list[str]:
    found = [_noticed(each) for each in samples]
    counts = [sum(column) for column in zip(*found, strict=True)] or [0] * 4
    return [str(len(found)), *(f"{count} ({count / max(len(found), 1):.0%})" for count in counts)]


def _rate(wrong: int, asked: int) -> list[str]:
    """Counts, rate and Wilson's interval (https://doi.org/10.1080/01621459.1927.10502953)."""
    z, share = 1.96, wrong / asked
    middle, spread = share + z * z / (2 * asked), z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    low, high = ((middle + sign * spread) / (1 + z * z / asked) for sign in (-1, 1))
    return [f"{asked:,}", f"{wrong:,}", f"{share:.2%}", f"{max(low, 0):.2%}-{high:.2%}"]


if __name__ == "__main__":
    main()
