"""Exact names before patterns before the longest suffix, whatever the size of the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.apps.hosts import HostIndex, fits_host
from lockgate.apps.schema import Hosts, OwnedPath


def _index(**apps: Hosts) -> HostIndex:
    index = HostIndex()
    for app, hosts in apps.items():
        index.add(app, hosts)
    return index


def _whole(index: HostIndex, host: str) -> str | None:
    found = index.find(host)
    return found.whole if found else None


_LAYERED = _index(
    wide=Hosts(suffix=("example.com",)),
    narrow=Hosts(suffix=("api.example.com",)),
    pattern=Hosts(regex=(r"^[a-z]+\.api\.example\.com$",)),
    exact=Hosts(exact=("eu.api.example.com",)),
)


@pytest.mark.parametrize(
    ("host", "app"),
    [
        ("example.com", "wide"),
        ("www.example.com", "wide"),
        ("api.example.com", "narrow"),
        ("1.api.example.com", "narrow"),
        ("us.api.example.com", "pattern"),
        ("eu.api.example.com", "exact"),
        ("EU.API.EXAMPLE.COM.", "exact"),
        ("x.eu.api.example.com", "narrow"),
        ("example.org", None),
        ("notexample.com", None),
        ("com", None),
        ("", None),
        ("a." * 200 + "example.com", None),
    ],
)
def test_the_most_specific_owner_wins(host: str, app: str | None):
    assert _whole(_LAYERED, host) == app


def test_right_answers_among_ten_thousand_hosts():
    index = HostIndex()
    for number in range(5_000):
        index.add(f"s{number}", Hosts(suffix=(f"app{number}.example",)))
        index.add(f"e{number}", Hosts(exact=(f"api.app{number}.example",)))
    for number in (0, 1, 777, 4_999):
        assert _whole(index, f"app{number}.example") == f"s{number}"
        assert _whole(index, f"deep.below.app{number}.example") == f"s{number}"
        assert _whole(index, f"api.app{number}.example") == f"e{number}"
        assert _whole(index, f"xapp{number}.example") is None
    assert _whole(index, "app5000.example") is None


_LABEL = st.text("ab", min_size=1, max_size=2)
_NAME = st.lists(_LABEL, min_size=2, max_size=4).map(".".join)


@given(st.sets(_NAME, max_size=6), st.sets(_NAME, max_size=4), _NAME)
def test_the_index_agrees_with_the_definition(suffixes: set[str], exacts: set[str], host: str):
    """Law: an exact name wins; otherwise the longest suffix of whole labels; otherwise nobody."""
    index = HostIndex()
    for name in suffixes:
        index.add(f"suffix {name}", Hosts(suffix=(name,)))
    for name in exacts:
        index.add(f"exact {name}", Hosts(exact=(name,)))
    below = [name for name in suffixes if host == name or host.endswith("." + name)]
    expected = f"exact {host}" if host in exacts else f"suffix {max(below, key=len)}" if below else None
    assert _whole(index, host) == expected


def test_paths_inside_a_host_are_known_beside_its_owner():
    index = _index(owner=Hosts(suffix=("example.com",)), guest=Hosts(exact=("guest.example",)))
    owned = (OwnedPath(host="www.example.com", path="^/ai/"), OwnedPath(host="*.example.org", path="^/ai/"))
    index.add("inside", Hosts(also=owned))
    www = index.find("www.example.com")
    assert www is not None
    assert (www.whole, [owner.app for owner in www.by_path]) == ("owner", ["inside"])
    below = index.find("a.b.example.org")
    assert below is not None
    assert (below.whole, [owner.app for owner in below.by_path]) == (None, ["inside"])
    assert index.find("example.org") is None


@given(st.text(max_size=300))
def test_any_text_may_be_asked_for(host: str):
    found = _LAYERED.find(host)
    assert found is None or found.whole in {"wide", "narrow", "pattern", "exact"}


@pytest.mark.parametrize(
    ("host", "restriction", "fits"),
    [
        ("a.example.com", ("a.example.com",), True),
        ("b.example.com", ("a.example.com",), False),
        ("b.example.com", ("a.example.com", "*.example.com"), True),
        ("example.com", ("*.example.com",), False),
        ("notexample.com", ("*.example.com",), False),
    ],
)
def test_a_host_restriction_names_hosts_or_all_below_one(host: str, restriction: tuple[str, ...], fits: bool):
    assert fits_host(host, restriction) is fits
