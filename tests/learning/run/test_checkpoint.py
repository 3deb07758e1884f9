from __future__ import annotations

import hashlib
import json
import random
import resource

import numpy as np
import pytest
import torch
from torch import nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.runs import ResumePoint
from jupyter_platform.learning.networks import WeightsHeader
from jupyter_platform.learning.run.checkpoint import (
    read_checkpoint,
    set_random_state,
    write_checkpoint,
)

HEADER = WeightsHeader("0" * 64, (4,), 3)
STATE = {"strategy": {"a": torch.arange(3)}, "elapsed_s": 1.5}


def write(folder, step, state=STATE, network=None):
    return write_checkpoint(folder, step, network or nn.Linear(4, 3), HEADER, state, {})


def point_of(folder, stored):
    files = {digest: str(folder / stored.folder / name) for name, digest in stored.files.items()}
    return ResumePoint(step=stored.step, files=stored.files), files


def names(folder):
    return sorted(item.name for item in (folder / "checkpoint").iterdir())


def test_weights_and_state_come_back(tmp_path):
    network, other = nn.Linear(4, 3), nn.Linear(4, 3)
    point, files = point_of(tmp_path, write(tmp_path, 5, network=network))

    state = read_checkpoint(point, files, other, "n")

    assert torch.equal(network.weight, other.weight)
    assert torch.equal(state["strategy"]["a"], torch.arange(3))
    assert (state["step"], state["elapsed_s"]) == (5, 1.5)


def test_every_random_generator_comes_back_through_a_file(tmp_path):
    point, files = point_of(tmp_path, write(tmp_path, 1))
    expected = (torch.rand(3).tolist(), random.random(), np.random.rand(), np.random.randn())

    set_random_state(read_checkpoint(point, files, nn.Linear(4, 3), "n")["random"])

    again = (torch.rand(3).tolist(), random.random(), np.random.rand(), np.random.randn())
    assert again == expected


def test_the_last_two_stay_with_digests_of_their_files(tmp_path):
    for step in (5, 10, 15):
        stored = write(tmp_path, step)

    assert names(tmp_path) == ["000000000010", "000000000015"]
    for name, digest in stored.files.items():
        data = (tmp_path / stored.folder / name).read_bytes()
        assert digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    facts = json.loads((tmp_path / stored.folder / "checkpoint.json").read_text())
    assert facts["step"] == 15


def test_a_full_disk_leaves_the_last_good_one_and_nothing_else(tmp_path):
    stored = write(tmp_path, 5)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(tmp_path, 10, {"big": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert names(tmp_path) == ["000000000005"]
    read_checkpoint(*point_of(tmp_path, stored), nn.Linear(4, 3), "n")


def test_a_checkpoint_that_runs_code_is_refused(tmp_path):
    opened = tmp_path / "opened"

    class Trap:
        def __reduce__(self):
            return (open, (str(opened), "w"))

    stored = write(tmp_path, 5)
    torch.save({"step": 5, "trap": Trap()}, tmp_path / stored.folder / "state.pt")

    with pytest.raises(InvalidDataError, match="cannot be read"):
        read_checkpoint(*point_of(tmp_path, stored), nn.Linear(4, 3), "n")
    assert not opened.exists()


def test_a_missing_file_and_another_step_are_named(tmp_path):
    point, files = point_of(tmp_path, write(tmp_path, 5))

    with pytest.raises(InvalidDataError, match=r"lacks model\.safetensors"):
        read_checkpoint(point, {}, nn.Linear(4, 3), "n")
    with pytest.raises(InvalidDataError, match="of step 5, not of step 6"):
        read_checkpoint(ResumePoint(step=6, files=point.files), files, nn.Linear(4, 3), "n")
