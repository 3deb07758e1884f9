"""Processes of one gang: each with a run folder, as host agents start them."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
from safetensors.numpy import load_file

from jupyter_platform.core.runs import RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.runtime.records import read_records

LEARN = {"method": "ADAM", "max_iterations": 60, "validation_interval": 30, "seed": 5}


def events(folder, kind):
    path = folder / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [item for item in map(json.loads, lines) if item["kind"] == kind]


@pytest.fixture
def start_gang(make_run, start_process, wait_for):
    """Start the ranks of a gang, each from a spec as the coordinator writes it."""

    def start(job_type, network, dataset, ranks=2, **options):
        folders, processes = [], []
        for rank in range(ranks):
            folder = make_run(f"rank-{rank}", job_type, network, dataset, **options)
            spec = RunSpec.model_validate_json((folder / "spec.json").read_bytes())
            way = {"address": "127.0.0.1", "secret": "s3", "store": None}
            if rank:
                (told,) = wait_for(lambda: events(folders[0], "store"))
                way["store"] = told["address"]
            given = spec.model_dump(mode="json")
            given |= {"world_size": ranks, "ranks_meet": True, "gang": way}
            given["run"] = {"workload": "gang", "attempt": 1, "rank": rank}
            (folder / "spec.json").write_text(json.dumps(given), encoding="utf-8")
            folders.append(folder)
            processes.append(start_process(folder))
        return folders, processes

    return start


def loss(folder):
    return read_records(folder / "metrics" / "loss.rec")


def result(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("interval", [1, 20])
def test_both_learn_and_rank_0_keeps_what_they_learnt(start_gang, interval):
    (lead, other), processes = start_gang(
        JobType.LEARN, "mlp", "iris", sync_interval=interval, **LEARN
    )
    assert [process.wait() for process in processes] == [0, 0]

    for folder in (lead, other):
        assert loss(folder)["step"].tolist() == list(range(1, 61))
        assert (result(folder)["status"], result(folder)["result"]["ranks"]) == ("finished", 2)
    assert not np.array_equal(loss(lead)["value"], loss(other)["value"])
    assert (lead / "metrics" / "validation_loss.rec").exists()
    assert not (other / "metrics" / "validation_loss.rec").exists()
    assert load_file(lead / "weights" / "last.safetensors")
    assert not list((other / "weights").iterdir())
    assert not events(other, "checkpoint")


def test_a_rank_whose_peer_is_killed_leaves_without_a_result(start_gang, wait_for):
    (_, other), (first, second) = start_gang(
        JobType.LEARN, "mlp", "iris", **{**LEARN, "max_iterations": -1}
    )
    wait_for(lambda: len(loss(other)) > 20)

    first.send_signal(signal.SIGKILL)

    assert first.wait() == -signal.SIGKILL
    assert second.wait() == os.EX_TEMPFAIL
    assert not (other / "result.json").exists()


def test_one_that_is_asked_to_stop_stops_the_other(start_gang, wait_for):
    (lead, other), (first, second) = start_gang(
        JobType.LEARN, "mlp", "iris", **{**LEARN, "max_iterations": -1}
    )
    wait_for(lambda: len(loss(lead)) > 20)

    second.send_signal(signal.SIGTERM)

    assert [first.wait(), second.wait()] == [0, 0]
    assert result(other)["status"] == "stopped"
    assert result(lead)["step"] == result(other)["step"] == len(loss(lead))
    assert events(lead, "checkpoint")[-1]["step"] == result(lead)["step"]
