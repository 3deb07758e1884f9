from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.core.runs import ExitRecord, ResumePoint
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.data import load
from jupyter_platform.learning.networks import read_metadata
from jupyter_platform.runtime.records import read_records
from tests.waiting import DEADLINE_S

LEARN = JobType.LEARN


def events(folder: Path, kind: str) -> list[dict]:
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [item for item in map(json.loads, lines) if item["kind"] == kind]


def loss(folder: Path):
    return read_records(folder / "metrics" / "loss.rec")


def read_result(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def test_lenet_learns_the_digits(make_run, run_process):
    run = make_run("l", LEARN, "lenet-digits", "digits", method="ADAM", max_iterations=1000)

    result = run_process(run)

    found = result.result
    assert (result.status, result.step, found["steps"]) == ("finished", 1000, 1000)
    assert found["best"]["validation_accuracy"] >= 0.97
    assert found["headline"]["value"] == found["best"]["validation_accuracy"]
    assert loss(run)["step"].tolist() == list(range(1, 1001))
    assert found["loss"] == loss(run)["value"][-1]
    validation = read_records(run / "metrics" / "validation_loss.rec")
    assert validation["step"].tolist() == list(range(100, 1001, 100))
    best = validation[validation["value"].argmin()]
    assert (found["best"]["step"], found["best"]["validation_loss"]) == (
        best["step"],
        best["value"],
    )
    assert [item["step"] for item in events(run, "checkpoint")] == [500, 1000]
    assert events(run, "weights")[-1]["variant"] == "last"
    assert (run / "weights" / "best.safetensors").exists()


@pytest.mark.parametrize(
    ("network", "dataset"),
    [("logistic-regression", "iris"), ("mlp", "wine"), ("mlp", "breast_cancer")],
)
def test_tables_are_learned_as_well_as_by_scikit_learn(make_run, run_process, network, dataset):
    run = make_run("l", LEARN, network, dataset, method="ADAM", learning_rate=0.01)

    found = run_process(run).result["best"]["validation_accuracy"]

    data = load(bundled_datasets()[dataset], {})
    inputs, targets = data.inputs.numpy(), data.targets.numpy()
    train, held_out = data.parts["train"], data.parts["validation"]
    reference = make_pipeline(StandardScaler(), LogisticRegression())
    reference.fit(inputs[train], targets[train])
    samples = len(held_out)
    # Two samples: a score that depends on initial weights cannot be told closer than that.
    assert found >= reference.score(inputs[held_out], targets[held_out]) - 2.01 / samples


def test_regression_beats_the_mean_of_the_targets(make_run, run_process):
    run = make_run("l", LEARN, "mlp-regression", "diabetes", method="ADAM", max_iterations=600)

    result = run_process(run)

    # The variance of the targets, about 5,900, is what always answering their mean would score.
    assert result.result["best"]["validation_loss"] < 3800


def test_same_seed_gives_the_same_bits_and_another_does_not(make_run, run_process):
    options = {"max_iterations": 30, "validation_interval": 0}
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run = make_run(name, LEARN, "mlp", "iris", seed=seed, **options)
        run_process(run)
        weights.append((run / "weights" / "last.safetensors").read_bytes())

    assert weights[0] == weights[1] != weights[2]


def test_killed_and_resumed_equals_uninterrupted_bit_by_bit(
    make_run, run_process, start_process, wait_for
):
    options = {
        "method": "ADAM",
        "max_iterations": 400,
        "checkpoint_interval": 50,
        "validation_interval": 20,
    }
    whole = make_run("whole", LEARN, "lenet-digits", "digits", **options)
    assert run_process(whole).status == "finished"
    first = make_run("first", LEARN, "lenet-digits", "digits", **options)
    process = start_process(first)
    wait_for((first / "checkpoint" / "000000000100").exists)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (first / "result.json").exists()

    stored = events(first, "checkpoint")[-1]
    files = {
        digest: str(first / stored["folder"] / name) for name, digest in stored["files"].items()
    }
    point = ResumePoint(step=stored["step"], files=stored["files"])
    second = make_run(
        "second", LEARN, "lenet-digits", "digits", files=files, resume=point, **options
    )
    result = run_process(second)

    assert (result.status, result.step) == ("finished", 400)
    for variant in ("best", "last"):
        file = f"weights/{variant}.safetensors"
        assert (second / file).read_bytes() == (whole / file).read_bytes()
    for name in ("loss", "validation_loss", "validation_accuracy"):
        file = f"metrics/{name}.rec"
        before = read_records(first / file)
        before = before[before["step"] <= point.step]
        merged = np.concatenate([before, read_records(second / file)])
        expected = read_records(whole / file)
        assert merged["step"].tolist() == expected["step"].tolist()
        assert merged["value"].tolist() == expected["value"].tolist()


def test_stop_leaves_a_checkpoint_weights_and_a_result(make_run, start_process, wait_for):
    run = make_run("l", LEARN, "lenet-digits", "digits", max_iterations=-1)
    process = start_process(run)
    wait_for(lambda: len(loss(run)) > 20)

    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0

    result = read_result(run)
    step = result["step"]
    assert result["status"] == "stopped"
    assert loss(run)["step"].tolist() == list(range(1, step + 1))
    assert events(run, "checkpoint")[-1]["step"] == step
    assert events(run, "weights")[-1] | {"time": 0} == {
        "time": 0,
        "kind": "weights",
        "variant": "last",
        "file": "weights/last.safetensors",
        "step": step,
        "network": "lenet-digits",
        "input_shape": [1, 8, 8],
        "outputs": 10,
        "scores": result["result"]["validation"],
    }


def test_it_ends_when_its_run_folder_is_removed_and_leaves_nothing(
    make_run, start_process, wait_for, tmp_path
):
    run = make_run("l", LEARN, "mlp", "iris", max_iterations=-1, checkpoint_interval=50)
    process = start_process(run)
    wait_for((run / "checkpoint").exists)

    aside = run.rename(tmp_path / "aside")

    wait_for(lambda: not psutil.pid_exists(process.pid))
    assert not run.exists()
    assert not (aside / "result.json").exists()
    aside.rename(run)
    (run / "exit.json").write_text(ExitRecord(code=66, ended_at=0).model_dump_json())


def test_stop_before_the_first_step_is_a_stop(make_run, start_process, wait_for):
    run = make_run("l", LEARN, "lenet-digits", "digits")
    process = start_process(run)
    wait_for(lambda: (run / "events.jsonl").exists() and events(run, "phase"))
    process.send_signal(signal.SIGTERM)

    assert process.wait() == 0
    assert read_result(run)["status"] in ("stopped", "finished")


def test_a_python_exception_is_a_failure_with_its_traceback(make_run, run_process, tmp_path):
    np.savez(tmp_path / "d.npz", x=np.ones((10, 4), "f4"), y=np.arange(10) % 2)
    descriptor = DatasetDescriptor(name="d", kind="npz", file="sha256:a", splits={"test": (0, 9)})
    run = make_run("l", LEARN, "mlp", descriptor, files={"sha256:a": str(tmp_path / "d.npz")})

    result = run_process(run)

    assert result.status == "failed"
    assert result.error.type == "InvalidRequestError"
    assert result.error.message == "Dataset 'd' has no training part; give train_set."
    assert "Traceback" in result.error.traceback
    assert "learner.py" in result.error.traceback
    assert "The job failed." in (run / "output.log").read_text()


def test_a_misfit_is_refused_before_anything_is_trained(make_run, run_process):
    result = run_process(make_run("l", LEARN, "lenet", "digits"))

    assert result.status == "failed"
    assert "takes samples of shape 1×28×28; those of the dataset have shape 1×8×8" in (
        result.error.message
    )


def test_nll_of_raw_scores_fails_naming_ce_and_ce_takes_them(make_run, run_process):
    layers = [{"type": "Linear", "in_features": 4, "out_features": 3}]
    description = NetworkDescription.model_validate({"name": "raw", "layers": layers})

    refused = run_process(make_run("a", LEARN, description, "iris", max_iterations=5))
    taken = run_process(make_run("b", LEARN, description, "iris", max_iterations=5, criterion="CE"))

    assert "criterion CE" in refused.error.message
    assert taken.status == "finished"


def test_a_batch_beyond_the_set_is_the_whole_set_with_a_warning(make_run, run_process):
    run = make_run("l", LEARN, "mlp", "iris", max_iterations=3, batch_size=5000)

    assert run_process(run).status == "finished"
    assert "train_set has 108 samples" in events(run, "message")[0]["text"]


def test_without_a_validation_set_there_is_no_best(make_run, run_process, tmp_path):
    np.savez(tmp_path / "d.npz", x=np.eye(10, dtype="f4"), y=np.arange(10) % 2)
    descriptor = DatasetDescriptor(name="d", kind="npz", file="sha256:a", splits={"train": (0, 9)})
    run = make_run(
        "l", LEARN, "mlp", descriptor, files={"sha256:a": str(tmp_path / "d.npz")}, max_iterations=5
    )

    result = run_process(run).result

    assert result["best"] is None
    assert list(result["weights"]) == ["last"]
    assert result["headline"] == {
        "name": "loss",
        "value": result["loss"],
        "on": "training samples",
    }


def test_learning_goes_on_from_given_weights_and_their_normalisation(make_run, run_process):
    first = make_run("a", LEARN, "mlp", "iris", max_iterations=200, method="ADAM")
    run_process(first)
    weights = first / "weights" / "last.safetensors"
    second = make_run(
        "b", LEARN, "mlp", "iris", weights=weights, max_iterations=1, train_set="0,40"
    )
    run_process(second)

    before, after = load_file(weights), load_file(second / "weights" / "last.safetensors")
    assert (before["Normalize1.mean"] == after["Normalize1.mean"]).all()
    assert loss(second)["value"][0] < loss(first)["value"][0] / 2


def test_a_full_disk_warns_keeps_the_last_good_checkpoint_and_fails_at_the_end(
    make_run, start_process, wait_for
):
    run = make_run(
        "l",
        LEARN,
        "lenet-digits",
        "digits",
        method="ADAM",
        max_iterations=-1,
        validation_interval=0,
        checkpoint_interval=50,
    )
    process = start_process(run)
    first = wait_for(lambda: (run / "events.jsonl").exists() and events(run, "checkpoint"))[0]
    # Weights (150 kB) still fit, the state of the optimiser (310 kB) does not.
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (200_000, 200_000))
    wait_for(lambda: events(run, "message"))
    process.send_signal(signal.SIGTERM)

    assert process.wait() == 1
    result = read_result(run)
    kept = events(run, "checkpoint")
    assert "training goes on" in events(run, "message")[0]["text"]
    assert result["status"] == "failed"
    assert "The last checkpoint" in result["error"]["message"]
    assert kept[0] == first
    assert (run / kept[-1]["folder"] / "state.pt").exists()
    assert not list((run / "checkpoint").glob(".tmp*"))


@pytest.mark.parametrize("job_type", [LEARN, JobType.EVALUATE, JobType.ACT])
def test_a_leased_gpu_that_torch_cannot_see_fails_the_attempt(make_run, run_process, job_type):
    if torch.cuda.is_available():
        pytest.skip("torch sees a GPU here")
    run = make_run("l", job_type, "mlp", "iris", gpus=[3])

    result = run_process(run)

    assert result.status == "failed"
    assert "GPU 3 of host" in result.error.message
    assert "torch sees none of the 1" in result.error.message
    assert "gpus=0" in result.error.message
    assert not (run / "weights").exists()


def test_threads_are_those_of_the_lease(make_run, run_process):
    run = make_run("l", LEARN, "mlp", "iris", max_iterations=1, threads=2)

    assert run_process(run).result["threads"] == 2


def test_bundled_description_is_part_of_the_weights(make_run, run_process):
    run = make_run("l", LEARN, "mlp", "iris", max_iterations=1)
    run_process(run)

    metadata = read_metadata(run / "weights" / "last.safetensors")
    assert metadata["network"] == bundled_networks()["mlp"].digest
    assert (metadata["input_shape"], metadata["outputs"], metadata["step"]) == ("[4]", "3", "1")


def test_a_class_that_is_not_learned_is_warned_of(make_run, run_process):
    folder = make_run("m", LEARN, "mlp", "iris", train_set=[0, 2], max_iterations=2, batch_size=1)

    result = run_process(folder)

    told = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    warnings = [item["text"] for item in told if item.get("level") == "warning"]
    assert result.status == "finished"
    assert any("train_set holds no sample of class" in text for text in warnings), warnings


@pytest.mark.parametrize(("iterations", "code"), [(5, 0), (None, 1)])
def test_a_cold_process_ends_when_its_result_is_written(make_run, tmp_path, iterations, code):
    """Whatever Python would do while it is taken apart keeps nobody waiting."""
    options = {} if iterations is None else {"max_iterations": iterations}
    run = make_run("l", LEARN, "lenet" if code else "mlp", "digits" if code else "iris", **options)
    late = tmp_path / "late"
    program = (
        "import atexit, pathlib, runpy, sys\n"
        "late = pathlib.Path(sys.argv.pop())\n"
        "atexit.register(late.touch)\n"
        "print('buffered', end='')\n"
        "runpy.run_module('jupyter_platform.learning.processes.process', run_name='__main__')\n"
    )

    command = [sys.executable, "-c", program, str(run), str(late)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)

    assert done.returncode == code, done.stderr
    assert done.stdout == "buffered"
    assert read_result(run)["status"] == ("failed" if code else "finished")
    assert not late.exists()
