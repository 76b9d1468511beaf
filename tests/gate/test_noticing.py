"""What passes without a look is read along: an AI app nobody described and a known app that changed are noticed, and nothing
is held for it.
"""

import json
from dataclasses import replace

import pytest

from lockgate.apps.formats.sse import SseReader
from lockgate.facts.discovery import Drift
from lockgate.facts.traffic import Headers, Response
from lockgate.gate.context import DecryptScope
from lockgate.gate.effects import Forward, Hold, Note, PassResponse, Refuse
from lockgate.gate.events import Closed, RequestChunkSeen, ResponseChunkSeen, ResponseHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.testing.builders import body, head
from lockgate.testing.playbook import Playbook

UNKNOWN = "https://chat.example.net/api/send"
KNOWN = "https://api.openai.com/v1/brand-new"
CHAT = {"model": "acme-1", "messages": [{"role": "user", "content": "private words"}], "stream": True}
ALLOW = "default: allow\n"
STREAM = Response(status=200, headers=Headers((("content-type", "text/event-stream"),)))
JSON = {"content_type": "application/json"}


def record(playing):
    playing >> Closed(duration_ms=1.0) << Note
    return playing.last.record


def pieces(document):
    content = json.dumps(document).encode()
    return [RequestChunkSeen(chunk=content[start : start + 7]) for start in range(0, len(content), 7)]


def test_an_unknown_chat_passes_at_once_and_is_discovered_afterwards(play):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Forward(streamed=True, tap=True)
        for chunk in pieces(CHAT):
            playing >> chunk
        kept = record(playing)
    assert kept.discovered[0] == "a body in the shape of openai-chat"
    assert "private" not in repr(kept)
    assert (kept.app, kept.drift, kept.verdict) == ("", "", "allow")


def test_the_answer_of_an_unknown_model_gives_it_away(play):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Forward(streamed=True, tap=True)
        playing >> RequestChunkSeen(chunk=b'{"q": "hi"}')
        playing >> ResponseHeadersSeen(response=STREAM) << PassResponse(tap=True)
        playing >> ResponseChunkSeen(chunk=b'data: {"choices": [{"delta": {"content": "hi"}}]}\n\n')
        assert record(playing).discovered == ("an answer in the shape of a model's",)


def test_ordinary_traffic_of_unknown_hosts_is_not_discovered(play):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Forward(streamed=True, tap=True)
        playing >> RequestChunkSeen(chunk=b'{"q": "shoes", "page": 2}')
        kept = record(playing)
    assert (kept.discovered, kept.shape) == ((), "")


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", {}), ("POST", {"content_type": "image/png"}), ("POST", {"content_type": "application/octet-stream"})],
)
def test_pages_and_files_are_not_read_along(play, method, headers):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        has_body = method == "POST"
        playing >> head(method, UNKNOWN, has_body=has_body, **headers) << Forward(streamed=has_body, tap=False)


def test_a_rule_on_discovered_apps_holds_and_stops_them(play):
    policy = "default: allow\nrules:\n  - {id: shadow, when: {app.discovered: true}, then: block}\n"
    with play(policy, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Hold() >> body(json.dumps(CHAT).encode()) << Refuse
        kept = record(playing)
    assert (kept.rule, kept.discovered[:1]) == ("shadow", ("a body in the shape of openai-chat",))
    with play(policy, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Hold() >> body(b'{"q": "shoes"}') << Forward(streamed=False)
    with play(policy, decrypt=DecryptScope.ALL) as playing:
        playing >> head("GET", UNKNOWN, has_body=False) << Forward(streamed=False)


PROMPT_FORM = (
    b'--xYz\r\nContent-Disposition: form-data; name="model"\r\n\r\nsdxl-turbo\r\n'
    b'--xYz\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na private lighthouse at dusk\r\n'
    b'--xYz\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
)


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"content_type": "application/x-amz-json-1.1"}, json.dumps(CHAT).encode()),
        ({"content_type": "text/plain;charset=UTF-8"}, json.dumps(CHAT).encode()),
        ({"content_type": "multipart/form-data; boundary=xYz"}, PROMPT_FORM),
        ({"content_type": "multipart/form-data; boundary=xYz"}, PROMPT_FORM + b"\x00" * 400_000),
        ({"content_type": "application/x-www-form-urlencoded"}, b"prompt=a+private+lighthouse+at+dusk&model=sdxl-turbo"),
    ],
)
def test_a_prompt_is_noticed_in_every_coding_it_may_come_in(play, headers, content):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **headers) << Forward(streamed=True, tap=True)
        for start in range(0, len(content), 60_000):
            playing >> RequestChunkSeen(chunk=content[start : start + 60_000])
        kept = record(playing)
    assert kept.discovered
    assert "private" not in repr(kept)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/acme.v1.ChatService/StreamChat", True),
        ("/acme.v1.ChatService/SendMessage", False),
        ("/acme.v1.RoomService/Create", False),
    ],
)
def test_a_call_is_noticed_by_the_name_of_its_service(play, path, found):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", f"https://app.example.net{path}", content_type="application/connect+proto")
        playing << Forward(streamed=True, tap=True)
        playing >> RequestChunkSeen(chunk=b"\x00\x00\x00\x00\x09\x0a\x07see you")
        assert bool(record(playing).discovered) is found


TOKENS = b'data: {"text": "The "}\n\ndata: {"text": "Elbe."}\n\ndata: {"done": true}\n\n'


def test_an_answer_that_comes_a_few_letters_at_a_time_is_a_models(play):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Forward(streamed=True, tap=True)
        playing >> RequestChunkSeen(chunk=b'{"q": "name a river"}')
        playing >> ResponseHeadersSeen(response=STREAM) << PassResponse(tap=True)
        for start in range(0, len(TOKENS), 7):
            playing >> ResponseChunkSeen(chunk=TOKENS[start : start + 7])
        assert record(playing).discovered == ("an answer that comes a few letters at a time",)


def test_an_unknown_path_of_a_known_app_is_drift_with_its_shape_and_no_words(play):
    with play(ALLOW) as playing:
        playing >> head("POST", KNOWN, **JSON) << Forward(streamed=True, tap=True)
        for chunk in pieces({"odd": [{"text": "private words"}], "n": 1}):
            playing >> chunk
        kept = record(playing)
    assert (kept.app, kept.drift) == ("openai-api", Drift.UNKNOWN_PATH.value)
    assert kept.shape == "{n: number, odd: [{text: text}]}"
    assert "private" not in repr(kept)


def test_a_described_path_is_not_drift_and_not_read_along(play):
    with play(ALLOW) as playing:
        playing >> head("POST", "https://api.openai.com/v1/chat/completions", **JSON) << Forward(streamed=True, tap=False)
        kept = record(playing)
    assert (kept.drift, kept.shape) == ("", "")


DRIFT = "default: allow\nrules:\n  - {id: changed, when: {app.drift: [unreadable_body, nothing_said]}, then: block}\n"
PATH = "https://api.openai.com/v1/chat/completions"


@pytest.mark.parametrize(
    ("content", "drift"),
    [
        (b'{"model": "gpt-5", "turns": [{"words": "hi"}]}', Drift.UNREADABLE_BODY),
        (b"\x00\x01\x02", Drift.UNREADABLE_BODY),
        (b'{"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}', None),
    ],
)
def test_a_body_its_format_cannot_read_is_drift_that_a_rule_can_stop(play, content, drift):
    with play(DRIFT) as playing:
        playing >> head("POST", PATH, **JSON) << Hold() >> body(content) << (Refuse if drift else Forward)
        kept = record(playing)
    assert (kept.drift, kept.verdict) == (drift.value if drift else "", "block" if drift else "allow")


def test_what_is_too_long_to_keep_is_not_judged_by_its_beginning(play):
    with play(ALLOW, decrypt=DecryptScope.ALL) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Forward(streamed=True, tap=True)
        for _ in range(40):
            playing >> RequestChunkSeen(chunk=b" " * 10_000)
        assert record(playing).discovered == ()


def test_an_exchange_that_cannot_be_noticed_still_has_its_record(context_of):
    """What is noticed when all is over only adds to the record: a reader that fails must not cost it."""

    def fails(*_):
        raise TypeError("a hole in a reader")

    context = replace(context_of(ALLOW, decrypt=DecryptScope.ALL), sniff=fails)
    with Playbook(Exchange("exchange-1", context)) as playing:
        playing >> head("POST", UNKNOWN, **JSON) << Forward(streamed=True, tap=True)
        playing >> RequestChunkSeen(chunk=b'{"q": "hi"}')
        kept = record(playing)
    assert (kept.host, kept.verdict, kept.discovered) == ("chat.example.net", "allow", ())
    assert kept.error == "not all of it was noted: TypeError"


def test_an_answer_that_cannot_be_read_still_leaves_the_record(context_of, monkeypatch):
    context = context_of("default: allow\nrules: [{id: keep, then: {capture: full}}]\n")
    with Playbook(Exchange("exchange-1", context)) as playing:
        playing >> head("POST", "https://api.openai.com/v1/chat/completions") << Hold()
        playing >> body(json.dumps(CHAT).encode()) << Forward
        playing >> ResponseHeadersSeen(response=STREAM) << PassResponse(tap=True)
        monkeypatch.setattr(SseReader, "finish", lambda _: 1 / 0)
        kept = record(playing)
    assert (kept.app, kept.rule or kept.verdict) == ("openai-api", "allow")
    assert kept.error == "not all of it was noted: ZeroDivisionError"
