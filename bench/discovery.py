"""`make bench-discovery`: how often discovery takes an ordinary web API for a chat with a model, and how many chats it notices.

Separate from `run.py`: no traffic, no time, only counts, which are the same on every machine.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from exchanges import Exchange, known
from lockgate.apps.discovery import answer_signs, may_answer_as_model, request_signs, together
from lockgate.apps.formats.json_text import Parsed, parse_json
from lockgate.apps.formats.registry import sniff
from lockgate.facts.discovery import Discovery
from lockgate.facts.traffic import Body, Request
from ordinary import AMAZON_AI, GOOGLE_AI, by_hand, of_amazon, of_google
from report import PAGE, markdown, today, write_into


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-discovery", description="Count false and missed discoveries.")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/reference/benchmarks.md")
    given = parser.parse_args()
    text = "\n".join([f"`make bench-discovery` on {today()}.", "", *false_alarms(), "", *recall()])
    print(text)
    if given.write:
        write_into(PAGE, text, "discovery")


def discovered(request: Request, content: bytes) -> Discovery:
    """What the gate sees in a request to a host outside the library."""
    found = sniff(request, Body(content=content))
    parsed = parse_json(content)
    return request_signs(request, found.id if found else "", parsed.value if isinstance(parsed, Parsed) else None)


def false_alarms() -> Iterator[str]:
    """Ordinary requests that are taken for one to a model."""
    asked, wrong = Counter[str](), Counter[str]()
    apis: dict[str, set[str]] = {}
    listed = Counter[tuple[str, ...]]()
    for each in (*by_hand(), *of_amazon(), *of_google()):
        asked[each.source] += 1
        apis.setdefault(each.source, set()).add(each.api)
        found = discovered(each.request, json.dumps(each.document).encode())
        if found.is_ai:
            wrong[each.source] += 1
            listed[each.source, each.api, "; ".join(found.signs)] += 1
    yield from ("### False discoveries", "")
    yield (
        "Requests of ordinary web APIs, and how many are taken for one to a model. Amazon's and Google's are every operation "
        "with a JSON body that botocore and google-api-python-client describe, filled with neutral values or the vendor's "
        f"example; their own AI services are left out (names matching `{AMAZON_AI.pattern}` and `{GOOGLE_AI.pattern}`). The "
        "interval is Wilson's at 95 %, as if requests were independent; those of one API are not quite. "
        "No weight was tuned on these requests."
    )
    yield ""
    rows = [[source, *_rate(wrong[source], count), f"{len(apis[source]):,}"] for source, count in asked.items()]
    total = ["all", *_rate(wrong.total(), asked.total()), f"{sum(map(len, apis.values())):,}"]
    yield from markdown(("", "requests", "false", "rate", "95 %", "APIs"), [*rows, total])
    if listed:
        yield from ("", "Every false discovery:", "")
        yield from markdown(("set", "API", "signs", "requests"), [[*key, str(count)] for key, count in sorted(listed.items())])


def recall() -> Iterator[str]:
    """The prompts of the library's samples, as if nobody had described their apps."""
    by_format: dict[str, list[tuple[bool, bool]]] = {}
    for exchange in known().exchanges:
        if exchange.content and exchange.prompt and not exchange.request.is_websocket_upgrade:
            by_format.setdefault(exchange.format, []).append(_noticed(exchange))
    yield from ("### Discovered prompts", "")
    yield (
        "Every sample of an app file with a prompt in its body, sent to `unknown.example` at the path `/api/x`. `by its "
        "answer`: also with the first 8 KiB of the sample's answer, where it has one. Formats that app files describe are one "
        "row: their shapes are private to one app, and what is not discovered there is told by nothing but words."
    )
    yield ""
    code = {name: found for name, found in by_format.items() if "/" not in name}
    rows = [[f"`{name}`", *_shares(found)] for name, found in sorted(code.items())]
    described = [each for name, found in by_format.items() if "/" in name for each in found]
    rows.append(["described in app files", *_shares(described)])
    rows.append(["all", *_shares([each for found in by_format.values() for each in found])])
    yield from markdown(("format", "samples", "by the request", "or by its answer"), rows)


def _noticed(exchange: Exchange) -> tuple[bool, bool]:
    kept = ("content-type", "connect-protocol-version")
    headers = replace(exchange.request.headers, pairs=tuple(pair for pair in exchange.request.headers.pairs if pair[0] in kept))
    request = replace(exchange.request, host="unknown.example", path="/api/x", query="", headers=headers)
    asked = discovered(request, exchange.content)
    if exchange.response is None or not may_answer_as_model(exchange.response):
        return asked.is_ai, asked.is_ai
    return asked.is_ai, together(asked, answer_signs(exchange.response, exchange.answer[: 8 * 1024])).is_ai


def _shares(found: list[tuple[bool, bool]]) -> list[str]:
    counts = (sum(request for request, _ in found), sum(answer for _, answer in found))
    return [str(len(found)), *(f"{count} ({count / max(len(found), 1):.0%})" for count in counts)]


def _rate(wrong: int, asked: int) -> list[str]:
    """Counts, rate and Wilson's interval (https://doi.org/10.1080/01621459.1927.10502953)."""
    z, share = 1.96, wrong / asked
    middle, spread = share + z * z / (2 * asked), z * math.sqrt(share * (1 - share) / asked + z * z / (4 * asked * asked))
    low, high = ((middle + sign * spread) / (1 + z * z / asked) for sign in (-1, 1))
    return [f"{asked:,}", f"{wrong:,}", f"{share:.2%}", f"{max(low, 0):.2%}-{high:.2%}"]


if __name__ == "__main__":
    main()
