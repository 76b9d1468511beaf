"""A process with its output collected while it runs, so that no pipe fills up and a failing test can show what was said."""

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.waiting import until

_KILL_AFTER_SECONDS = 30


def _with_its_parent() -> list[str]:
    """What makes a process end when the test run is killed, so that nothing is left behind."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT"] if setpriv else []


class Process:
    """A child process. `lines` holds its output and error output as they come."""

    def __init__(self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        self.command = tuple(command)
        self.lines: list[str] = []
        self._child = subprocess.Popen(
            [*_with_its_parent(), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
            cwd=cwd, text=True, bufsize=1, start_new_session=True,
        )  # fmt: skip
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def output(self) -> str:
        """Everything said so far."""
        return "".join(self.lines)

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def said(self, words: str, *, seconds: float = 15, since: int = 0) -> str:
        """The first line with `words`, waited for. Fails with the output when the process ends without saying it."""

        def ask() -> str:
            ended = self._child.poll() is not None
            if ended:
                self._reading.join()
            found = next((line for line in self.lines[since:] if words in line), "")
            assert found or not ended, (
                f"{self.command} ended with {self._child.returncode} before saying {words!r}:\n{self.output}"
            )
            return found

        try:
            return until(ask, seconds=seconds, what=f"{self.command[-1]} says {words!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output}") from None

    def signal(self, number: int) -> None:
        """Send a signal to the process itself, not to what it started."""
        os.kill(self._child.pid, number)

    def close_input(self) -> None:
        """Tell a process that waits for it to end."""
        if self._child.stdin is not None:
            self._child.stdin.close()

    def wait(self, seconds: float = _KILL_AFTER_SECONDS) -> int:
        """Its exit code. A process that does not end is killed with its group, and the test fails."""
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._child.pid, 9)
            self._child.wait()
            raise AssertionError(f"{self.command} did not end within {seconds:g} s:\n{self.output}") from None
        self._reading.join()
        return code

    def _read(self) -> None:
        if self._child.stdout is not None:
            with self._child.stdout as stream:
                self.lines.extend(stream)
        if self._child.stdin is not None and not self._child.stdin.closed:
            self._child.stdin.close()
