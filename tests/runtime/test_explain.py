"""Explaining gives the proxy's answer: same people, same limits, same body, same gate."""

import gzip
import json
import socket
from datetime import UTC, datetime
from itertools import product

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockgate.dlp.scan import Scanner
from lockgate.facts.decision import Reason, Verdict
from lockgate.facts.problem import UsageError
from lockgate.facts.traffic import Headers, IdentifiedBy, Request
from lockgate.gate.decode import decode_body
from lockgate.gate.effects import Examine, Forward, Hold, Intercept, Refuse, Tunnel
from lockgate.gate.events import Connecting, Examined, RequestBodySeen, RequestHeadersSeen
from lockgate.gate.exchange import Exchange
from lockgate.identity import Identifier, LoginRequired, hash_password
from lockgate.runtime.examiner import Examiner
from lockgate.runtime.explain import Question, explain
from lockgate.runtime.persona import Persona
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.testing.builders import NOON, chat
from lockgate.testing.playbook import Playbook

CHAT = "https://api.openai.com/v1/chat/completions"
SECRET = "my password = 'kx8Lq2-Vt91mWz'"
LIMIT = 1 << 20
POLICY = """
version: 1
default: allow
on_uninspectable: block
do_not_inspect:
  - {id: private, when: {host: bank.example}}
rules:
  - {id: not-contractors, when: {user.groups: contractors, app.id: claude}, then: block}
  - {id: not-the-lab, when: {user.identified_by: address_table, app.id: gemini}, then: block}
  - {id: elsewhere, when: {app.id: deepseek}, then: {redirect: {to: "https://assistant.example.com/"}}}
  - {id: read-first, message: Read this., when: {app.id: perplexity}, then: coach}
  - {id: no-secrets, when: {app.known: true, operation.carries_payload: true, dlp.profiles: credentials}, then: block}
"""
SETTINGS = """
policy: policies/own.yaml
listen: 127.0.0.1:8080
decrypt: library
clients: {allowed_networks: [10.0.0.0/8, 2001:db8::/32]}
destinations: {allow_private: [10.2.0.0/16]}
upstream: {connect_to: {inside.example: "192.168.7.7:443"}}
examination: {max_body_mib: 1}
"""
USERS = """
users:
  - {name: ada, password: "HASH", groups: [contractors]}
  - {name: gone, password: "HASH", groups: [contractors], disabled: true}
addresses:
  - {network: 10.9.0.0/16, user: kim, groups: [contractors]}
"""


def made(home, settings=SETTINGS):
    (home.path / "policies" / "own.yaml").write_text(POLICY)
    home.settings_file.write_text(settings)
    home.users_file.write_text(USERS.replace("HASH", hash_password("correct horse")))
    return SnapshotBuilder(home).build()


@pytest.fixture(scope="module")
def snapshot(ready_home, tmp_path_factory):
    return made(ready_home(tmp_path_factory.mktemp("explain") / "home"))


@pytest.fixture(scope="module")
def scanner(snapshot):
    return Scanner.open(snapshot.detectors)


def question(url, content=b"", *, method=None, headers=(), address="127.0.0.1", user=None, groups=()):  # noqa: PLR0913
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    host, _, port = host.partition(":")
    request = Request(
        method=method or ("POST" if content else "GET"), scheme=scheme, host=host,
        port=int(port or {"http": 80, "https": 443}[scheme]), path=slash + path or "/", headers=Headers(tuple(headers)),
    )  # fmt: skip
    who = Persona.of(address=address, user=user, groups=groups)
    return Question(asked_as=who, request=request, content=content, at=datetime.now(UTC))


@pytest.fixture
def ask(snapshot, scanner):
    return lambda *what, **how: explain(snapshot, scanner, question(*what, **how))


def outcome(explanation):
    return explanation.decision.verdict, explanation.decision.reason, explanation.decision.rule


# --- who


def test_a_user_is_in_the_groups_of_users_yaml(ask):
    answer = ask("https://claude.ai/", user="ada")
    assert outcome(answer) == (Verdict.BLOCK, Reason.RULE, "not-contractors")
    assert answer.sheet.client.identified_by is IdentifiedBy.PROXY_LOGIN


def test_without_a_user_the_address_table_says_who_it_is(ask):
    answer = ask("https://claude.ai/", address="10.9.1.1")
    assert outcome(answer) == (Verdict.BLOCK, Reason.RULE, "not-contractors")
    client = answer.sheet.client
    assert (client.user, client.groups, client.identified_by) == ("kim", ("contractors",), IdentifiedBy.ADDRESS_TABLE)
    assert ask("https://gemini.google.com/", address="::ffff:10.9.1.1").decision.rule == "not-the-lab"
    assert ask("https://claude.ai/", address="10.8.1.1").decision.verdict is Verdict.ALLOW


def test_a_login_says_more_than_an_address(ask):
    client = ask("https://claude.ai/", address="10.9.1.1", user="ada").sheet.client
    assert (client.user, client.identified_by) == ("ada", IdentifiedBy.PROXY_LOGIN)


def test_groups_that_are_given_are_in_place_of_the_known_ones(ask):
    assert ask("https://claude.ai/", user="ada", groups=("staff",)).decision.verdict is Verdict.ALLOW
    assert ask("https://claude.ai/", user="new", groups=("contractors",)).decision.rule == "not-contractors"
    assert ask("https://claude.ai/", groups=("contractors",)).decision.rule == "not-contractors"


def test_a_user_nobody_knows_is_a_mistake_that_names_the_nearest(ask):
    with pytest.raises(UsageError, match=r"no user `adda` in .*users.yaml\n  did you mean `ada`\?"):
        ask("https://claude.ai/", user="adda")
    with pytest.raises(UsageError, match=r"users: ada, gone, kim, or name groups"):
        ask("https://claude.ai/", user="somebody-else")


def test_somebody_of_the_address_table_is_asked_about_by_address(ask):
    with pytest.raises(UsageError, match=r"`kim` does not log in.*\n.*--address 10.9.0.0"):
        ask("https://claude.ai/", user="kim")
    assert ask("https://claude.ai/", user="kim", address="10.9.0.0").sheet.client.user == "kim"


def test_a_disabled_user_cannot_log_in(ask):
    assert outcome(ask("https://claude.ai/", user="gone")) == (Verdict.BLOCK, Reason.LOGIN_REQUIRED, None)


def test_where_login_is_required_nobody_passes_without(ready_home, tmp_path, scanner):
    settings = SETTINGS.replace("{allowed_networks: [10.0.0.0/8, 2001:db8::/32]}", "{login: true}")
    snapshot = made(ready_home(tmp_path / "home"), settings)

    def verdict(url, **how):
        return outcome(explain(snapshot, scanner, question(url, **how)))[:2]

    assert verdict("https://chatgpt.com/") == (Verdict.BLOCK, Reason.LOGIN_REQUIRED)
    assert verdict("http://chatgpt.com/") == (Verdict.BLOCK, Reason.LOGIN_REQUIRED)
    assert verdict("https://chatgpt.com/", user="ada")[0] is Verdict.ALLOW
    assert verdict("https://chatgpt.com/", user="ada", address="203.0.113.9")[0] is Verdict.ALLOW
    assert verdict("https://chatgpt.com/", address="203.0.113.9") == (Verdict.BLOCK, Reason.LOGIN_REQUIRED)
    assert verdict("https://chatgpt.com/", address="10.9.1.1")[0] is Verdict.ALLOW
    assert verdict("https://chatgpt.com/", groups=("staff",))[0] is Verdict.ALLOW


def test_an_address_that_may_not_connect_is_never_asked_further(ask):
    answer = ask("https://claude.ai/", address="203.0.113.9")
    assert (answer.connection, *outcome(answer)) == ("closed", Verdict.BLOCK, Reason.CLIENT_NOT_ALLOWED, None)
    assert ask("https://chatgpt.com/", address="2001:db8::7").decision.verdict is Verdict.ALLOW


@pytest.mark.parametrize("nonsense", ["foo", "", "10.0.0", "10.0.0.0/8", "127.0.0.1:80"])
def test_what_is_no_address_is_refused(nonsense):
    with pytest.raises(UsageError, match=r"is not an IP address\n  for example"):
        Persona.of(address=nonsense)


# --- where to


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1:8080/", Reason.GATEWAY_OWN_ADDRESS),
        ("http://127.0.0.1:9464/metrics", Reason.GATEWAY_OWN_ADDRESS),
        ("https://localhost:8080/", Reason.GATEWAY_OWN_ADDRESS),
        ("http://127.0.0.1:5000/", Reason.PRIVATE_DESTINATION),
        ("http://127.1:5000/", Reason.PRIVATE_DESTINATION),
        ("http://localhost:5000/", Reason.PRIVATE_DESTINATION),
        ("https://192.168.1.1/", Reason.PRIVATE_DESTINATION),
        ("https://169.254.169.254/", Reason.PRIVATE_DESTINATION),
        ("https://3232235777/", Reason.PRIVATE_DESTINATION),
    ],
)
def test_an_address_the_proxy_never_reaches_is_refused_before_policy(ask, url, reason):
    answer = ask(url)
    assert (answer.decision.verdict, answer.decision.reason, answer.unresolved) == (Verdict.BLOCK, reason, False)


@pytest.mark.parametrize("url", ["https://1.1.1.1/", "https://10.2.3.4/", "https://inside.example/"])
def test_what_may_be_reached_is_not_refused(ask, url):
    answer = ask(url)
    assert (answer.decision.verdict, answer.unresolved) == (Verdict.TUNNEL, False)


def test_a_name_is_not_resolved_and_the_answer_says_so(ask, monkeypatch):
    def asked(*_args, flags=0, **_how):
        assert flags & socket.AI_NUMERICHOST
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", asked)
    assert ask("https://chatgpt.com/").unresolved
    assert ask("https://www.example.org/").unresolved


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "http://localhost:8080/ca.pem", "https://lockgate.internal/"])
def test_the_gateways_own_pages_are_answered_by_itself(ask, url):
    answer = ask(url)
    assert (answer.connection, *outcome(answer)) == ("portal", Verdict.ALLOW, Reason.PORTAL, None)


def test_a_host_header_for_another_host_is_refused(ask):
    for hosts in (["claude.ai"], ["chatgpt.com", "claude.ai"]):
        fronted = ask("https://chatgpt.com/", headers=[("host", host) for host in hosts])
        assert outcome(fronted) == (Verdict.BLOCK, Reason.MALFORMED_REQUEST, None)
    assert ask("https://chatgpt.com/", headers=[("host", "ChatGPT.com:443")]).decision.verdict is Verdict.ALLOW


# --- the body

ENCODERS = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress, "identity": bytes}


@pytest.mark.parametrize("coding", ENCODERS)
def test_a_body_is_decoded_as_the_proxy_does(ask, coding):
    def verdict(text):
        content = ENCODERS[coding](chat(text))
        return ask(CHAT, content, headers=[("content-type", "application/json"), ("content-encoding", coding)])

    assert outcome(verdict(SECRET)) == (Verdict.BLOCK, Reason.RULE, "no-secrets")
    harmless = verdict("hello")
    assert (harmless.decision.verdict, harmless.sheet.examination.state) == (Verdict.ALLOW, "complete")


def test_an_unknown_coding_stays_undecodable(ask):
    answer = ask(CHAT, b"...", headers=[("content-encoding", "snappy")])
    assert (*outcome(answer)[:2], answer.sheet.examination.state) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "undecodable")


def test_a_body_over_the_limit_is_truncated_before_and_after_decoding(ask):
    long = chat("hello " * (LIMIT // 6 + 1))
    for content, headers in ((long, []), (gzip.compress(long), [("content-encoding", "gzip")])):
        answer = ask(CHAT, content, headers=[("content-type", "application/json"), *headers])
        assert (*outcome(answer)[:2], answer.sheet.examination.state) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "truncated")


def test_a_length_that_is_only_said_counts_as_well(ask):
    answer = ask(CHAT, b"{}", headers=[("content-length", str(LIMIT + 1))])
    assert (*outcome(answer)[:2], answer.sheet.examination.state) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "truncated")


# --- messages of WebSockets

SOCKET = "https://api.openai.com/v1/responses"
UPGRADE = [("connection", "Upgrade"), ("upgrade", "websocket")]


def said(text):
    return json.dumps({"type": "response.create", "model": "gpt-5", "input": text}).encode()


def test_a_websocket_is_judged_by_its_head_and_a_message_by_what_it_says(ask):
    opened = ask(SOCKET, headers=UPGRADE)
    assert (opened.decision.verdict, opened.sheet.conversation.turns) == (Verdict.ALLOW, ())
    harmless = ask(SOCKET, said("hello"), method="GET", headers=UPGRADE)
    assert (harmless.decision.verdict, harmless.sheet.conversation.prompt.typed_text) == (Verdict.ALLOW, "hello")
    assert outcome(ask(SOCKET, said(SECRET), method="GET", headers=UPGRADE)) == (Verdict.BLOCK, Reason.RULE, "no-secrets")


def test_a_binary_message_nobody_can_read_is_not_looked_into(ask):
    answer = ask(SOCKET, b"\x00\xff" * 9, method="GET", headers=UPGRADE)
    assert (*outcome(answer)[:2], answer.sheet.examination.state) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "undecodable")


def test_a_message_over_the_limit_is_truncated(ask):
    answer = ask(SOCKET, said("hello " * (LIMIT // 6 + 1)), method="GET", headers=UPGRADE)
    assert (*outcome(answer)[:2], answer.sheet.examination.state) == (Verdict.BLOCK, Reason.UNINSPECTABLE, "truncated")


# --- parity


async def proxied(snapshot, examiner, asked, authorization=None):
    """The same request, driven as the proxy drives the gate: its own identifier, its own examiner, event by event."""
    request, limit = asked.request, snapshot.settings.examination.max_body_mib << 20
    who = await Identifier(snapshot.users).identify(asked.asked_as.address, authorization)
    assert not isinstance(who, LoginRequired)
    if request.scheme == "https":
        play = Playbook(Exchange("tunnel", snapshot.gate))
        play >> Connecting(at=NOON, client=who, host=request.host, port=request.port) << object
        if not isinstance(play.last, Intercept):
            return play.exchange
    play = Playbook(Exchange("request", snapshot.gate))
    play >> RequestHeadersSeen(at=NOON, client=who, request=request, has_body=bool(asked.content)) << object
    while not isinstance(play.last, Forward | Refuse | Tunnel):
        match play.last:
            case Hold():
                body = decode_body(asked.content, request.headers.get("content-encoding"), limit)
                play >> RequestBodySeen(body=body) << object
            case Examine() as wanted:
                found = await examiner.examine(wanted.conversation, wanted.profiles, wanted.topics)
                play >> Examined(examination=found) << object
    return play.exchange


TEXTS = {
    "harmless": chat("hello"),
    "secret": chat(SECRET),
    "history": chat("hello", SECRET, "I see."),
    "half a pair": json.dumps({"model": "m", "messages": [{"role": "user", "content": "\ud800"}]}).encode(),
    "bytes": b"\x00\xff" * 40,
    "nothing": b"",
}
HOSTS = ["api.openai.com/v1/chat/completions", "claude.ai/api/x", "chat.deepseek.com/", "www.perplexity.ai/", "bank.example/"]
HOSTS += ["example.org/"]


async def test_the_live_proxy_and_explain_decide_alike(snapshot, scanner):
    examiner = Examiner(snapshot.detectors, processes=1, deadline_seconds=60)
    await examiner.start()
    verdicts = set()
    try:
        for host, scheme, text, coding in product(HOSTS, ("https", "http"), TEXTS, ("identity", "gzip")):
            content = ENCODERS[coding](TEXTS[text]) if TEXTS[text] else b""
            headers = [("content-type", "application/json"), ("content-encoding", coding)]
            asked = question(f"{scheme}://{host}", content, headers=headers, address="10.9.1.1")
            explained, live = explain(snapshot, scanner, asked), await proxied(snapshot, examiner, asked)
            where = f"{scheme}://{host}, {text}, {coding}"
            assert explained.decision == live.decision, where
            assert looked(explained.sheet) == looked(live.sheet), where
            verdicts.add((live.decision.verdict, live.decision.reason))
    finally:
        await examiner.close()
    assert {verdict for verdict, _ in verdicts} == set(Verdict)
    assert {reason for _, reason in verdicts} >= {Reason.RULE, Reason.UNINSPECTABLE, Reason.DO_NOT_INSPECT, Reason.DEFAULT}


def looked(sheet):
    return sheet.app, sheet.examination and (sheet.examination.state, sheet.examination.findings)


@given(content=st.binary(max_size=300), coding=st.sampled_from(["", "gzip", "br", "zstd", "deflate", "x"]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_hostile_body_never_raises_and_never_passes_unseen(ask, content, coding):
    answer = ask(CHAT, content, method="POST", headers=[("content-encoding", coding)])
    assert answer.decision.verdict in (Verdict.ALLOW, Verdict.BLOCK)
    if answer.decision.verdict is Verdict.ALLOW and content:
        assert answer.sheet.examination.state == "complete"
