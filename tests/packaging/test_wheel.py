"""The wheel works without the checkout, and carries the shipped data but no keys."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = """
version: 1
listen: 127.0.0.1:{port}
workers: 1
metrics: {{listen: ""}}
policy: policies/monitor.yaml
"""


def run(*command, **how):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    # A key that somebody's gateway made in the checkout must not travel.
    decoy = ROOT / "certs" / "decoy-for-packaging-test.key.pem"
    decoy.write_text("not a key\n")
    try:
        run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    finally:
        decoy.unlink()
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_the_shipped_data_and_no_key(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "lockgate/shipped/gateway.yaml",
        "lockgate/shipped/policies/monitor.yaml",
        "lockgate/shipped/policies/examples/cases/by-headquarters.yaml",
        "lockgate/shipped/policies/cases/starter.yaml",
        "lockgate/shipped/apps/chatgpt.yaml",
        "lockgate/shipped/apps/rubric.yaml",
        "lockgate/shipped/dlp/profiles/credentials.yaml",
        "lockgate/shipped/certs/README.md",
        "lockgate/py.typed",
    ):
        assert needed in names
    assert [name for name in names if re.search(r"\.(pem|key|p12|sqlite)$|/reviewer\.|/users\.yaml$", name)] == []


@pytest.mark.timeout(400)
def test_init_and_up_work_from_the_wheel_in_an_empty_environment(wheel, tmp_path, free_port):
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    quiet = ("--quiet", "--disable-pip-version-check")
    run(python, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
    run(python, "-m", "pip", "install", *quiet, "--no-deps", str(wheel))
    lockgate, home = str(environment / "bin" / "lockgate"), tmp_path / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LOCKGATE", "COV"))}
    run(lockgate, "init", str(home), cwd=tmp_path, env=clean)
    (home / "gateway.yaml").write_text(HOME.format(port=free_port))
    filled = run(
        str(home / "certs" / "fill.sh"), str(home / "certs" / "lockgate-ca.pem"), "gateway.example:8080", str(tmp_path / "out")
    )
    assert "filled in for gateway.example:8080" in filled
    where = run(str(python), "-c", "import lockgate; print(lockgate.__file__)", cwd=tmp_path, env=clean)
    assert str(environment) in where
    gateway = subprocess.Popen(
        [lockgate, "--home", str(home), "up"],
        cwd=tmp_path,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        seen = []
        for line in gateway.stdout:
            seen.append(line)
            if "Ctrl-C stops it" in line:
                break
        assert "Lockgate is up." in "".join(seen), "".join(seen)
        page = run("curl", "-sS", "-m", "20", f"http://127.0.0.1:{free_port}/", env=clean)
        assert "Lockgate" in page
    finally:
        gateway.send_signal(2)
        gateway.communicate(timeout=60)
    assert gateway.returncode == 0
