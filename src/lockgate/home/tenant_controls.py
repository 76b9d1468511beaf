"""Reading `apps/tenant-control.yaml`: the shipped controls, the home's own over them by name.

Separate because it is data of its own beside the apps. A control that could not be carried out is refused here, not
found out by somebody who relied on it.
"""

import re

from lockgate.facts.problem import Document, Path, Problem, UsageError
from lockgate.facts.tenant_control import TenantControl, TenantControlFile
from lockgate.home.home import Home
from lockgate.home.reading import read_document
from lockgate.home.schema import read_as

TENANT_CONTROL_FILE = "tenant-control.yaml"
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+\Z")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,128}\Z")
_VALUE = re.compile(r"[\x21-\x7e]{1,256}\Z")


def load_tenant_controls(home: Home) -> dict[str, TenantControl]:
    """Controls by name. Raises UsageError with every problem found."""
    controls: dict[str, TenantControl] = {}
    for folder in home.data_folders("apps"):
        file = folder / TENANT_CONTROL_FILE
        if file.is_file():
            document = read_document(file)
            given = read_as(document, TenantControlFile)
            check_tenant_controls(document, given)
            controls |= given.controls
    return controls


def check_tenant_controls(document: Document, given: TenantControlFile) -> None:
    """What types alone cannot say. Raises UsageError listing every problem."""
    problems = [
        Problem(place=document.place(path), problem=what, help=step)
        for name, control in given.controls.items()
        for path, what, step in _wrong(("controls", name), control)
    ]
    if given.version != 1:
        problems.append(Problem(place=document.place(("version",)), problem="this release reads version 1"))
    if problems:
        raise UsageError(*problems)


def _wrong(at: Path, control: TenantControl) -> list[tuple[Path, str, str]]:
    found: list[tuple[Path, str, str]] = []
    if not control.hosts or not control.headers:
        found.append((at, "a control has hosts and headers", "name at least one of each"))
    found += [
        ((*at, "hosts", index), f"`{host}` is not a host name", "write `example.com`; everything below it is meant, too")
        for index, host in enumerate(control.hosts)
        if not _HOST.match(host)
    ]
    takes = [header.takes for header in control.headers if header.takes]
    if len(set(takes)) < len(takes):
        found.append(((*at, "headers"), "two headers take the same values", "give each a key of its own"))
    for index, header in enumerate(control.headers):
        here = (*at, "headers", index)
        if not _HEADER.match(header.name):
            found.append((here, f"`{header.name}` is not the name of a header", "letters, digits and `-`"))
        if bool(header.value) == bool(header.takes):
            found.append((here, "a header has either a fixed `value` or `takes` values", "write one of the two"))
        if header.value and not _VALUE.match(header.value):
            found.append((here, f"`{header.value}` cannot stand in a header", "printable ASCII without blanks"))
        if header.takes and not (header.pattern and header.what and header.most > 0):
            found.append((here, "what the values are is not said", "give `what`, `pattern` and a `most` above 0"))
    return found
