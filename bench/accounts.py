"""What a process and everything it started cost: CPU time, memory and open files, from the kernel's own books.

Separate because a gateway is several processes, and a figure that forgets one of them flatters it.
"""

import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_SCHEDULER_CLOCK = 2
_ROLES = {
    "lockgate.proxy.worker": "worker",
    "examiner_process": "examiner",
    "lockgate.runtime.recorder": "recorder",
    "lockgate": "supervisor",
    "security_file_certgen": "certificate maker",
}
"""What a process is called by a word of its command line; the first that fits. All others are the proxy itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a family of processes has at one moment. Memory is proportional: a page that two share is counted once."""

    memory_mib: float
    open_files: int


def family(pid: int) -> list[int]:
    """A process and all its descendants that still run."""
    found, todo = [], [pid]
    while todo:
        each = todo.pop()
        found.append(each)
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                todo += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def clock_of(pid: int) -> int:
    """The number of a process's CPU clock, all its threads together, in nanoseconds (CPUCLOCK_SCHED of the Linux kernel)."""
    return (~pid << 3) | _SCHEDULER_CLOCK


def cpu_by_role(pid: int) -> Counter[str]:
    """Seconds of user and system time by what the process is for, with those of children that ended."""
    spent: Counter[str] = Counter()
    for each in family(pid):
        try:
            role = _role(each)
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            spent[role] += time.clock_gettime(clock_of(each))
        except OSError:
            continue
        spent[role] += (int(fields[13]) + int(fields[14])) / _TICKS_PER_SECOND
    return spent


def holdings(pid: int) -> Holdings:
    """What the family holds now."""
    kib = files = 0
    for each in family(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            files += len(os.listdir(f"/proc/{each}/fd"))  # noqa: PTH208 - names are not needed as paths
        except OSError:
            continue
        kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return Holdings(memory_mib=kib / 1024, open_files=files)


def _role(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    words = " ".join(command[1:]) if "python" in command[0] else command[0]
    return next((role for word, role in _ROLES.items() if word in words), "proxy")
