"""The fuzzer works: its seeds keep every promise, a broken one is found and kept, and a short run ends well."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUZZ = ROOT / "fuzz"


@pytest.fixture(scope="module")
def fuzzing():
    """The modules of the fuzzer, which are scripts beside one another."""
    paths = [str(FUZZ), str(ROOT / "bench")]
    sys.path[:0] = paths
    import inputs
    import promises

    yield inputs, promises
    for path in paths:
        sys.path.remove(path)


@pytest.mark.timeout(300)
def test_every_seed_keeps_the_promises_and_every_format_has_one(fuzzing):
    inputs, _ = fuzzing
    made = inputs.Inputs()
    reached = set()
    for _, data in made.seeds():
        reached.add(made.meaning(data)[0])
        made.check(data)
    from lockgate.apps.formats.registry import FORMATS, SOCKET_FORMATS

    assert reached >= {*FORMATS, *SOCKET_FORMATS, inputs.NOBODY}


def test_a_broken_promise_is_told(fuzzing):
    inputs, promises = fuzzing
    made = inputs.Inputs()
    said = made.meaning(next(made.seeds())[1])[2]

    class Forgetful(type(promises.GENERIC)):
        def rewrite_request(self, _request, body, _texts):
            return body.content + b" "

    with pytest.raises(promises.BrokenError, match="nothing is replaced"):
        promises.reading_is_safe(Forgetful(), said)


@pytest.mark.timeout(300)
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is installed by `make fuzz`")
def test_a_short_run_finds_nothing(tmp_path):
    where = ["--corpus", str(tmp_path / "corpus"), "--found", str(tmp_path / "found")]
    command = [sys.executable, str(FUZZ / "run.py"), "--seconds", "0", "--runs", "200", *where]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert ran.returncode == 0, ran.stdout + ran.stderr[-4000:]
    assert "0 kinds of failure" in ran.stdout
