from __future__ import annotations

import pytest

from jupyter_platform.runtime.cgroups import cpu_quota, memory_limit


@pytest.fixture
def make(tmp_path):
    """Lay out a cgroup table and limit files; give them as arguments."""

    def build(table: str, files: dict[str, str]):
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc" / "cgroup").write_text(table)
        for name, text in files.items():
            path = tmp_path / "sys" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "proc", tmp_path / "sys"

    return build


def test_version_2_takes_the_least_on_the_way_up(make):
    where = make(
        "0::/slice/job\n",
        {
            "slice/job/cpu.max": "max 100000\n",
            "slice/cpu.max": "250000 100000\n",
            "slice/job/memory.max": "4000000000\n",
            "slice/memory.max": "max\n",
        },
    )

    assert cpu_quota(*where) == 2.5
    assert memory_limit(*where) == 4_000_000_000


def test_version_1_has_a_folder_per_controller(make):
    where = make(
        "4:memory:/box\n2:cpu,cpuacct:/box\n1:name=systemd:/\n",
        {
            "cpu,cpuacct/box/cpu.cfs_quota_us": "150000\n",
            "cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "memory/box/memory.limit_in_bytes": "1000000000\n",
            "memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
    )

    assert cpu_quota(*where) == 1.5
    assert memory_limit(*where) == 1_000_000_000


def test_container_sees_its_limits_at_the_root(make):
    where = make("0::/docker/abc\n", {"cpu.max": "200000 100000\n", "memory.max": "5000\n"})

    assert cpu_quota(*where) == 2.0
    assert memory_limit(*where) == 5000


def test_no_limit_and_no_cgroups(make, tmp_path):
    where = make("0::/\n", {"cpu.max": "max 100000\n"})

    assert cpu_quota(*where) is None
    assert memory_limit(*where) is None
    assert cpu_quota(tmp_path / "none", tmp_path / "none") is None
