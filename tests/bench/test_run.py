"""`make bench` works: a tiny run measures Lockgate, fails no request, and prints its tables."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
SCENARIOS = {"get", "fresh", "repeated", "history", "tunnel", "passed", "stream"}


@pytest.fixture(scope="module")
def namespaces():
    for tool in ("unshare", "ip", "nginx"):
        if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            if os.environ.get("CI"):
                pytest.fail(f"{tool} is not installed")
            pytest.skip(f"{tool} is not installed")
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this user may not make namespaces")


def bench(results: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCH / "run.py"), "--rounds", "1", "--results", str(results), *arguments]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=280)


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("namespaces")
def test_a_tiny_run_measures_every_scenario_and_fails_no_request(tmp_path):
    results = tmp_path / "results.json"
    only = [word for scenario in sorted(SCENARIOS) for word in ("--only", scenario)]
    ran = bench(results, "--seconds", "0.1", "--memory", "40", "--subject", "lockgate-starter", *only)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    measured = json.loads(results.read_text())
    runs = [run for run in measured["runs"] if run["subject"] == "lockgate-starter"]
    assert {run["scenario"] for run in runs} == SCENARIOS
    assert all(run["done"] > 0 for run in runs)
    assert all(run["cpu_by_role"]["worker"] > 0 for run in runs)
    fresh = next(run for run in runs if run["scenario"] == "fresh" and run["concurrency"] == 16)
    assert fresh["cpu_by_role"]["examiner"] > 0
    (memory,) = measured["memory"]
    assert memory["exchanges"] == 40
    assert min(memory["idle"], memory["halfway"], memory["after"]) > 0
    assert "| Lockgate, starter.yaml |" in ran.stdout
    assert "No request failed." in ran.stdout


@pytest.mark.timeout(120)
def test_look_ups_are_measured_in_the_shipped_and_in_a_larger_library():
    command = [sys.executable, str(BENCH / "library.py"), "--hosts", "900"]
    ran = subprocess.run(command, capture_output=True, check=True, text=True, timeout=110)
    shipped, larger = json.loads(ran.stdout)
    assert larger["hosts"] >= 899
    assert larger["apps"] > shipped["apps"] > 600
    for row in (shipped, larger):
        assert min(row[key] for key in ("cold_ms", "warm_ms", "new_ns", "again_ns", "match_ns")) > 0
