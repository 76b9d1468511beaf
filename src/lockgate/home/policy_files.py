"""The files that a policy is made of, as the bytes they are: the policy, its cases, the lists it names.

Separate because they are read once and then checked, compared, kept and put back as what was read, so that nothing can change
between a check and its consequence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from lockgate.facts.problem import Attached, Document, Problem, UsageError
from lockgate.home.reading import as_text, read_bytes, shown
from lockgate.home.yaml_document import parse_yaml
from lockgate.policy import list_files

_DIGEST_BYTES = 6
_NAMES_FILES = b"file"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """One of the files. `name` is relative to the folder of the policy: `acme.yaml`, `cases/acme.yaml`."""

    name: str
    content: bytes

    def document(self, folder: Path) -> Document:
        """What it says, with places in a file of `folder`. Raises UsageError when it is no YAML."""
        file = folder / self.name
        return parse_yaml(as_text(self.content, file), shown(file))


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFiles:
    """All files of one policy; `folder` is where they lie. `mark` tells this writing of them from another."""

    folder: Path
    policy: PolicyFile
    cases: PolicyFile | None = None
    lists: tuple[PolicyFile, ...] = ()
    mark: str = field(default="", compare=False)

    def __iter__(self) -> Iterator[PolicyFile]:
        """Each of them, the policy first."""
        yield self.policy
        if self.cases is not None:
            yield self.cases
        yield from self.lists

    @property
    def path(self) -> Path:
        """The policy's file."""
        return self.folder / self.policy.name

    @property
    def policy_document(self) -> Document:
        """What the policy says, with its lists. Raises UsageError when it is no YAML."""
        document = self.policy.document(self.folder)
        lists = {each.name: each for each in self.lists}
        named = list_files(document)
        return replace(document, attached={name: _attached(self.folder / name, lists.get(name)) for name in named})

    @property
    def cases_document(self) -> Document | None:
        """What its cases say, if there are any. Raises UsageError when they are no YAML."""
        return self.cases.document(self.folder) if self.cases is not None else None

    @property
    def digest(self) -> str:
        """The same for the same bytes under the same names."""
        digest = blake2b(digest_size=_DIGEST_BYTES)
        for file in self:
            digest.update(f"{file.name}:{len(file.content)}:".encode("utf-8", "surrogateescape") + file.content)
        return digest.hexdigest()


def read_policy_files(file: Path) -> PolicyFiles:
    """The files of the policy in `file` as they are now. Raises UsageError when one cannot be read or is no file."""
    if file.is_dir() or (file.exists() and not file.is_file()):
        raise UsageError(Problem(problem=f"`{file}` is not a file", help="put the policy's file in its place"))
    cases = cases_file(file)
    if cases.exists() and not cases.is_file():
        raise UsageError(Problem(problem=f"`{cases}` is not a file", help="put the policy's cases there, or nothing"))
    # Looked at before they are read: should one be replaced meanwhile, the next look sees that.
    lists = paths_of_lists(file)
    mark = " ".join(map(_mark, (file, cases, *lists)))
    return PolicyFiles(
        mark=mark,
        folder=file.parent,
        policy=PolicyFile(name=file.name, content=read_bytes(file)),
        cases=PolicyFile(name=f"cases/{cases.name}", content=read_bytes(cases)) if cases.exists() else None,
        lists=tuple(_list_file(file.parent, path) for path in lists if path.is_file()),
    )


def _list_file(folder: Path, file: Path) -> PolicyFile:
    """One that is not there is no reason not to read the policy: whoever compiles it says where it is named."""
    return PolicyFile(name=file.relative_to(folder).as_posix(), content=read_bytes(file))


def with_lists(document: Document, file: Path) -> Document:
    """The document of the policy in `file`, with its lists as they are now. Raises UsageError when one cannot be read."""
    names = list_files(document)
    read = {name: _list_file(file.parent, path) for name in names if (path := file.parent / name).is_file()}
    return replace(document, attached={name: _attached(file.parent / name, read.get(name)) for name in names})


def read_policy(file: Path) -> Document:
    """The policy in `file`, with its lists. Raises UsageError when it cannot be read or is no YAML."""
    return read_policy_files(file).policy_document


def paths_of_lists(file: Path) -> tuple[Path, ...]:
    """Where the lists of the policy in `file` are, as long as it is YAML. Raises UsageError when it cannot be read."""
    if file.exists() and not file.is_file():
        return ()  # a pipe would be waited for
    content = read_bytes(file)
    if _NAMES_FILES not in content:
        return ()  # reading a long policy twice takes long
    try:
        document = PolicyFile(name=file.name, content=content).document(file.parent)
    except UsageError:
        return ()
    return tuple(file.parent / name for name in list_files(document))


def _attached(file: Path, read: PolicyFile | None) -> Attached:
    if read is None:
        return Attached(file=shown(file), problem=f"cannot read `{shown(file)}`: there is no such file")
    try:
        return Attached(file=shown(file), text=as_text(read.content, file))
    except UsageError as error:
        return Attached(file=shown(file), problem=error.problems[0].problem)


def _mark(file: Path) -> str:
    try:
        stat = file.stat()
    except OSError:
        return "absent"
    return f"{stat.st_ino}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def cases_file(policy_file: Path) -> Path:
    """Where the cases of a policy file are: `cases/` beside it, under the same name."""
    return policy_file.parent / "cases" / policy_file.name
