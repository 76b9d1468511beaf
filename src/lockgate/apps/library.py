"""The app library: built once from checked files, then asked for every connection and every request.

Separate from the parts it is made of because it is the one thing the gate knows of them. Building is all or nothing: one bad
file, one host claimed twice, one sample that fails, and there is no library. Once built it never changes and its questions
never raise.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import orjson

from lockgate.apps.check import AppSource, check_app
from lockgate.apps.client_software import ClientCatalogue
from lockgate.apps.clients_file import ClientsFile
from lockgate.apps.credentials import CredentialKinds
from lockgate.apps.evidence import of_tier
from lockgate.apps.formats.base import SocketFormat, WireFormat
from lockgate.apps.formats.described import described_formats, described_id, described_ids
from lockgate.apps.hosts import HostIndex, claimed_names, is_claimed
from lockgate.apps.matching import CompiledApp, compile_app
from lockgate.apps.overlap import overlaps
from lockgate.apps.pattern import fixed_domain
from lockgate.apps.rubric import Rubric, answer_names
from lockgate.apps.sample_exchange import sample_host
from lockgate.apps.samples import Readers, failures, misled
from lockgate.apps.schema import AppFile, Tier
from lockgate.apps.scores import TierExplanation, counted_answers, explain_tier, score_tier
from lockgate.facts.app import App, AppMatch, AppTier
from lockgate.facts.client_software import ClientSoftware
from lockgate.facts.problem import Problem, UsageError
from lockgate.facts.traffic import Request, Response

_REMEMBERED_HOSTS = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMatch:
    """What the library knows about a host.

    `app` owns all of it; each of `by_path` owns only some paths inside, so it takes decryption to tell. `decrypts` says
    whether any of them is a reason to decrypt the host.
    """

    app: App | None
    by_path: tuple[App, ...] = ()
    decrypts: bool = True

    @property
    def only_paths(self) -> bool:
        """Whether the host belongs to somebody else and only certain paths to an app."""
        return self.app is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryNames:
    """Every name a policy may use about apps and clients. `tiers` are tier ids, of whatever app.

    `evidence` has the possible answers by component of the rubric.
    """

    apps: frozenset[str]
    categories: frozenset[str]
    vendors: frozenset[str]
    countries: frozenset[str]
    tiers: frozenset[str]
    clients: frozenset[str]
    client_environments: frozenset[str]
    evidence: Mapping[str, frozenset[str]]


class AppLibrary:
    """All known apps, by host and by id. Immutable; `build` is the only way to one that was checked."""

    def __init__(
        self,
        sources: Sequence[AppSource],
        rubric: Rubric,
        formats: Mapping[str, WireFormat],
        sockets: Mapping[str, SocketFormat],
        clients: ClientsFile,
    ) -> None:
        described = described_formats((source.file.id, source.file.operations) for source in sources)
        self.formats = {**formats, **described.formats}
        """Every format of plain requests, by the id that `AppMatch.format` gives; those that files describe are among them."""
        self.socket_formats = {**sockets, **described.sockets}
        """Every format of WebSocket messages, likewise."""
        self._sources = {source.file.id: source for source in sorted(sources, key=lambda source: source.file.id)}
        self.rubric = rubric
        """What the confidence scores are computed with."""
        self.clients = ClientCatalogue(clients)
        """Every program that is known by its headers."""
        self._credentials = CredentialKinds(clients.credentials)
        self._index = HostIndex()
        for source in self._sources.values():
            self._index.add(source.file.id, source.file.hosts)
        self._apps = {app: _app(source.file, rubric) for app, source in self._sources.items()}
        # Every connection asks several times, and most go to the same few hosts.
        self._known_host = lru_cache(_REMEMBERED_HOSTS)(self._look_up)
        # Filled by the first request to each app: most of a library is never asked for.
        self._compiled: dict[str, CompiledApp] = {}
        self.apps: tuple[App, ...] = tuple(self._apps.values())
        self.version: str = _version(sources, rubric, clients)

    @classmethod
    def build(
        cls,
        sources: Sequence[AppSource],
        rubric: Rubric,
        formats: Mapping[str, WireFormat],
        sockets: Mapping[str, SocketFormat] | None = None,
        clients: ClientsFile | None = None,
    ) -> "AppLibrary":
        """A library of checked files whose samples hold. Raises UsageError with every problem of every file.

        `formats` and `sockets` are the formats of requests and of WebSocket messages that there is code for, by id. `clients`
        was checked before. Of a source that is proven only what depends on other files is checked.
        """
        sockets = {} if sockets is None else sockets
        described = described_ids((source.file.id, source.file.operations) for source in sources)
        stands = {source.file.id for source in sources if source.proven and not _leans(source.file, described)}
        new = [source for source in sources if source.file.id not in stands]
        known = {*formats, *sockets, *described}
        problems = [problem for source in new for problem in check_app(source, rubric, known)]
        problems += overlaps(sources)
        if problems:
            raise UsageError(*problems)
        library = cls(sources, rubric, formats, sockets, clients or ClientsFile())
        claimed = frozenset(name for source in new for name in claimed_names(source.file.hosts))
        problems = [problem for source in new for problem in library._unproven(source)]
        problems += [problem for source in sources if source.file.id in stands for problem in library._taken(source, claimed)]
        if problems:
            raise UsageError(*problems)
        return library

    @classmethod
    def trusted(
        cls,
        sources: Sequence[AppSource],
        rubric: Rubric,
        formats: Mapping[str, WireFormat],
        sockets: Mapping[str, SocketFormat],
        clients: ClientsFile,
    ) -> "AppLibrary":
        """A library of files that passed `build` before, all of them together and as they are now: nothing is checked."""
        return cls(sources, rubric, formats, sockets, clients)

    def _unproven(self, source: AppSource) -> Iterator[Problem]:
        """What a file's samples say otherwise than the library."""
        readers = Readers(match=self.match, formats=self.formats, sockets=self.socket_formats)
        for index, sample in enumerate(source.file.samples):
            yield from (_sample_problem(source, index, failure) for failure in failures(source.file.id, sample, readers))

    def _taken(self, source: AppSource, claimed: frozenset[str]) -> Iterator[Problem]:
        """Samples of a proven file that go to another app now. Only where a new file claims something can they."""
        for index, sample in enumerate(source.file.samples):
            if is_claimed(sample_host(sample), claimed):
                taken = misled(source.file.id, sample, self._index.owner)
                yield from (_sample_problem(source, index, failure) for failure in taken)

    def host(self, host: str) -> HostMatch | None:
        """What is known about a host before anything is decrypted; None for a host no app has anything to do with."""
        return self._known_host(host)

    def _look_up(self, host: str) -> HostMatch | None:
        owners = self._index.find(host)
        if owners is None:
            return None
        by_path = dict.fromkeys(owner.app for owner in owners.by_path)
        return HostMatch(
            app=self._apps[owners.whole] if owners.whole else None,
            by_path=tuple(self._apps[app] for app in by_path),
            decrypts=owners.whole is not None or any(owner.decrypts for owner in owners.by_path),
        )

    def match(self, request: Request) -> AppMatch | None:
        """Which app a request goes to and what it does there; None when it goes to no app."""
        app = self._index.owner(request)
        if app is None:
            return None
        compiled = self._compiled.get(app)
        if compiled is None:
            compiled = self._compiled[app] = compile_app(self._apps[app], self._sources[app].file, self._credentials)
        return compiled.match(request)

    def with_answer(self, match: AppMatch, response: Response) -> AppMatch:
        """What a request turned out to be, with what only the head of its response shows of the account."""
        compiled = self._compiled.get(match.app.id)
        return compiled.with_answer(match, response) if compiled is not None else match

    def software(self, request: Request) -> ClientSoftware:
        """The program that says it sent a request, whatever app it goes to."""
        return self.clients.software(request.headers)

    def get(self, app: str) -> App | None:
        """The app called `app`."""
        return self._apps.get(app)

    def source(self, app: str) -> AppSource | None:
        """The file behind an app, with what a home file changed in it."""
        return self._sources.get(app)

    def explain(self, app: str, tier: str) -> TierExplanation | None:
        """Why the scores of a tier are what they are."""
        source = self._sources.get(app)
        if source is None or all(known.id != tier for known in source.file.tiers):
            return None
        return explain_tier(self.rubric, of_tier(source.file.evidence, tier), source.file.breach)

    def names(self) -> LibraryNames:
        """The vocabulary policies are checked against."""
        return LibraryNames(
            apps=frozenset(self._apps),
            categories=frozenset(app.category for app in self.apps),
            vendors=frozenset(app.vendor for app in self.apps),
            countries=frozenset(app.country for app in self.apps if app.country),
            tiers=frozenset(tier.id for app in self.apps for tier in app.tiers),
            clients=self.clients.products,
            client_environments=self.clients.environments,
            evidence=answer_names(self.rubric),
        )

    def host_suffixes(self) -> tuple[str, ...]:
        """Every host, for those who cannot ask `host`: `name`, `.name` (it and all below), `*.name` (all below only).

        A host pattern appears as all below its fixed domain, which is more than belongs to the app. Hosts that are not worth
        decrypting are left out.
        """
        names: set[str] = set()
        for source in self._sources.values():
            hosts = source.file.hosts
            names |= {*hosts.exact, *(owned.host for owned in hosts.also if owned.decrypt)}
            names |= {f".{name}" for name in hosts.suffix} | {f"*.{fixed_domain(text)}" for text in hosts.regex}
        return tuple(sorted(names))


def _sample_problem(source: AppSource, index: int, failure: str) -> Problem:
    place = source.document.place(("samples", index))
    return Problem(place=place, problem=failure, help="correct the sample or the file")


def _leans(file: AppFile, described: Collection[str]) -> bool:
    """Whether an operation is read with what another file describes: then that file's proof is not this one's."""
    own = {described_id(file.id, operation.id) for operation in file.operations}
    return any(operation.format in described and operation.format not in own for operation in file.operations)


def _app(file: AppFile, rubric: Rubric) -> App:
    tiers = tuple(_tier(file, tier, rubric) for tier in file.tiers)
    return App(
        id=file.id, name=file.name, vendor=file.vendor, category=file.category.value, status=file.review.status,
        country=file.country, homepage=file.homepage, tiers=tiers,
    )  # fmt: skip


def _tier(file: AppFile, tier: Tier, rubric: Rubric) -> AppTier:
    held = of_tier(file.evidence, tier.id)
    scores = score_tier(rubric, held, file.breach)
    return AppTier(
        id=tier.id, name=tier.name, kind=tier.kind, application_confidence=scores.application, genai_confidence=scores.genai,
        evidence=counted_answers(rubric, held, file.breach),
    )  # fmt: skip


def _version(sources: Sequence[AppSource], rubric: Rubric, clients: ClientsFile) -> str:
    """A content hash: the same files, rubric and clients give the same version, whatever their order or layout."""
    digest = blake2b(orjson.dumps((rubric, clients)), digest_size=16)
    for source in sorted(sources, key=lambda source: source.file.id):
        digest.update(orjson.dumps(source.document.data, option=orjson.OPT_SORT_KEYS) + b"\x00")
    return digest.hexdigest()
