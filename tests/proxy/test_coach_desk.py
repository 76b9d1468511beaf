"""The desk where people acknowledge: who may open what, which forms count, and what is said to whom."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import urlencode

import pytest

from lockgate.facts.coaching import Asked
from lockgate.facts.traffic import Client, Headers
from lockgate.proxy.coach_desk import CoachDesk, Visit
from lockgate.proxy.coach_links import CoachLinks
from lockgate.proxy.portal import PortalFacts
from lockgate.runtime.gateway import Gateway
from lockgate.runtime.snapshot import SnapshotBuilder
from lockgate.testing.builders import client, request

KEY = b"k" * 32
ORIGIN = "https://lockgate.internal"
REFERENCE = "00112233445566ff"
FACTS = PortalFacts(
    proxy_host="gateway.example.com", proxy_port=8080, ca_pem=b"", ca_der=b"", ca_p12=b"", ca_mobileconfig=b"",
    fingerprint="AA", gateway_name="Acme <Gateway>", contact="help@example.com",
)  # fmt: skip
POLICY = """
version: 1
default: allow
rules:
  - {id: read, message: "Names <stay> out.", when: {app.id: chatgpt}, then: {coach: {for: 1h}}}
  - {id: why, when: {app.id: claude}, then: {coach: {ask: justify}}}
  - {id: pick, when: {app.id: perplexity}, then: {coach: {ask: justify, choices: [Work, "R&D"], at_least: 5}}}
"""


@pytest.fixture
def clock():
    return [1_800_000_000.0]


@pytest.fixture
def gateway(tmp_path, ready_home):
    home = ready_home(tmp_path / "home")
    (home.path / "policies" / "own.yaml").write_text(POLICY)
    home.settings_file.write_text("policy: policies/own.yaml\n")
    return Gateway(SnapshotBuilder(home), lambda _record: None, None, 1)


@pytest.fixture
def desk(gateway, clock):
    return CoachDesk(gateway, KEY, lambda: FACTS, lambda: clock[0])


def visit(path="/coach", who=None, **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Visit(client=who or client("ada"), scheme="https", path=path, headers=Headers(pairs))


@pytest.fixture
def link(gateway, clock):
    def make(rule="read", app="chatgpt", method="GET"):
        known = gateway.snapshot.ruleset
        coaching = known.rule(rule).actions.coaching
        asked = Asked(subject="user:ada", rule=rule, app=app, terms=known.coached[rule], coaching=coaching)
        back = request(method, "https://chatgpt.com/c/1?q=x")
        return CoachLinks(KEY).page_link(asked, REFERENCE, back, int(clock[0])).removeprefix(ORIGIN)

    return make


def form_in(page):
    return unescape(re.findall(r'name="form" value="([^"]+)"', page.content.decode())[0])


def send(desk, page, origin=ORIGIN, who=None, **fields):
    content = urlencode({"form": form_in(page), **fields}).encode()
    return desk.take(visit(who=who, origin=origin), content)


def held(gateway, rule="read", app="chatgpt"):
    return gateway.acknowledged.latest("user:ada", rule, app)


def test_the_page_says_what_applies_before_it_asks(desk, link):
    page = desk.show(visit(link()))
    text = page.content.decode()
    assert page.status == 200
    for said in ("Before you use ChatGPT", "Names &lt;stay&gt; out.", "1 hour", "read", REFERENCE, "Acme &lt;Gateway&gt;"):
        assert said in text
    assert "<script" not in text


def test_an_answer_holds_as_long_as_the_rule_says_and_leads_back(desk, link, gateway, clock):
    answer = send(desk, desk.show(visit(link())))
    assert answer.status == 200
    assert 'content="2; url=https://chatgpt.com/c/1?q=x"' in answer.content.decode()
    given = held(gateway)
    assert (given.at, given.until, given.reference, given.choice) == (clock[0], clock[0] + 3600, REFERENCE, "")


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("", "20 characters at least, 20 more than now."),
        ("  too    short  ", "20 characters at least, 11 more than now."),
        (" \n" * 100, "20 characters at least, 20 more than now."),
        ("x" * 2001, "2000 characters at most."),
    ],
)
def test_what_is_missing_is_said_kindly_and_nothing_is_lost(desk, link, gateway, words, missing):
    page = send(desk, desk.show(visit(link("why", "claude"))), words=words)
    assert page.status == 422
    assert missing in page.content.decode()
    assert " ".join(words.split()) in page.content.decode()
    assert held(gateway, "why", "claude") is None
    assert send(desk, page, words="a comparison of two answers").status == 200
    assert held(gateway, "why", "claude").characters == 27


@pytest.mark.parametrize(("fields", "status"), [
    ({"choice": "R&D", "words": "hello there"}, 200),
    ({"choice": "R&D", "words": "hm"}, 422),
    ({"choice": "Fun", "words": "hello there"}, 422),
    ({"words": "hello there"}, 422),
])  # fmt: skip
def test_one_of_the_reasons_has_to_be_picked(desk, link, gateway, fields, status):
    page = send(desk, desk.show(visit(link("pick", "perplexity"))), **fields)
    assert page.status == status
    given = held(gateway, "pick", "perplexity")
    assert (given.choice if given else None) == ("R&D" if status == 200 else None)
    if fields.get("choice") == "R&D" and status == 422:
        assert 'value="R&amp;D" required checked' in page.content.decode()


def test_what_is_typed_is_shown_again_without_meaning_anything(desk, link):
    page = send(desk, desk.show(visit(link("why", "claude"))), words="<script>x</script>" * 200)
    assert b"<script>" not in page.content


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "null"}, {"origin": "http://lockgate.internal"}, {"origin": "https://lockgate.internal.example"},
        {"origin": ORIGIN, "sec_fetch_site": "cross-site"}, {"origin": ORIGIN, "sec_fetch_site": "none"},
    ],
)  # fmt: skip
def test_a_form_from_elsewhere_counts_for_nothing(desk, link, gateway, headers):
    form = form_in(desk.show(visit(link())))
    answer = desk.take(visit(**headers), urlencode({"form": form}).encode())
    assert answer.status == 403
    assert held(gateway) is None


@pytest.mark.parametrize("who", [client("bob"), client(address="198.51.100.7"), Client(address="ada")])
def test_strangers_are_told_nothing(desk, link, gateway, who):
    for page in (desk.show(visit(link(), who)), send(desk, desk.show(visit(link())), who=who)):
        assert page.status == 404
        assert not {"read", "ChatGPT", "ada"} & set(re.findall(r"\w+", page.content.decode()[-900:]))
    assert held(gateway) is None


def test_the_token_of_a_link_is_no_form(desk, link, gateway):
    token = link().rpartition("/")[2]
    assert desk.take(visit(origin=ORIGIN), f"form={token}".encode()).status == 404
    assert held(gateway) is None


def test_links_and_forms_end(desk, link, clock):
    opened = desk.show(visit(link()))
    old = link()
    clock[0] += 1801
    assert send(desk, opened).status == 404
    clock[0] += 1800
    assert desk.show(visit(old)).status == 404


def test_a_link_and_a_form_are_of_use_once(desk, link, gateway, clock):
    path = link()
    page = desk.show(visit(path))
    clock[0] += 5
    send(desk, page)
    first = held(gateway)
    clock[0] += 5
    again = send(desk, page)
    assert "You have answered this already" in again.content.decode()
    assert "You have answered this already" in desk.show(visit(path)).content.decode()
    assert held(gateway) == first


def test_a_used_link_does_not_bring_back_what_was_revoked(desk, link, gateway, clock):
    path = link()
    page = desk.show(visit(path))
    clock[0] += 5
    send(desk, page)
    revoked = replace(held(gateway), revoked_at=clock[0] + 1)
    gateway._acknowledged.current = gateway.acknowledged.after(revoked)
    clock[0] += 5
    assert send(desk, page).status == 410
    assert desk.show(visit(path)).status == 410
    assert held(gateway) == revoked
    assert desk.show(visit(link())).status == 200


def test_a_link_about_a_rule_that_changed_is_out_of_date(desk, link, gateway):
    path = link()
    page = desk.show(visit(path))
    home = gateway.snapshot.home
    (home.path / "policies" / "own.yaml").write_text(POLICY.replace("stay", "remain"))
    gateway.snapshot = SnapshotBuilder(home).build()
    assert desk.show(visit(path)).status == 410
    assert send(desk, page).status == 410
    assert held(gateway) is None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"form", b"a=1&" * 100, b"form=%ff", b"{}"])
def test_what_is_no_form_is_nobodys(desk, content):
    assert desk.take(visit(origin=ORIGIN), content).status == 404


def test_no_page_may_be_framed_and_only_the_question_has_a_form(desk, link):
    pages = (desk.show(visit(link())), desk.show(visit("/coach/x")), desk.take(visit(), b""))
    policies = [page.headers.get("content-security-policy") for page in pages]
    assert all("frame-ancestors 'none'" in policy and "default-src 'none'" in policy for policy in policies)
    assert ["form-action 'self'" in policy for policy in policies] == [True, False, False]
    assert {page.headers.get("referrer-policy") for page in pages} == {"same-origin"}
