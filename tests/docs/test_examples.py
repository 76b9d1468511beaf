"""What the documentation shows works: policies, settings and app files load as they stand."""

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from lockgate.apps.client_software import ClientCatalogue, compile_mark, sample_failures
from lockgate.apps.clients_file import ClientsFile, check_clients
from lockgate.apps.schema import AppFile
from lockgate.home.home import Home
from lockgate.home.load import load_library
from lockgate.home.schema import read_as
from lockgate.home.settings import Settings, check_settings
from lockgate.home.yaml_document import parse_yaml
from lockgate.identity.users_file import UsersFile, check_users
from lockgate.policy import compile_policy, read_cases, run_cases
from lockgate.runtime.known_names import KnownNames

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
_FENCE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for page in PAGES:
        texts = _FENCE.findall(page.read_text(encoding="utf-8"))
        found += [(f"{page.relative_to(ROOT)} #{number}", textwrap.dedent(text)) for number, text in enumerate(texts, 1)]
    return found


@pytest.fixture(scope="module")
def names():
    home = Home(ROOT)
    found = KnownNames.of(home, load_library(home)).vocabulary()
    return replace(found, networks=frozenset({"branch-berlin"}), webhooks=frozenset({"security"}))


def completed(text: str) -> str:
    """A fragment with as much around it as makes it part of a file."""
    if text.startswith("- id:"):
        return "rules:\n" + textwrap.indent(text, "  ")
    if text.startswith("when:"):
        return "rules:\n- id: example\n  then: block\n" + textwrap.indent(text, "  ")
    if text.startswith("then:"):
        return "rules:\n- id: example\n" + textwrap.indent(text, "  ")
    if text.startswith("- name:") and "expect:" in text:
        names = sorted(set(re.findall(r"app: ([a-z]+)", text)) - {"none"})
        apps = "".join(f"  {name}: {{id: {name}}}\n" for name in names)
        return f"version: 1\napps:\n{apps}cases:\n" + textwrap.indent(text, "  ")
    if text.startswith("exceptions:"):
        named = sorted(set(re.findall(r"[a-z-]+", " ".join(re.findall(r"rules: \[(.*?)\]", text)))))
        rules = (f"- {{id: {name}, when: {{port: {port}}}, then: block}}\n" for port, name in enumerate(named, 1))
        return f"rules:\n{''.join(rules)}{text}"
    return text


@pytest.mark.parametrize(("where", "text"), examples(), ids=[where for where, _ in examples()])
def test_yaml_of_the_documentation_loads(where: str, text: str, names):
    """A fragment is completed to the smallest file it can stand in; one that fits no kind of file is a mistake."""
    text = completed(text)
    keys = set(re.findall(r"^([a-z_]+):", text, re.MULTILINE))
    if text.startswith("# a step of a GitHub workflow"):
        parse_yaml(text, where)
    elif "cases" in keys:
        read_cases(parse_yaml(text, where))
    elif "rules" in keys:
        head = "" if "version" in keys else "version: 1\ndefault: allow\n"
        compile_policy(parse_yaml(head + text, where), names)
    elif keys >= {"hosts", "name"}:
        read_as(parse_yaml(text, where), AppFile)
    elif "id" in keys and keys <= {"id", "review", "own_tenants", "hosts"}:
        hosts = "" if "hosts" in keys else "hosts: {}\n"
        read_as(parse_yaml(f"name: x\nvendor: x\ncategory: agent\n{hosts}{text}", where), AppFile)
    elif keys & {"operations", "samples"}:
        read_as(parse_yaml("id: x\nname: x\nvendor: x\ncategory: agent\nhosts: {}\n" + text, where), AppFile)
    elif "clients" in keys and "- id:" in text:
        document = parse_yaml(text, where)
        clients = read_as(document, ClientsFile)
        check_clients(document, clients, compile_mark)
        assert sample_failures(document, clients, ClientCatalogue(clients)) == ()
    elif keys & {"addresses", "networks"}:
        document = parse_yaml(text, where)
        check_users(document, read_as(document, UsersFile))
    else:
        document = parse_yaml(text, where)
        check_settings(document, read_as(document, Settings))


def test_the_example_of_own_servers_needs_no_more_than_their_hosts(tmp_path: Path):
    """Over the shipped file of the same id: its samples hold on the hosts that are named."""
    guide = [text for where, text in examples() if "add-an-app" in where]
    (text,) = [text for text in guide if text.startswith("id: own-model-server")]
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "shown.yaml").write_text(text)
    library = load_library(Home(tmp_path))
    changed = [app.id for app in library.apps if (source := library.source(app.id)) and source.overridden == ("hosts",)]
    assert changed == ["own-model-server"]


def test_the_policy_of_the_guide_to_mcp_tools_does_what_its_cases_say(names):
    library = load_library(Home(ROOT))
    shown = [text for where, text in examples() if "control-mcp-tools" in where and text.startswith("version:")]
    policy, cases = shown
    ruleset = compile_policy(parse_yaml(policy, "policy.yaml"), names)
    results = run_cases(ruleset, library, read_cases(parse_yaml(cases, "cases.yaml")))
    assert [str(result.problem) for result in results if not result.passed] == []
    assert len(results) > 4


@pytest.mark.parametrize(
    "file", [ROOT / "gateway.yaml", ROOT / "deploy/container/gateway.yaml"], ids=lambda file: file.parent.name
)
def test_shipped_settings_load(file: Path):
    document = parse_yaml(file.read_text(encoding="utf-8"), str(file))
    check_settings(document, read_as(document, Settings))


def test_the_settings_in_the_kubernetes_manifest_load():
    manifest = (ROOT / "deploy/kubernetes/lockgate.yaml").read_text(encoding="utf-8")
    match = re.search(r"  gateway\.yaml: \|\n(.*?)^---", manifest, re.MULTILINE | re.DOTALL)
    assert match is not None
    document = parse_yaml(textwrap.dedent(match[1]), "gateway.yaml")
    settings = read_as(document, Settings)
    check_settings(document, settings)
    assert settings.clients.allowed_networks
