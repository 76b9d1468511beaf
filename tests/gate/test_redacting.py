"""What is to be replaced leaves replaced, everywhere it stands, or nothing leaves."""

import json

import pytest
from ended import CHAT, CLOSED
from looking import look

from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.finding import ExaminationState
from lockgate.facts.redaction import Redaction
from lockgate.facts.traffic import Completeness, Headers, Response
from lockgate.gate.effects import Examine, Forward, Hold, Note, PassResponse, Refuse
from lockgate.gate.events import ResponseHeadersSeen
from lockgate.testing.builders import body, chat, client, head

SECRET, OTHER, MAIL = "key-1234-abcd", "key-9876-wxyz", "ana@mail.example"


def policy(redact="[credentials]", *more, on_uninspectable="block"):
    rules = "".join(
        f"  - {rule}\n" for rule in (f"{{id: clean, when: {{app.known: true}}, then: {{redact: {redact}}}}}", *more)
    )
    return f"default: allow\non_uninspectable: {on_uninspectable}\nrules:\n{rules}"


PLACEHOLDER = "{profiles: [credentials, pii], with: placeholder}"


def sent(exchange, content, *, url=CHAT, state=ExaminationState.COMPLETE, who=None, **headers):
    """What becomes of a request with this body: the last effect."""
    exchange >> head("POST", url, who=who, **headers) << Hold() >> body(content) << object
    while isinstance(exchange.last, Examine):
        exchange >> look(exchange.last, state=state) << object
    return exchange.last


def messages(effect):
    return [message["content"] for message in json.loads(effect.content)["messages"]]


def ended(exchange):
    exchange >> CLOSED << Note
    return exchange.last


def test_a_finding_leaves_as_its_mask_and_the_record_says_how_many(play):
    with play(policy()) as exchange:
        effect = sent(exchange, chat(f"use {SECRET} or {OTHER}, and write to {MAIL}"))
        note = ended(exchange)
    assert messages(effect) == [f"use [key ****] or [key ****], and write to {MAIL}"]
    assert (note.record.verdict, note.record.reason) == (Verdict.ALLOW, Reason.DEFAULT)
    assert note.record.redactions == (Redaction(rule="clean", detector="api-key", count=2),)
    assert [finding.mask for finding in note.record.findings] == ["[key ****]", "[key ****]"]


def test_what_holds_nothing_leaves_as_it_came(play):
    with play(policy()) as exchange:
        assert sent(exchange, chat("hello")) == Forward(streamed=False)
        assert ended(exchange).record.redactions == ()


def test_a_value_has_one_placeholder_in_all_turns_requests_and_workers(play):
    content = chat(f"{MAIL} again", f"I am {MAIL}, not bo@mail.example", "hello")
    seen = []
    for _ in range(2):
        with play(policy(PLACEHOLDER)) as exchange:
            seen.append(messages(sent(exchange, content)))
            ended(exchange)
    first, _, last = seen[0]
    word = last.removesuffix(" again")
    assert seen[0] == seen[1]
    assert word.startswith("[EMAIL_ADDRESS_")
    assert first.startswith(f"I am {word}, not [EMAIL_ADDRESS_")
    assert first.count(word) == 1


def test_another_person_or_app_has_other_placeholders(play):
    def word(who, url=CHAT):
        with play(policy(PLACEHOLDER)) as exchange:
            (text,) = messages(sent(exchange, chat(MAIL), who=who, url=url))
            ended(exchange)
        return text

    words = {word(client("ana")), word(client("bo")), word(client("ana"), "https://api.mistral.ai/v1/chat/completions")}
    assert len(words) == 3


def test_the_same_value_goes_where_no_detector_knows_it(play):
    """... in a member that says nothing to anybody, beside text that hides it from the detector, and in another escape."""
    content = json.dumps({
        "model": "gpt-5", "user": SECRET, "messages": [{"role": "user", "content": f"{SECRET}; x{SECRET}y"}],
    }).replace("key-", "k\\u0065y-", 1).encode()  # fmt: skip
    with play(policy()) as exchange:
        effect = sent(exchange, content)
        ended(exchange)
    assert SECRET not in json.dumps(json.loads(effect.content))


@pytest.mark.parametrize(
    "hidden",
    [
        {"metadata": {SECRET: "a name of a member"}},
        {"metadata": {"k\\u0065y-1234-abcd": "escaped twice"}},
    ],
    ids=["name", "escaped-name"],
)
def test_a_value_that_stands_where_nothing_is_rewritten_stops_all_of_it(play, hidden):
    content = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": SECRET}], **hidden}).encode()
    with play(policy()) as exchange:
        assert isinstance(sent(exchange, content), Refuse)
        record = ended(exchange).record
    assert (record.verdict, record.reason, record.rule) == (Verdict.BLOCK, Reason.CANNOT_REDACT, "clean")
    assert record.redactions == ()


def test_an_address_with_the_value_stops_it(play):
    with play(policy()) as exchange:
        effect = sent(exchange, chat("hello"), url=f"{CHAT}?note={SECRET}")
        record = ended(exchange).record
    assert isinstance(effect, Refuse)
    assert record.reason is Reason.CANNOT_REDACT
    assert "cannot be replaced" in effect.decision.message


def test_a_signed_body_stops_it(play):
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=x", "x_amz_content_sha256": "0" * 64}
    with play(policy()) as exchange:
        effect = sent(exchange, chat(SECRET), **signed)
        assert ended(exchange).record.reason is Reason.CANNOT_REDACT
    assert "signed" in effect.decision.message


def test_a_file_with_the_value_stops_it(play):
    url = "https://api.openai.com/v1/files"
    form = (
        f'--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nuse {SECRET}\r\n--b--\r\n'
    ).encode()  # fmt: skip
    with play(policy()) as exchange:
        effect = sent(exchange, form, url=url, content_type="multipart/form-data; boundary=b")
        record = ended(exchange).record
    left = effect.content if isinstance(effect, Forward) else b""
    assert SECRET.encode() not in left
    assert isinstance(effect, Forward) or record.reason is Reason.CANNOT_REDACT


@pytest.mark.parametrize("on_uninspectable", ["block", "allow"])
@pytest.mark.parametrize("state", [ExaminationState.TIMED_OUT, ExaminationState.CRASHED])
def test_a_look_that_failed_is_what_the_policy_says_it_is(play, state, on_uninspectable):
    with play(policy(on_uninspectable=on_uninspectable)) as exchange:
        effect = sent(exchange, chat(f"use {SECRET}"), state=state)
        record = ended(exchange).record
    if on_uninspectable == "block":
        assert isinstance(effect, Refuse)
        assert (record.reason, record.rule) == (Reason.UNINSPECTABLE, "clean")
    else:
        assert messages(effect) == ["use [key ****]"]


def test_a_body_of_which_only_the_beginning_is_there_is_not_rewritten(play):
    with play(policy(on_uninspectable="allow")) as exchange:
        exchange >> head("POST", CHAT) << Hold() >> body(chat(SECRET), Completeness.TRUNCATED) << Examine
        exchange >> look(exchange.last) << Refuse
        assert ended(exchange).record.reason is Reason.CANNOT_REDACT


def test_rules_add_up_and_the_first_that_covers_a_finding_says_how(play):
    more = "{id: too, then: {redact: {profiles: [credentials, pii], with: placeholder}}}"
    with play(policy("[credentials]", more)) as exchange:
        effect = sent(exchange, chat(f"{SECRET} {MAIL}"))
        record = ended(exchange).record
    (text,) = messages(effect)
    assert text.startswith("[key ****] [EMAIL_ADDRESS_")
    assert [(each.rule, each.detector) for each in record.redactions] == [("clean", "api-key"), ("too", "email-address")]


def test_a_rule_in_monitor_mode_replaces_nothing(play):
    rule = "default: allow\nrules:\n  - {id: a, when: {app.known: true}, then: {redact: [pii]}, mode: monitor}\n"
    with play(rule) as exchange:
        exchange >> head("POST", CHAT) << Forward(streamed=True)
        assert ended(exchange).record.monitored == ("a:redact",)


def test_a_block_below_stops_before_anything_is_looked_at(play):
    with play(policy("[pii]", "{id: no, when: {app.id: openai-api}, then: block}")) as exchange:
        exchange >> head("POST", CHAT) << Refuse
        assert ended(exchange).record.rule == "no"


@pytest.mark.parametrize("capture", [Capture.FULL, Capture.MASKED])
def test_what_is_captured_is_what_left(play, capture):
    keep = f"{{id: keep, then: {{capture: {capture}}}}}"
    look_too = "{id: watch, when: {dlp.profiles: pii}, then: {tag: mail}}"
    with play(policy("[credentials]", keep, look_too)) as exchange:
        sent(exchange, chat(f"{MAIL} x{SECRET}y {SECRET} {MAIL}"))
        captured = json.loads(ended(exchange).captured.text)
    mail = MAIL if capture is Capture.FULL else "[e-mail ****]"
    assert captured["prompt"] == [f"{mail} x[key ****] [key ****] {mail}"]


def test_what_did_not_leave_is_not_kept_in_plain_either(play):
    stop = "{id: no, when: {dlp.profiles: pii}, then: block}"
    for rules in (
        policy("[credentials]", "{id: keep, then: {capture: full}}", stop),
        policy("[credentials, pii]", "{id: keep, then: {capture: full}}"),
    ):
        with play(rules) as exchange:
            effect = sent(exchange, chat(f"{SECRET} of {MAIL}"), url=f"{CHAT}?note={MAIL}")
            note = ended(exchange)
        assert isinstance(effect, Refuse)
        assert note.captured is None or SECRET not in note.captured.text


def test_a_crash_while_rewriting_raises_to_the_fail_safe(play, monkeypatch):
    from lockgate.apps.formats.registry import FORMATS

    def broken(*_):
        raise KeyError("the format is broken")

    monkeypatch.setattr(FORMATS["openai-chat"], "rewrite_request", broken)
    exchange = play(policy())
    with pytest.raises(KeyError):
        sent(exchange, chat(SECRET))


def test_a_format_that_writes_something_else_is_caught(play, monkeypatch):
    from lockgate.apps.formats.registry import FORMATS

    for wrong in (chat("something else"), chat(f"[key ****] {SECRET}"), b"{}"):
        monkeypatch.setattr(FORMATS["openai-chat"], "rewrite_request", lambda *_, wrong=wrong: wrong)
        with play(policy()) as exchange:
            assert isinstance(sent(exchange, chat(SECRET)), Refuse)
            assert ended(exchange).record.reason is Reason.CANNOT_REDACT


PUT_BACK = "{profiles: [pii], with: placeholder, reinsert: true}"


def test_the_answer_gets_back_what_was_replaced_for_it(play):
    with play(policy(PUT_BACK)) as exchange:
        effect = sent(exchange, chat(f"write to {MAIL}"))
        word = messages(effect)[0].removeprefix("write to ")
        assert effect.listens
        json_answer = Response(status=200, headers=Headers((("content-type", "application/json"),)))
        exchange >> ResponseHeadersSeen(response=json_answer) << PassResponse(tap=False)
        frames = exchange.last.frames
        ended(exchange)
    answer = json.dumps({"choices": [{"message": {"content": f"{word} it is, not [EMAIL_ADDRESS_000000]"}}]}).encode()
    assert frames.feed(answer) == b""
    assert MAIL in json.loads(frames.finish())["choices"][0]["message"]["content"]


@pytest.mark.parametrize("redact", ["[pii]", "{profiles: [pii], with: placeholder}", PUT_BACK])
def test_an_answer_to_what_holds_nothing_to_put_back_passes_untouched(play, redact):
    with play(policy(redact)) as exchange:
        effect = sent(exchange, chat("hello" if redact == PUT_BACK else MAIL))
        assert not effect.listens
        exchange >> ResponseHeadersSeen(response=Response(status=200)) << PassResponse(tap=False)
        assert exchange.last.frames is None
        ended(exchange)
