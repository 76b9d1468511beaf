"""Links to acknowledge: only their subject can open them, for what they are for, for a while."""

import pytest

from lockgate.facts.coaching import Asked, Coaching
from lockgate.proxy.coach_links import CoachLinks, Sealed, Ticket
from lockgate.testing.builders import request

KEY = b"k" * 32
NOW = 1_800_000_000
ASKED = Asked(subject="user:ada", rule="read-first", app="chatgpt", terms="0123456789ab", coaching=Coaching())
REFERENCE = "00112233445566ff"
TICKET = Ticket(terms=ASKED.terms, app="chatgpt", reference=REFERENCE, at=NOW)


@pytest.fixture
def links():
    return CoachLinks(KEY)


def token_of(link):
    return link.rpartition("/")[2]


def test_a_link_says_nothing_and_holds_everything(links):
    link = links.text_link(ASKED, REFERENCE, NOW)
    assert link.startswith("http://lockgate.internal/coach/")
    assert "ada" not in link
    assert links.open(Sealed.LINK, "user:ada", token_of(link), NOW + 3600) == TICKET


def test_a_link_fits_into_a_close_frame(links):
    assert len(links.text_link(ASKED, REFERENCE, NOW)) <= 123


@pytest.mark.parametrize(
    ("purpose", "subject", "key", "later"),
    [
        (Sealed.LINK, "user:bob", KEY, 0),
        (Sealed.LINK, "address:ada", KEY, 0),
        (Sealed.FORM, "user:ada", KEY, 0),
        (Sealed.LINK, "user:ada", b"x" * 32, 0),
        (Sealed.LINK, "user:ada", KEY, 3601),
        (Sealed.LINK, "user:ada", KEY, -61),
    ],
    ids=["somebody-else", "another-kind", "another-use", "another-key", "too-old", "from-the-future"],
)
def test_nobody_else_opens_it(links, purpose, subject, key, later):
    token = token_of(links.text_link(ASKED, REFERENCE, NOW))
    assert CoachLinks(key).open(purpose, subject, token, NOW + later) is None


@pytest.mark.parametrize("token", ["", "A", "AAAA", "é", "-_" * 40, "A" * 5000, "%00"])
def test_what_is_no_token_opens_nothing(links, token):
    assert links.open(Sealed.LINK, "user:ada", token, NOW) is None


def test_every_changed_bit_is_noticed(links):
    token = token_of(links.text_link(ASKED, REFERENCE, NOW))
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token) - 1)]
    assert {links.open(Sealed.LINK, "user:ada", other, NOW) for other in changed} == {None}


@pytest.mark.parametrize(
    ("method", "url", "back"),
    [
        ("GET", "https://claude.ai/new?q=a%20b", "https://claude.ai/new?q=a%20b"),
        ("GET", "http://ai.example:8080/x", "http://ai.example:8080/x"),
        ("POST", "https://claude.ai/new?q=1", "https://claude.ai/"),
        ("GET", f"https://claude.ai/{'x' * 3000}", "https://claude.ai/"),
        ("GET", 'https://claude.ai/"><script>', "https://claude.ai/%22%3E%3Cscript%3E"),
    ],
)
def test_a_page_leads_back_to_where_the_person_was_going(links, method, url, back):
    link = links.page_link(ASKED, REFERENCE, request(method, url), NOW)
    assert link.startswith(f"{url.partition(':')[0]}://lockgate.internal/coach/")
    opened = links.open(Sealed.LINK, "user:ada", token_of(link), NOW)
    assert opened is not None
    assert opened.back.replace('"', "%22").replace("<", "%3C").replace(">", "%3E") == back
