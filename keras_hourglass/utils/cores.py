"""Cores that a process may use: those of its affinity, within its container's quota.

Linux counts a quota in time, not in cores: of threads for all cores of the computer,
most would wait. See `cpu.max` in
https://docs.kernel.org/admin-guide/cgroup-v2.html and `cpu.cfs_quota_us` in
https://docs.kernel.org/scheduler/sched-bwc.html
"""

import math
import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")  # lines of NUMBER:CONTROLLERS:FOLDER


def visible_cores() -> int:
    """Counts the cores on which the process may run, whatever its quota of time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def core_count() -> int:
    """Counts the cores that the process may use all the time, at least 1."""
    # The former, since Python 3.13, also heeds the number that a user chooses.
    cores = getattr(os, "process_cpu_count", visible_cores)() or 1
    return max(1, int(min(cores, cpu_quota())))


def cpu_quota() -> float:
    """Returns the cores' worth of time of the process's container; infinite without."""
    folders = []
    with suppress(OSError, ValueError):  # of another system
        for line in MEMBERSHIP.read_text().splitlines():
            _, controllers, folder = line.split(":", 2)
            root = CGROUPS if not controllers else CGROUPS / "cpu"
            if not controllers or "cpu" in controllers.split(","):
                own = PurePosixPath(folder)
                groups = own, *own.parents
                folders += [root / group.relative_to("/") for group in groups]
    return min(map(_quota_of, folders), default=math.inf)


def _quota_of(folder: Path) -> float:
    """Reads the quota of a control group, of version 2 or 1."""
    with suppress(OSError, ValueError, ZeroDivisionError):  # without a quota
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        cores = float(quota) / float(period)
        return cores if cores > 0 else math.inf
    return math.inf
