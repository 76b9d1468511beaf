"""`make bench` works: a tiny run of it measures Lockgate and fails no request."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import names
from harness.components import absent, need

BENCH = Path(__file__).parent.parent.parent / "bench" / "run.py"


def test_a_tiny_run_of_the_bench_measures_without_failures(tmp_path: Path) -> None:
    need("unshare")
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        absent("nginx")
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not make namespaces")
    results = tmp_path / "results.json"
    command = [sys.executable, str(BENCH), "--rounds", "1", "--seconds", "0.2", "--memory", "50", "--results", str(results)]
    command += ["--subject", "direct", "--subject", "lockgate-starter"]
    ran = subprocess.run(command, capture_output=True, env=names.environment(), check=False, text=True, timeout=100)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    measured = json.loads(results.read_text())
    runs = [run for run in measured["runs"] if run["subject"] == "lockgate-starter"]
    assert {run["scenario"] for run in runs} == {"get", "fresh", "repeated", "history", "tunnel", "passed", "stream"}
    assert all(run["done"] > 0 for run in runs)
    assert all(run["cpu"] is not None for run in runs)
    assert "| Lockgate, starter.yaml |" in ran.stdout
    (memory,) = measured["memory"]
    assert memory["after"] > 0
