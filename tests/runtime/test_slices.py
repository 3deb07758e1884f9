from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from jupyter_platform.core.errors import HostError
from jupyter_platform.core.hosts import GpuRecord
from jupyter_platform.runtime import slices
from jupyter_platform.runtime.gpus import GpuInventory
from jupyter_platform.runtime.slices import claim_slice, machine_cpus, machine_memory

GPUS = [GpuRecord(index=n, uuid=f"GPU-{n}", name="H100", memory=80_000_000_000) for n in range(2)]
OTHER = """
import os, sys
from pathlib import Path
from jupyter_platform.runtime.slices import claim_slice
held = claim_slice(cpus=int(sys.argv[2]), folder=Path(sys.argv[1]))
print(held.cpu_affinity, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "claims"


@pytest.fixture
def machine(monkeypatch):
    """A machine of four CPUs without a quota, and two GPUs."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    monkeypatch.setattr(slices, "cpu_quota", lambda: None)
    monkeypatch.setattr(slices, "gpu_inventory", lambda: GpuInventory(tuple(GPUS)))


def test_all_that_is_left_is_the_default(machine, folder):
    first = claim_slice(cpus=1, gpus=1, folder=folder)
    second = claim_slice(folder=folder)

    assert (first.cpus, first.cpu_affinity, first.gpus) == (1, [0], GPUS[:1])
    assert (second.cpus, second.cpu_affinity, second.gpus) == (3, [1, 2, 3], GPUS[1:])
    assert first.memory == machine_memory() // 4
    assert first.overcommitted is second.overcommitted is None
    first.release()
    second.release()


def test_nothing_left_names_the_holder(machine, folder):
    held = claim_slice(folder=folder)

    with pytest.raises(HostError, match=rf"process {os.getpid()} of user \w+") as caught:
        claim_slice(folder=folder)
    assert "only 0 CPUs left where 1 is needed" in caught.value.message

    held.release()
    held.release()
    assert claim_slice(folder=folder).cpus == 4


def test_claim_that_fails_holds_nothing(machine, folder):
    held = claim_slice(cpus=1, gpus=1, folder=folder)
    for request in ({"cpus": 4}, {"cpus": 1, "gpus": 2}):
        with pytest.raises(HostError, match="left where"):
            claim_slice(**request, folder=folder)

    assert claim_slice(cpus=3, gpus=1, folder=folder).cpus == 3
    held.release()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"cpus": 5}, r"cluster.cpus = 5: this machine offers 4 CPUs. Ask for at most 4"),
        ({"gpus": 3}, r"cluster.gpus = 3: this machine offers 2 GPUs. Ask for at most 2"),
        ({"memory": 10**18}, r"cluster.memory = 1000000.0 TB: this machine offers at most"),
    ],
)
def test_more_than_the_machine_has_is_refused(machine, folder, request_, message):
    with pytest.raises(HostError, match=message):
        claim_slice(**request_, folder=folder)

    assert not folder.exists()


def test_overcommit_claims_nothing_and_says_so(machine, folder):
    held = claim_slice(folder=folder)

    more = claim_slice(cpus=8, memory=10**18, overcommit=True, folder=folder)
    same = claim_slice(overcommit=True, folder=folder)

    assert (more.cpus, more.memory, more.cpu_affinity) == (8, 10**18, None)
    assert more.overcommitted == "offers 8 CPUs on a machine of 4 (overcommitted)"
    assert same.cpus == 4
    assert "which others may offer too (overcommitted)" in same.overcommitted
    with pytest.raises(HostError, match="cannot be offered"):
        claim_slice(gpus=3, overcommit=True, folder=folder)
    held.release()


def test_quota_limits_the_claim_without_naming_cpus(machine, folder, monkeypatch):
    monkeypatch.setattr(slices, "cpu_quota", lambda: 2.5)

    held = claim_slice(folder=folder)

    assert (held.cpus, held.cpu_affinity) == (2, None)
    with pytest.raises(HostError, match="only 0 CPUs left"):
        claim_slice(folder=folder)
    monkeypatch.setattr(slices, "cpu_quota", lambda: 0.5)
    assert machine_cpus() == 1
    held.release()


def test_two_processes_never_hold_the_same_cpu(folder):
    here = len(os.sched_getaffinity(0))
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER, folder, "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        theirs = other.stdout.readline()
        assert theirs.startswith(("[", "None"))
        with pytest.raises(HostError, match=f"process {other.pid} of user"):
            claim_slice(cpus=machine_cpus(), folder=folder)
        if machine_cpus() > 1:
            ours = claim_slice(folder=folder)
            assert ours.cpus == machine_cpus() - 1
            ours.release()
        other.kill()
        other.wait()
        free = claim_slice(folder=folder)
        assert free.cpus == machine_cpus() <= here
        free.release()
    finally:
        other.kill()
        other.wait()
        other.stdin.close()
        other.stdout.close()


def test_claims_do_not_follow_links_of_others(machine, tmp_path, folder):
    (tmp_path / "victim").write_text("precious")
    folder.mkdir()
    (folder / "cpu-0").symlink_to(tmp_path / "victim")
    with pytest.raises(HostError, match="cpu-0 cannot be opened"):
        claim_slice(cpus=1, folder=folder)
    (folder / "cpu-0").unlink()
    os.link(tmp_path / "victim", folder / "cpu-0")

    with pytest.raises(HostError, match="cpu-0 is no plain file"):
        claim_slice(cpus=1, folder=folder)

    assert (tmp_path / "victim").read_text() == "precious"
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(HostError, match="cannot be opened"):
        claim_slice(cpus=1, folder=tmp_path / "link")


def test_folder_is_for_all_users(machine, folder):
    held = claim_slice(cpus=1, folder=folder)

    assert folder.stat().st_mode & 0o7777 == 0o1777
    assert (folder / "cpu-0").stat().st_mode & 0o777 == 0o666
    held.release()


@pytest.mark.root
def test_another_user_meets_the_same_claims():
    shared = Path(tempfile.mkdtemp(prefix="claims-", dir="/tmp"))
    shared.chmod(0o755)
    folder = shared / "claims"
    held = claim_slice(cpus=1, folder=folder)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from jupyter_platform.runtime.slices import claim_slice, machine_cpus\n"
        "machine_cpus()\n"  # loads what that user could not read
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "claim_slice(cpus=machine_cpus(), folder=Path(sys.argv[1]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, check=False
    )

    held.release()
    shutil.rmtree(shared)
    assert f"process {os.getpid()} of user" in done.stderr
