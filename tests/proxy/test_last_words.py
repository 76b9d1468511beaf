"""A worker whose event loop is stuck says what it was doing, and ends."""

import subprocess
import sys
import textwrap

import pytest

WORKER = """
    import sys, time
    from lockgate.proxy.last_words import LoopWatch

    def say():
        print("last words", flush=True)
        {saying}

    watch = LoopWatch(say, stuck_seconds=0.5)
    watch.start()
    for _ in range(20):
        time.sleep(0.1)
        {beat}
    watch.stop()
    print("ended by itself")
"""


def run(beat: str, saying: str = "pass") -> subprocess.CompletedProcess[str]:
    code = textwrap.dedent(WORKER).format(beat=beat, saying=saying)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def test_a_loop_that_beats_is_left_alone():
    ran = run("watch.beat()")
    assert (ran.returncode, ran.stdout.split("\n")[0]) == (0, "ended by itself")


@pytest.mark.parametrize("saying", ["pass", "raise OSError('no recorder')"])
def test_a_loop_that_stops_beating_is_ended_after_its_last_words(saying):
    ran = run("pass", saying)
    assert ran.returncode == 70
    assert "last words" in ran.stdout.split("\n")
    assert "ended by itself" not in ran.stdout
