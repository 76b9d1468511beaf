"""The deployment files hold together where that can be seen without the systems they are for."""

import re
import stat
import subprocess
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from lockgate.facts.problem import UsageError
from lockgate.home.home import Home
from lockgate.home.schema import read_as
from lockgate.home.settings import Settings, check_settings, parse_address
from lockgate.home.yaml_document import parse_yaml
from lockgate.identity import UsersFile
from lockgate.identity.users_file import UserEntry
from lockgate.pki import create_ca, load_ca
from lockgate.runtime.exposure import exposure_problems

DEPLOY = Path(__file__).parents[2] / "deploy"
SOMEBODY = UsersFile(users=(UserEntry(name="ada", password="a hash"),))


@pytest.fixture(scope="module")
def pod() -> dict[str, Any]:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes/lockgate.yaml").read_text(encoding="utf-8"))
    (stateful_set,) = [document for document in documents if document["kind"] == "StatefulSet"]
    return stateful_set["spec"]["template"]["spec"]


def settings_of(text: str, home: Path) -> Settings:
    document = parse_yaml(text, "gateway.yaml")
    settings = read_as(document, Settings)
    check_settings(document, settings)
    home.mkdir(exist_ok=True)
    (home / "gateway.yaml").write_text(text, encoding="utf-8")
    assert [*exposure_problems(Home(home), settings, SOMEBODY if settings.clients.login else UsersFile())] == []
    return settings


def test_a_pod_starts_without_a_policy_of_its_own(pod: dict[str, Any]):
    (policies,) = [volume["configMap"] for volume in pod["volumes"] if volume["name"] == "policies"]
    assert policies["optional"] is True


def test_a_mount_does_not_open_the_key_to_the_group(pod: dict[str, Any]):
    assert pod["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def prepare_home(pod: dict[str, Any], tmp_path: Path) -> Path:
    """Run what the init container runs, in another place."""
    (container,) = pod["initContainers"]
    (tmp_path / "settings").mkdir(exist_ok=True)
    (tmp_path / "settings/gateway.yaml").write_text("version: 1\n")
    (tmp_path / "state").mkdir(exist_ok=True)
    command = [re.sub(r"(?<![\w/])/(state|settings)\b", rf"{tmp_path}/\1", word) for word in container["command"]]
    subprocess.run(command, check=True)
    return tmp_path / "state/home"


def test_the_home_is_the_gateways_alone_from_the_first_mount_on(pod: dict[str, Any], tmp_path: Path):
    home = prepare_home(pod, tmp_path)
    assert (home / "gateway.yaml").is_file()
    for folder in (home, home / "policies"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o777 == 0o700


def test_a_restored_volume_is_repaired_before_the_gateway_looks(pod: dict[str, Any], tmp_path: Path):
    """Another root makes kubelet open every file to the group, as it does for a volume it sees for the first time."""
    home = prepare_home(pod, tmp_path)
    create_ca(home / "certs", now=datetime.now(UTC))
    for path in (tmp_path / "state").rglob("*"):
        path.chmod(0o2770 if path.is_dir() else 0o660)
    with pytest.raises(UsageError, match="can be read by others"):
        load_ca(home / "certs", now=datetime.now(UTC))
    prepare_home(pod, tmp_path)
    load_ca(home / "certs", now=datetime.now(UTC))


def test_the_settings_in_the_balancers_file_are_those_it_needs(tmp_path: Path):
    text = (DEPLOY / "haproxy/haproxy.cfg").read_text(encoding="utf-8")
    before_it_all = text.partition("\nglobal\n")[0]
    lines = [line[6:] for line in before_it_all.splitlines() if line.startswith("#     ")]
    settings = settings_of(textwrap.dedent("\n".join(lines)) + "\n", tmp_path / "home")
    servers = re.findall(r"^  server \S+ (\S+) check port (\d+)$", text, re.MULTILINE)
    assert servers[0] == (settings.listen, settings.metrics.listen.rpartition(":")[2])
    assert parse_address(settings.metrics.listen)[0] == parse_address(settings.listen)[0]
    assert {port for _, port in servers} == {servers[0][1]}


def test_the_settings_for_containers_are_no_open_proxy(tmp_path: Path):
    settings_of((DEPLOY / "container/gateway.yaml").read_text(encoding="utf-8"), tmp_path / "container")
    manifest = (DEPLOY / "kubernetes/lockgate.yaml").read_text(encoding="utf-8")
    match = re.search(r"  gateway\.yaml: \|\n(.*?)^---", manifest, re.MULTILINE | re.DOTALL)
    assert match is not None
    settings_of(textwrap.dedent(match[1]), tmp_path / "pod")
