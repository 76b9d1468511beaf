"""A child notices that its supervisor is gone, and ends even when it does not want to."""

import os
import subprocess
import sys

import pytest

POLITE = """
import signal, sys
from lockgate.runtime.lifeline import end_with
def ended(*_):
    print("asked", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
end_with(int(sys.argv[1]), grace_seconds=60)
print("up", flush=True)
while True:
    signal.pause()
"""
STUCK = """
import signal, subprocess, sys
from lockgate.runtime.lifeline import end_with
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end_with(int(sys.argv[1]), grace_seconds=0.2)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
print("up", flush=True)
while True:
    pass
"""


@pytest.fixture
def child():
    """Start a script with the reading end of a pipe; the script's process and the other end."""
    started = []

    def start(script):
        lifeline, held = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(lifeline)], stdout=subprocess.PIPE, text=True, start_new_session=True,
            pass_fds=(lifeline,),
        )  # fmt: skip
        os.close(lifeline)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process, held

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_it_is_asked_to_end(child):
    process, held = child(POLITE)
    assert process.poll() is None
    os.close(held)
    assert process.communicate(timeout=20)[0] == "asked\n"
    assert process.returncode == 0


def test_a_busy_loop_that_ignores_it_is_killed_with_what_it_started(child):
    process, held = child(STUCK)
    os.close(held)
    assert process.wait(timeout=20) == -9
    assert process.communicate(timeout=20)[0] == ""  # the pipe ends with the last process of the group
