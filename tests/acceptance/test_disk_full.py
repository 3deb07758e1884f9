"""A host's disk that is full while a checkpoint is written: a small one of its own, really full."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from jupyter_platform import Platform
from jupyter_platform.core.settings import load_settings
from jupyter_platform.runtime.launch import ensure_coordinator
from tests.conftest import end_processes
from tests.waiting import DEADLINE_S, until

pytestmark = [pytest.mark.root, pytest.mark.chaos]

MARK = "JP_TEST_DISK"
DISK_BYTES = 24_000_000
SPARE = 48_000
"""Bytes left for events and metrics; a checkpoint of this network and ADAM takes 470 kB."""


class Disk:
    """A file system in memory, and the ballast that fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, spare: int = 0) -> None:
        """Leave `spare` bytes free."""
        with open(self._ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue
            file.truncate(max(file.seek(0, os.SEEK_END) - spare, 0))

    def free(self) -> None:
        """Give everything back."""
        self._ballast.unlink()


@pytest.fixture
def disk(paths, monkeypatch):
    """The disk of all hosts of a platform of this test alone, which is up."""
    monkeypatch.setenv(MARK, str(paths.data))
    hosts = paths.data / "hosts"
    hosts.mkdir(mode=0o700, exist_ok=True)
    options = f"size={DISK_BYTES},mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(hosts)], check=True)
    try:
        settings = load_settings(None, {"cluster.cpus": 2, "cluster.overcommit": True})
        ensure_coordinator(paths, settings=settings, timeout_s=DEADLINE_S)
        yield Disk(hosts)
    finally:
        end_processes(MARK, str(paths.data))
        subprocess.run(["umount", "--lazy", str(hosts)], check=True)


@pytest.fixture
def job(disk):
    """A job that learns without end and writes a checkpoint every 50 steps."""
    with Platform() as platform:
        until(platform.hosts, "a host that has joined")
        yield platform.submit(
            "LEARN",
            "lenet-digits",
            "digits",
            method="ADAM",
            max_iterations=-1,
            validation_interval=0,
            checkpoint_interval=50,
        )


def run_folders(disk, job) -> list[Path]:
    found = (path.parent for path in disk.folder.glob(f"*/runs/{job.id}/*/0/spec.json"))
    return sorted(found, key=lambda path: int(path.parent.name))


def checkpoints(disk, job) -> list[Path]:
    """Return the whole checkpoints of the newest attempt, the oldest first."""
    folders = run_folders(disk, job)
    return sorted(folders[-1].glob("checkpoint/[0-9]*")) if folders else []


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name)


def is_whole(checkpoint: Path) -> bool:
    facts = json.loads((checkpoint / "checkpoint.json").read_text())
    return all(
        f"sha256:{hashlib.sha256((checkpoint / name).read_bytes()).hexdigest()}" == digest
        for name, digest in facts["files"].items()
    )


def warnings(job) -> str:
    return " ".join(job.refresh().record.warnings) + job.log()


def stopped_with_a_whole_curve(job, beyond: int) -> None:
    """Stop the job, and hold that each step is there exactly once and the weights can be read."""
    job.stop()
    assert job.wait(timeout=DEADLINE_S) == "stopped"
    steps = job.metrics()["step"].tolist()
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) > beyond
    assert sum(parameter.numel() for parameter in job.network().parameters()) > 1000


def test_the_last_good_checkpoint_stays_and_work_goes_on_when_there_is_room(disk, job):
    until(lambda: len(checkpoints(disk, job)) == 2, "two checkpoints")
    disk.fill(SPARE)

    until(lambda: "No space left on device" in warnings(job), "a warning")

    assert "The one before it stays, and training goes on." in warnings(job)
    kept = checkpoints(disk, job)
    assert len(kept) == 2
    assert all(is_whole(item) for item in kept)
    assert job.refresh().record.state == "running"

    disk.free()
    after = until(
        lambda: [item for item in checkpoints(disk, job) if step_of(item) > step_of(kept[-1]) + 50],
        what="a checkpoint after the disk had room again",
    )
    assert is_whole(after[-1])
    assert not list(run_folders(disk, job)[-1].glob("checkpoint/.tmp*"))
    stopped_with_a_whole_curve(job, step_of(after[-1]))


def test_a_process_that_dies_on_a_full_disk_goes_on_from_its_checkpoint_later(disk, job, paths):
    until(lambda: len(checkpoints(disk, job)) == 2, "two checkpoints")
    disk.fill()
    kept = checkpoints(disk, job)[-1]
    folder = run_folders(disk, job)[-1]
    process = json.loads((folder / "process.json").read_text())
    # The shim too: it would wait a minute for room to write down how the process ended.
    for name in ("shim_pid", "pid"):
        os.kill(process[name], signal.SIGKILL)

    told = until(
        lambda: "No space left" in (job.refresh().record.reason or "") and job.record.reason,
        what="a reason that names the disk",
    )
    assert job.record.state == "queued", told
    assert is_whole(kept)

    disk.free()
    until(lambda: len(run_folders(disk, job)) >= 2, "a second attempt")
    again = until(
        lambda: [item for item in checkpoints(disk, job) if step_of(item) > step_of(kept)],
        what="a checkpoint of the second attempt",
    )
    assert is_whole(again[-1])
    stopped_with_a_whole_curve(job, step_of(again[-1]))
    assert shutil.disk_usage(disk.folder).free > 0
