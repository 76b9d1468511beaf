"""`make fuzz`: looks for bytes that break a promise of a wire format, guided by which code they reach (atheris, libFuzzer).

Seeds are the samples of the app files and of the contract suite. What breaks a promise is kept in `fuzz/found`, one input for
each kind of failure, and the fuzzer goes on; at the end the command fails. Giving it inputs replays them.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "bench")]
INSIDE = "LOCKGATE_FUZZ_INSIDE"


def main() -> None:
    """Look in a process of its own, which libFuzzer ends as it likes; then say what was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Try to break the promises of the wire formats.")
    parser.add_argument("inputs", nargs="*", type=Path, help="replay these instead of looking for new ones")
    parser.add_argument("--seconds", type=int, default=60, help="how long to look (0: until --runs)")
    parser.add_argument("--runs", type=int, default=-1, help="how many inputs to try, beside the seeds' own number")
    parser.add_argument("--corpus", type=Path, default=HERE / "corpus", help="where inputs that reach new code are kept")
    parser.add_argument("--found", type=Path, default=HERE / "found", help="where inputs that break a promise are kept")
    given = parser.parse_args()
    if given.inputs:
        sys.exit(replay(given.inputs))
    given.corpus.mkdir(parents=True, exist_ok=True)
    given.found.mkdir(parents=True, exist_ok=True)
    if os.environ.get(INSIDE):
        fuzz(given)
    before = set(given.found.iterdir())
    ran = subprocess.run([sys.executable, __file__, *sys.argv[1:]], env={**os.environ, INSIDE: "1"}, check=False)
    found = sorted(set(given.found.iterdir()) - before)
    print(f"{len(found)} kinds of failure found", *(f"  {path}" for path in found), sep="\n")
    sys.exit(1 if found or ran.returncode else 0)


def fuzz(given: argparse.Namespace) -> None:
    """Look until the time is over; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415  (not needed to replay)

    with atheris.instrument_imports(include=["lockgate.apps"]):
        from inputs import MOST_BYTES, Inputs  # noqa: PLC0415

    inputs = Inputs()
    for name, data in inputs.seeds():
        if len(data) <= MOST_BYTES:
            (given.corpus / f"seed-{name}").write_bytes(data)
    seen: set[str] = set()

    def one(data: bytes) -> None:
        try:
            inputs.check(data)
        except Exception as error:  # noqa: BLE001  (whatever is raised is what we look for)
            name = f"{inputs.meaning(data)[0].replace('/', '.')}-{_kind(error)}"
            if name not in seen:
                seen.add(name)
                (given.found / name).write_bytes(data)
                traceback.print_exc()

    # What takes too long is told by CPU time in `promises.py`; the clock of libFuzzer counts what else the machine does, too.
    flags = [f"-max_total_time={given.seconds}", f"-runs={given.runs}", f"-max_len={MOST_BYTES}", "-len_control=0",
             "-timeout=300", "-report_slow_units=300", f"-artifact_prefix={given.found}/",
             "-rss_limit_mb=4096", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *flags, str(given.corpus)], one)
    atheris.Fuzz()


def replay(paths: list[Path]) -> int:
    """Check kept inputs again, and say what each is."""
    from inputs import Inputs  # noqa: PLC0415

    inputs, failed = Inputs(), 0
    for path in paths:
        data = path.read_bytes()
        name, _, said = inputs.meaning(data)
        print(f"{path.name}: {name}, {said.request.method} {said.request.path}, {said.content[:2000]!r}")
        try:
            inputs.check(data)
        except Exception:  # noqa: BLE001  (whatever is raised is what is shown)
            failed += 1
            traceback.print_exc()
    return 1 if failed else 0


def _kind(error: Exception) -> str:
    """A short name for the place and the sort of a failure."""
    places = traceback.extract_tb(error.__traceback__)
    text = f"{type(error).__name__}:{places[-1].filename}:{places[-1].lineno}"
    return f"{type(error).__name__}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


if __name__ == "__main__":
    main()
