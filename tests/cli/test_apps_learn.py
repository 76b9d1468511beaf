"""From a saved exchange to a draft that loads, with nothing in it that somebody wrote."""

import json

import pytest
import yaml
from mitmproxy import http, io
from mitmproxy.test import tflow

from lockgate.cli import cli
from lockgate.facts.problem import UsageError
from lockgate.facts.record import Record
from lockgate.home.home import find_home
from lockgate.store.sqlite import SqliteStore

TYPED = "tell me about herons please"
SAID = ("Herons ", "are birds ", "of the water.")
HOST = "chat.acme.example"
URL = f"https://{HOST}/api/v2/threads/9f31c2aa-1111-2222-3333-444455556666/say?token=hush"
BODY = {
    "thread_id": "9f31c2aa", "utterance": {"body": TYPED}, "model": "acme-large",
    "meta": {"user": "ada@example.com", "Ada Lovelace": 4, "flags": [True, None]},
}  # fmt: skip
EVENTS = [{"kind": "start"}, *({"kind": "tok", "bit": {"delta": text}} for text in SAID), {"kind": "end"}]
STREAM = "".join(f"data: {json.dumps(event)}\n\n" for event in EVENTS)
PRIVATE = (TYPED, "herons", "birds", "ada", "Lovelace", "hush", "secret", "9f31c2aa")


def har(tmp_path, *entries):
    file = tmp_path / "saved.har"
    file.write_text(json.dumps({"log": {"entries": list(entries)}}))
    return file


def entry(url=URL, body=BODY, stream=STREAM, media_type="text/event-stream", method="POST"):
    sent = [{"name": "Content-Type", "value": "application/json"}, {"name": "Cookie", "value": "s=secret"}]
    content = {"text": stream, "mimeType": media_type}
    return {
        "request": {"method": method, "url": url, "headers": sent, "postData": {"text": json.dumps(body)}},
        "response": {"status": 200, "headers": [{"name": "content-type", "value": media_type}], "content": content},
    }


@pytest.fixture
def home(tmp_path, ready_home):
    return ready_home(tmp_path / "home").path


@pytest.fixture
def learn(home, run):
    def learned(*arguments):
        result = run(cli, "--home", home, "apps", "learn", *arguments)
        assert result.exit_code == 0, result.output
        return result

    return learned


def test_a_described_draft_of_a_har_file_loads_as_it_is(learn, home, run, tmp_path):
    file = har(tmp_path, entry())
    target = home / "apps" / "acme.yaml"
    learn(file, "--typed", TYPED, "--answered", "".join(SAID), "--output", target)
    text = target.read_text()
    assert not [word for word in PRIVATE if word.lower() in text.lower()]
    draft = yaml.safe_load(text)
    (operation,) = draft["operations"]
    assert operation["path"] == "^/api/v2/threads/[^/]+/say$"
    assert operation["reads"]["prompt"] == "$.utterance.body"
    assert (operation["reads"]["model"], operation["reads"]["conversation"]) == ("$.model", "$.thread_id")
    assert operation["reads"]["answer"] == {"framing": "sse", "text": "$.bit.delta"}
    checked = run(cli, "--home", home, "apps", "check")
    assert checked.exit_code == 0, checked.output
    assert "Look at:" in text


def test_a_body_in_a_known_shape_gets_its_format(learn, tmp_path):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": TYPED}]}
    draft = yaml.safe_load(learn(har(tmp_path, entry(body=body))).stdout)
    (operation,) = draft["operations"]
    assert operation["format"] == "openai-chat"
    assert draft["samples"][0]["body"]["messages"] == [{"role": "user", "content": draft["samples"][0]["prompt"]}]


def test_a_stream_that_repeats_itself_is_told_from_one_that_adds(learn, tmp_path):
    grown = ["".join(SAID[: number + 1]) for number in range(len(SAID))]
    stream = "\n".join(json.dumps({"text": text}) for text in grown)
    saved = entry(body={"question": TYPED}, stream=stream, media_type="application/x-ndjson")
    draft = yaml.safe_load(learn(har(tmp_path, saved)).stdout)
    assert draft["operations"][0]["reads"]["answer"] == {"framing": "ndjson", "text": "$.text", "mode": "cumulative"}


def test_what_is_a_guess_is_called_one(learn, tmp_path):
    guessed = learn(har(tmp_path, entry(body={"question": TYPED}, stream="", media_type="text/plain"))).stdout
    assert "is a guess" in guessed
    assert "no answer was found" in guessed


def test_a_file_of_flows(learn, tmp_path):
    flow = tflow.tflow(resp=True)
    flow.request = http.Request.make("POST", URL, json.dumps(BODY), {"content-type": "application/json", "cookie": "s=secret"})
    flow.response = http.Response.make(200, STREAM, {"content-type": "text/event-stream"})
    file = tmp_path / "saved.flows"
    with file.open("wb") as opened:
        io.FlowWriter(opened).add(flow)
    text = learn(file, "--typed", TYPED, "--answered", SAID[0]).stdout
    assert yaml.safe_load(text)["operations"][0]["reads"]["prompt"] == "$.utterance.body"
    assert not [word for word in PRIVATE if word.lower() in text.lower()]


def test_a_record_gives_its_path_and_the_shape_of_its_body(learn, home):
    store = SqliteStore.for_writing(find_home(str(home)).records_db)
    store.append(
        [
            Record(
                id="r-1", started_at=1.0, duration_ms=1.0, kind="request", client_address="192.0.2.7", method="POST",
                scheme="https", host=HOST, port=443, path="/api/12/say", drift="unknown_path", shape="{q: text}",
            )
        ]
    )  # fmt: skip
    store.close()
    text = learn("r-1").stdout
    assert "{q: text}" in text
    assert yaml.safe_load(text)["operations"][0]["path"] == "^/api/[^/]+/say$"


def test_a_host_of_another_app_is_remarked_upon(learn, tmp_path):
    assert "belongs to app `chatgpt`" in learn(har(tmp_path, entry(url="https://chat.openai.com/api/new"))).stdout


@pytest.mark.parametrize(
    ("content", "help_text"),
    [("{}", "save all as HAR"), ("garbage", "mitmdump -w"), ('{"log": {"entries": []}}', "something was sent")],
)
def test_what_is_no_saved_exchange_is_refused(learn, tmp_path, content, help_text):
    file = tmp_path / "x"
    file.write_text(content)
    with pytest.raises(UsageError, match=help_text):
        learn(file)


def test_an_unknown_host_and_an_unknown_record_are_refused(learn, tmp_path):
    with pytest.raises(UsageError, match=HOST):
        learn(har(tmp_path, entry()), "--host", "elsewhere.example")
    with pytest.raises(UsageError, match="no file and no record"):
        learn("nothing-like-it")
