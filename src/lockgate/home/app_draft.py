"""Writing the draft of an app file, and saying what `lockgate apps check` would say of it.

Separate because YAML is read and written in `home` alone.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from lockgate.apps.check import AppSource
from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS
from lockgate.apps.library import AppLibrary
from lockgate.apps.schema import AppFile
from lockgate.facts.problem import UsageError
from lockgate.home.home import Home
from lockgate.home.load import load_library
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

_WIDTH = 130


class _Dumper(yaml.SafeDumper):
    """Short values on one line, as app files have them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key."""
        super().increase_indent(flow=flow, indentless=False)


def written_draft(data: dict[str, Any], remarks: Sequence[str]) -> str:
    """The file, with the remarks as comments on top."""
    head = "".join(f"# {line}\n" for remark in remarks for line in _lines(remark))
    body = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False)
    return f"# A draft made from saved exchanges. Look at:\n{head}{body}"


def check_draft(home: Home, data: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with a draft, as remarks; empty when it would load beside the apps there are."""
    document = parse_yaml(written_draft(data, ()), "the draft")
    library = load_library(home)
    try:
        source = AppSource(document=document, file=read_as(document, AppFile))
        AppLibrary.build([source], library.rubric, FORMATS, SOCKET_FORMATS)
    except UsageError as error:
        return tuple(f"to be mended: {problem.problem}" for problem in error.problems)
    return tuple(_taken(library, source))


def _taken(library: AppLibrary, source: AppSource) -> Iterator[str]:
    for host in (*source.file.hosts.exact, *source.file.hosts.suffix):
        owner = library.host(host)
        if owner is not None and owner.app is not None and owner.app.id != source.file.id:
            yield f"to be mended: `{host}` belongs to app `{owner.app.id}`; give this file that id to change it"


def _lines(text: str) -> Iterator[str]:
    yield from (f"- {line}" if number == 0 else f"  {line}" for number, line in enumerate(text.splitlines()))
