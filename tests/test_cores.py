"""Cores that a process may use, also in a container."""

import math
import os

import pytest

from keras_hourglass.utils import cores


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A computer of 8 cores, and a function that writes its files."""
    monkeypatch.setattr(cores, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cores, "MEMBERSHIP", tmp_path / "self")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {*range(8)}, raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)

    def write(membership, **files):
        (tmp_path / "self").write_text(membership)
        for name, text in files.items():
            path = tmp_path / "cgroup" / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.mark.parametrize(
    "limit, count",
    [("200000 100000", 2), ("max 100000", 8), ("150000 100000", 1), ("9000 100000", 1)]
    + [("3200000 100000", 8), ("nonsense", 8), ("100000 0", 8)],
)
def test_a_quota_of_version_2_limits_the_cores(groups, limit, count):
    groups("0::/\n", cpu_dot_max=f"{limit}\n")
    assert cores.core_count() == count and cores.visible_cores() == 8


def test_the_quotas_of_all_groups_above_count(groups):
    groups(
        "0::/pod/box\n", pod__cpu_dot_max="300000 100000", pod__box__cpu_dot_max="max 1"
    )
    assert cores.core_count() == 3


@pytest.mark.parametrize("own", ["", "docker__1__"])
@pytest.mark.parametrize("quota, count", [("250000", 2), ("-1", 8)])
def test_a_quota_of_version_1_limits_the_cores(groups, own, quota, count):
    """Also where the group's folder on the computer is not that in the container."""
    files = {"quota": quota, "period": "100000"}
    files = {f"cpu__{own}cpu_dot_cfs_{k}_us": v + "\n" for k, v in files.items()}
    groups("5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/\n", **files)
    assert cores.core_count() == count


def test_without_control_groups_the_affinity_counts(groups, monkeypatch):
    assert cores.cpu_quota() == math.inf and cores.core_count() == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.core_count() == 1
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)
    assert cores.core_count() == 3
