"""The rules of who owns a host, written a second time without any index, and held against the index on random libraries."""

import re
from dataclasses import dataclass

from hypothesis import assume, given
from hypothesis import strategies as st

from lockgate.apps.check import AppSource
from lockgate.apps.hosts import HostIndex
from lockgate.apps.overlap import overlaps
from lockgate.apps.schema import AppFile, Hosts, OwnedPath
from lockgate.apps.vocabulary import Category
from lockgate.facts.problem import Document
from lockgate.facts.traffic import Headers, Request

_LABELS = st.sampled_from(["a", "b", "ab", "x"])
_NAMES = st.lists(_LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example", "com"]))
_PATTERNS = st.sampled_from([
    r"^[ab]+\.example\.com$", r"^x\.[a-z]+\.example\.com$", r"^(a|x)\.b\.example\.com$", r"^[a-z.]+\.x\.example\.com$",
    r"^ab?\.ab\.example\.com$", r"^example\.com$",
])  # fmt: skip
_OWNED = st.builds(
    OwnedPath,
    host=st.one_of(_NAMES, _NAMES.map("*.{}".format)),
    path=st.sampled_from(["^/ai/", "^/ai$", "^/chat(/|$)", "^/[ac]", "^/"]),
    query=st.sampled_from([{}, {"q": "1"}, {"q": "2"}]),
)
_HOSTS = st.builds(
    Hosts,
    suffix=st.lists(_NAMES, max_size=2, unique=True).map(tuple),
    exact=st.lists(_NAMES, max_size=2, unique=True).map(tuple),
    regex=st.lists(_PATTERNS, max_size=1).map(tuple),
    also=st.lists(_OWNED, max_size=2).map(tuple),
)
_REQUESTS = st.builds(
    Request,
    method=st.just("GET"),
    scheme=st.just("https"),
    host=st.one_of(_NAMES, st.just("example.com"), st.just("other.example")),
    port=st.just(443),
    path=st.sampled_from(["/", "/ai", "/ai/x", "/chat", "/chat/", "/chatter", "/x/../ai/x"]),
    query=st.sampled_from(["", "q=1", "p=0&q=2"]),
    headers=st.just(Headers(())),
)


@dataclass(frozen=True)
class Rules:
    """Every claim is looked at, for every question."""

    apps: dict[str, Hosts]

    def owner(self, request: Request) -> str | None:
        path = {"/x/../ai/x": "/ai/x"}.get(request.path, request.path)
        pairs = set(request.query.split("&"))
        inside = {
            app
            for app, hosts in self.apps.items()
            for owned in hosts.also
            if self._takes_in(owned.host, request.host) and re.match(owned.path, path)
            if {f"{name}={value}" for name, value in owned.query.items()} <= pairs
        }
        return self._only(inside) or self.whole(request.host)

    def whole(self, host: str) -> str | None:
        exact = {app for app, hosts in self.apps.items() if host in hosts.exact}
        pattern = {app for app, hosts in self.apps.items() for text in hosts.regex if re.fullmatch(text, host)}
        return self._only(exact) or self._only(pattern) or self._longest_suffix(host)

    def _longest_suffix(self, host: str) -> str | None:
        claims = {
            (len(name), app)
            for app, hosts in self.apps.items()
            for name in hosts.suffix
            if host == name or host.endswith(f".{name}")
        }
        longest = max((length for length, _ in claims), default=0)
        return self._only({app for length, app in claims if length == longest})

    @staticmethod
    def _takes_in(claim: str, host: str) -> bool:
        return host.endswith(claim[1:]) if claim.startswith("*.") else host == claim

    @staticmethod
    def _only(apps: set[str]) -> str | None:
        """The app that is left, where there must not be two."""
        assert len(apps) <= 1, f"no tie-break between {apps}"
        return next(iter(apps), None)


def _source(app: str, hosts: Hosts) -> AppSource:
    file = AppFile(id=app, name=app, vendor="Acme", category=Category.AGENT, hosts=hosts)
    return AppSource(document=Document(file=f"{app}.yaml", data=None, places={}), file=file)


def _index(apps: dict[str, Hosts]) -> HostIndex:
    index = HostIndex()
    for app, hosts in apps.items():
        index.add(app, hosts)
    return index


@given(st.lists(_HOSTS, min_size=1, max_size=4), st.lists(_REQUESTS, min_size=1, max_size=12), st.randoms())
def test_an_accepted_library_has_one_answer_and_the_index_gives_it(given_hosts: list[Hosts], requests: list[Request], random):
    """Law: what the overlap check lets pass leaves one app for every request, whatever the order of the files."""
    apps = {f"app{number}": hosts for number, hosts in enumerate(given_hosts)}
    assume(not overlaps([_source(app, hosts) for app, hosts in apps.items()]))
    shuffled = dict(random.sample(list(apps.items()), len(apps)))
    rules, index, other = Rules(apps), _index(apps), _index(shuffled)
    for request in requests:
        assert index.owner(request) == other.owner(request) == rules.owner(request)
        found = index.find(request.host)
        assert (found.whole if found else None) == rules.whole(request.host)


@given(st.lists(_HOSTS, min_size=2, max_size=3), st.lists(_REQUESTS, min_size=1, max_size=12))
def test_a_library_that_leaves_two_apps_for_a_request_is_refused(given_hosts: list[Hosts], requests: list[Request]):
    """Law: the overlap check sees every tie that the rules do not break."""
    apps = {f"app{number}": hosts for number, hosts in enumerate(given_hosts)}
    rules = Rules(apps)
    try:
        for request in requests:
            rules.owner(request)
    except AssertionError:
        assert overlaps([_source(app, hosts) for app, hosts in apps.items()])
