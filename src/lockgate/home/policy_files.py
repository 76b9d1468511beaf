"""The files that a policy is made of, as the bytes they are: the policy, its cases, the lists it names.

Separate because they are read once and then checked, compared, kept and put back as what was read, so that nothing can change
between a check and its consequence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from lockgate.facts.problem import Document, Problem, UsageError
from lockgate.home.reading import as_text, read_bytes, shown
from lockgate.home.yaml_document import parse_yaml

_DIGEST_BYTES = 6


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
    mark: str = field(default="", compare=False)

    def __iter__(self) -> Iterator[PolicyFile]:
        """Each of them, the policy first."""
        yield self.policy
        if self.cases is not None:
            yield self.cases

    @property
    def path(self) -> Path:
        """The policy's file."""
        return self.folder / self.policy.name

    @property
    def policy_document(self) -> Document:
        """What the policy says. Raises UsageError when it is no YAML."""
        return self.policy.document(self.folder)

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
    mark = " ".join(map(_mark, (file, cases)))
    return PolicyFiles(
        mark=mark,
        folder=file.parent,
        policy=PolicyFile(name=file.name, content=read_bytes(file)),
        cases=PolicyFile(name=f"cases/{cases.name}", content=read_bytes(cases)) if cases.exists() else None,
    )


def _mark(file: Path) -> str:
    try:
        stat = file.stat()
    except OSError:
        return "absent"
    return f"{stat.st_ino}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def cases_file(policy_file: Path) -> Path:
    """Where the cases of a policy file are: `cases/` beside it, under the same name."""
    return policy_file.parent / "cases" / policy_file.name
