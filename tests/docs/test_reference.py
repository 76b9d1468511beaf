"""The reference says what the code says, and links lead somewhere."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from lockgate.facts.decision import Reason
from lockgate.home.settings import settings_reference
from lockgate.policy import selector_reference

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = sorted((DOCS / "reference").glob("*.md"))
MARKDOWN = sorted(
    [
        *DOCS.rglob("*.md"),
        *ROOT.glob("*.md"),
        *(ROOT / "certs").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
        *(ROOT / "addons").rglob("*.md"),
    ]
)

_spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
assert _spec is not None
assert _spec.loader is not None
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)


@pytest.mark.parametrize("file", REFERENCE, ids=lambda file: file.name)
def test_generated_parts_are_up_to_date(file: Path):
    page = file.read_text(encoding="utf-8")
    assert generate.regenerated(page) == page, "run python docs/generate.py"


def test_every_table_is_shown_somewhere():
    shown = {name for file in REFERENCE for name in re.findall(r"<!-- generated: (\S+) -->", file.read_text(encoding="utf-8"))}
    assert shown == set(generate.PARTS)


def test_tables_name_every_reason_setting_and_selector():
    assert all(f"`{reason}`" in generate.PARTS["reason-codes"]() for reason in Reason)
    assert all(f"`{row.name}`" in generate.PARTS["settings"]() for row in settings_reference())
    assert all(f"`{row.name}`" in generate.PARTS["selectors"]() for row in selector_reference())


def test_every_command_is_shown():
    from lockgate import cli

    shown = generate.PARTS["cli"]()
    assert all(f"## `lockgate {name}`" in shown for name in cli.cli.list_commands(cli.click.Context(cli.cli)))


def test_every_dependency_says_why_it_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=;\[ ]", line, maxsplit=1)[0] for line in project["dependencies"]}
    page = (DOCS / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    assert needed <= set(re.findall(r"^\| ([a-z0-9-]+) \|", page, re.MULTILINE))


def test_every_page_is_on_the_map():
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {str(file.relative_to(DOCS)) for file in DOCS.rglob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([^)#]+)\)", page))


@pytest.mark.parametrize(
    "page",
    [
        "<!-- generated: reason-codes -->\nnever closed",
        "<!-- end -->",
        "<!-- generated: no-such-table -->\n<!-- end -->",
        "<!-- generated: Wrong Name -->\n<!-- end -->",
    ],
)
def test_a_mark_that_means_nothing_is_an_error(page: str):
    with pytest.raises(generate.StaleReferenceError):
        generate.regenerated(page)


def test_a_stale_part_is_noticed_and_mended():
    stale = "# Page\n\n<!-- generated: actions -->\n\nold\n\n<!-- end -->\n\ntext\n"
    fresh = generate.regenerated(stale)
    assert fresh != stale
    assert generate.regenerated(fresh) == fresh
    assert fresh.startswith("# Page\n\n<!-- generated: actions -->")
    assert fresh.endswith("<!-- end -->\n\ntext\n")


@pytest.mark.parametrize("file", MARKDOWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(file: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (file.parent / path).resolve() if path else file
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}, target
