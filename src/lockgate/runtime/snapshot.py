"""The live configuration as one immutable snapshot: built from a home's files, checked, tested with its own cases.

Separate because every face (worker, explain, policy check, doctor) must see the same configuration built in the same
way. A snapshot that cannot be built raises UsageError and leaves the caller with the one it has.
"""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lockgate.apps.formats.registry import sniff
from lockgate.dlp.detectors import DetectorSet
from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.gate.context import DecryptScope, GateContext
from lockgate.gate.placeholders import KEY_BYTES
from lockgate.home.home import Home
from lockgate.home.load import load_detectors, load_library, name_files
from lockgate.home.mcp_file import load_accepted
from lockgate.home.policy_archive import PolicyArchive
from lockgate.home.policy_files import PolicyFiles, cases_file, paths_of_lists, read_policy_files
from lockgate.home.reading import read_document
from lockgate.home.settings import Settings, load_settings
from lockgate.home.tenant_controls import load_tenant_controls
from lockgate.identity import UsersFile
from lockgate.policy import Ruleset, compile_policy
from lockgate.runtime.cases import failed_cases
from lockgate.runtime.fingerprint import fingerprint
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.redirect_loops import redirect_loops
from lockgate.runtime.users import load_users
from lockgate.runtime.webhooks import load_webhooks, secret_files
from lockgate.runtime.whereabouts import Whereabouts, countries_file, devices_file, load_countries, load_device_certificates

_DATA_FOLDERS = ("apps", "dlp/detectors", "dlp/profiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One complete configuration. `version` changes whenever any file it was built from does.

    `policy_file` is the one that the settings name, `policy_files` what its rules were read from.
    """

    home: Home
    settings: Settings
    users: UsersFile
    whereabouts: Whereabouts
    detectors: DetectorSet
    gate: GateContext
    policy_file: Path
    policy_files: PolicyFiles
    version: str

    @property
    def ruleset(self) -> Ruleset:
        """The compiled policy."""
        return self.gate.ruleset


@dataclass(slots=True)
class _Part[T]:
    """Something built from files, kept until those files change."""

    fingerprint: str
    value: T


class PolicyRefusedError(UsageError):
    """The policy, its cases or its lists cannot go live; everything else is fine."""


class SnapshotBuilder:
    """Builds snapshots of a home, rebuilding only what changed since the last one."""

    def __init__(self, home: Home, *, placeholder_key: bytes = b"") -> None:
        self.home = home
        self._placeholder_key = placeholder_key or secrets.token_bytes(KEY_BYTES)
        self._parts: dict[str, _Part[object]] = {}
        # Once, because to find out takes longer than to look at all the files in them.
        self._folders_mark = ""
        self._list_files: tuple[Path, ...] = ()
        self._folders = {name: tuple(map(str, home.data_folders(name))) for name in _DATA_FOLDERS}

    def fingerprint(self, *, folders_too: bool = True) -> str:
        """A cheap digest of names, sizes and times of all files a snapshot is built from.

        Without `folders_too` the folders of data, which hold hundreds of files, are taken as they were at the last look.
        """
        if folders_too or not self._folders_mark:
            folders = (folder for name in _DATA_FOLDERS for folder in self._folders[name])
            self._folders_mark = fingerprint(folders, ())
        return self._folders_mark + fingerprint((), map(str, self._single_files()))

    def build(self, kept: PolicyFiles | None = None) -> Snapshot:
        """A snapshot of the files as they are now, or with a policy that was live before.

        What was live is not tried again with its cases. Raises UsageError with every problem found, PolicyRefusedError when all
        but the policy is fine.
        """
        home = self.home
        settings = self._part("settings", [home.settings_file], lambda: load_settings(home))
        policy_file = home.resolve(settings.policy)
        self._learn_lists(policy_file)
        # Before anything else is read for good: a file that changes meanwhile must look changed afterwards.
        version = self.fingerprint()
        users = self._part("users", [home.users_file], lambda: load_users(home))
        library = self._part("apps", (), lambda: load_library(home), folders=("apps",))
        people = list(chain(*name_files(home).values()))
        detectors = self._part("dlp", people, lambda: load_detectors(home), folders=("dlp/detectors", "dlp/profiles"))
        names = KnownNames(
            library=library, detectors=detectors, users=users,
            controls=self._part("tenant-control", (), lambda: load_tenant_controls(home), folders=("apps",)),
            webhooks=frozenset(self._part("webhooks", secret_files(home, settings), lambda: load_webhooks(home, settings))),
        )  # fmt: skip
        if kept is None:
            policy_files, ruleset = self._policy(settings.policy, policy_file, names)
        else:
            policy_file = home.path / settings.policy  # not the built-in one that the settings mean when it is gone
            policy_files, ruleset = kept, checked_policy(kept.policy_document, names)
        gate = GateContext(
            ruleset=ruleset,
            library=library,
            sniff=sniff,
            decrypt=DecryptScope(settings.decrypt.value),
            decrypt_hosts=settings.decrypt_hosts,
            profiles=frozenset(detectors.profiles),
            placeholder_key=self._placeholder_key,
            accepted_tools=self._part("mcp", [home.mcp_file], lambda: load_accepted(home)),
        )
        return Snapshot(
            home=home,
            settings=settings,
            users=users,
            whereabouts=self._whereabouts(settings),
            detectors=detectors,
            gate=gate,
            policy_file=policy_file,
            policy_files=policy_files,
            version=version,
        )

    def _whereabouts(self, settings: Settings) -> Whereabouts:
        home = self.home
        database = [file for file in (countries_file(home, settings),) if file is not None]
        return Whereabouts(
            countries=self._part("countries", database, lambda: load_countries(home, settings)),
            certificates=self._part("devices", [devices_file(home)], lambda: load_device_certificates(home)),
        )

    def _policy(self, named: str, file: Path, names: KnownNames) -> tuple[PolicyFiles, Ruleset]:
        def compile_and_test() -> tuple[PolicyFiles, Ruleset]:
            files = read_policy_files(file)
            ruleset = checked_policy(files.policy_document, names)
            cases = files.cases_document
            problems = failed_cases(ruleset, names.library, cases) if cases is not None else ()
            if problems:
                raise UsageError(*problems)
            return files, ruleset

        try:
            self._refuse_stand_in(named, file)
            self._learn_lists(file)
            return self._part(f"{names.mark}:{file}", [file, cases_file(file), *self._list_files], compile_and_test)
        except UsageError as error:
            raise PolicyRefusedError(*error.problems) from None

    def _refuse_stand_in(self, named: str, file: Path) -> None:
        """A policy that is gone is not the one that is built in under its name: that would change what protects people."""
        last = PolicyArchive(self.home.policy_archive).last()
        own = self.home.path / named
        stands_in = file != own and last is not None and last.file == named and not Path(named).is_absolute()
        if not file.exists() or stands_in:
            place = read_document(self.home.settings_file).place(("policy",))
            problem = f"policy file `{own if stands_in else file}` does not exist"
            help_text = "name another in gateway.yaml, `policy:`"
            if stands_in:
                help_text = (
                    "the built-in one of that name does not take its place; put it back (`lockgate policy rollback live`)"
                )
            raise UsageError(Problem(place=place, problem=problem, help=help_text))

    def _learn_lists(self, file: Path) -> None:
        """Which files the lists of a policy are in: they are watched, too, also while something is wrong with the policy."""
        with suppress(UsageError):
            self._list_files = self._part(f"lists:{file}", [file], lambda: paths_of_lists(file))

    def _part[T](self, name: str, files: Sequence[Path], build: Callable[[], T], *, folders: Sequence[str] = ()) -> T:
        mark = fingerprint((path for folder in folders for path in self._folders[folder]), map(str, files))
        kept = self._parts.get(name)
        if kept is not None and kept.fingerprint == mark:
            return kept.value  # type: ignore[return-value]  # one name always keeps one type
        value = build()
        self._parts[name] = _Part(mark, value)
        return value

    def _single_files(self) -> list[Path]:
        home = self.home
        settings = self._parts.get("settings")
        files = [home.settings_file, home.users_file, home.mcp_file, devices_file(home), *chain(*name_files(home).values())]
        if settings is not None and isinstance(settings.value, Settings):
            files += filter(None, [countries_file(home, settings.value)])
            files += secret_files(home, settings.value)
            policy_file = home.resolve(settings.value.policy)
            files += [policy_file, cases_file(policy_file), *self._list_files]
        return files


def checked_policy(document: Document, names: KnownNames) -> Ruleset:
    """The policy in `document`, compiled. Raises UsageError with every problem found."""
    ruleset = compile_policy(document, names.vocabulary())
    loops = redirect_loops(ruleset, names.library, document)
    if loops:
        raise UsageError(*loops)
    return ruleset
