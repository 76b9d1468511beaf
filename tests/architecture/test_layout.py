"""What the design promises about the tree and no other tool checks."""

import re
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "lockgate").rglob("*.py"))


def lines(file):
    return len(file.read_text().splitlines())


def test_no_source_file_is_longer_than_400_lines_and_the_median_is_under_150():
    lengths = {str(file.relative_to(ROOT)): lines(file) for file in SOURCES}
    assert {name: length for name, length in lengths.items() if length > 400} == {}
    assert median(lengths.values()) < 150


def test_no_module_has_a_name_that_says_nothing():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [file for file in SOURCES if file.stem in vague] == []


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT / "src")))
def test_every_source_file_opens_by_saying_what_it_is(file):
    assert file.read_text().lstrip().startswith(('"""', 'r"""'))


@pytest.mark.parametrize("folder", ["addons", "apps", "policies", "dlp", "certs", "deploy", "bench", "fuzz"])
def test_every_top_level_folder_says_what_it_is(folder):
    assert len((ROOT / folder / "README.md").read_text().strip()) > 200


def test_mitmproxy_is_imported_in_proxy_only():
    imports = re.compile(r"^\s*(?:import|from)\s+mitmproxy", re.MULTILINE)
    outside = [file for file in SOURCES if "proxy" not in file.parts[-2:][0] and imports.search(file.read_text())]
    assert outside == []


def test_a_bare_score_or_confidence_names_nothing():
    """`confidence` alone could be an app's or a finding's; the finding's own field is the one place where it cannot be
    mistaken.
    """
    bare = re.compile(r"^\s*(?:def |class )?(score|confidence)\b\s*[:=(]", re.MULTILINE)
    found = {str(f.relative_to(ROOT)): bare.findall(f.read_text()) for f in SOURCES if bare.search(f.read_text())}
    assert found == {}


def test_the_import_contracts_hold():
    result = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout
