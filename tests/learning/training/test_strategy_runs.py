"""Strategies of several networks and of sequences, as whole jobs on the networks that ship."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.runs import ResumePoint
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks import read_metadata
from jupyter_platform.runtime.records import read_records

LEARN, EVALUATE = JobType.LEARN, JobType.EVALUATE
VAE = ["vae-encoder", "vae-decoder"]
GAN = ["gan-generator", "gan-discriminator"]
DELAYED = DatasetDescriptor(
    name="delayed",
    kind="sequences",
    parameters={"samples": 4000, "symbols": 4, "delay": 2, "seed": 1},
)


def weights(run: Path, networks: list[str]) -> dict[str, Path]:
    return {name: run / "weights" / f"last.{name}.safetensors" for name in networks}


def series(run: Path, name: str):
    return read_records(run / "metrics" / f"{name}.rec")


def test_an_autoencoder_learns_the_digits_and_is_judged_by_the_same_bound(make_run, run_process):
    options = {"latent_size": 8, "batch_size": 64}
    run = make_run("l", LEARN, VAE, "digits", strategy="vae", max_iterations=400, **options)

    found = run_process(run).result

    scores = found["validation"]
    terms = scores["validation_reconstruction_loss"] + scores["validation_kl_loss"]
    assert scores["validation_loss"] == pytest.approx(terms)
    first = series(run, "validation_loss")["value"][0]
    assert found["best"]["validation_loss"] < first - 20
    assert scores["validation_kl_loss"] > 2
    steps = series(run, "loss")["value"]
    parts = series(run, "reconstruction_loss")["value"] + series(run, "kl_loss")["value"]
    assert steps == pytest.approx(parts, rel=1e-5)
    assert found["samples"]["kind"] == "values"
    assert torch.tensor(found["samples"]["values"]).shape == (16, 1, 8, 8)
    kept = weights(run, VAE)
    assert json.loads(read_metadata(kept["vae-decoder"])["output_shape"]) == [1, 8, 8]

    judged = make_run(
        "e",
        EVALUATE,
        VAE,
        "digits",
        weights=kept,
        strategy="vae",
        latent_size=8,
        latent_samples=8,
        test_set="1437,1617",
    )
    result = run_process(judged).result
    assert result["elbo"] == pytest.approx(-scores["validation_loss"], abs=1.5)
    assert result["log_likelihood"] > result["elbo"]


@pytest.mark.parametrize("batch_size", [256, 50])
def test_the_best_autoencoder_scores_the_same_when_it_is_evaluated(
    make_run, run_process, batch_size
):
    run = make_run(
        "l", LEARN, VAE, "digits", strategy="vae", latent_size=4, max_iterations=40, seed=9,
        validation_interval=10, validation_set="1437,1617",
    )  # fmt: skip
    best = run_process(run).result["best"]
    kept = {name: run / "weights" / f"best.{name}.safetensors" for name in VAE}

    judged = make_run(
        "e", EVALUATE, VAE, "digits", weights=kept, strategy="vae", latent_size=4,
        test_set="1437,1617", batch_size=batch_size,
    )  # fmt: skip
    found = run_process(judged).result

    assert found["loss"] == pytest.approx(best["validation_loss"], rel=1e-6)
    assert found["kl_loss"] == pytest.approx(best["validation_kl_loss"], rel=1e-6)


@pytest.mark.parametrize(
    ("strategy", "extra"), [("gan", "discriminator_loss"), ("wgan", "critic_distance")]
)
def test_an_adversarial_pair_runs_on_the_digits(make_run, run_process, strategy, extra):
    options = {"initial_iterations": 2} if strategy == "wgan" else {}
    run = make_run(
        "l", LEARN, GAN, "digits", strategy=strategy, max_iterations=60, latent_size=8, **options
    )

    result = run_process(run)

    assert (result.status, result.step) == ("finished", 60)
    for name in ("loss", extra):
        values = series(run, name)["value"]
        assert len(values) == 60
        assert all(map(math.isfinite, values))
    assert result.result["validation"]["validation_loss"] > 0
    assert torch.tensor(result.result["samples"]["values"]).shape == (16, 1, 8, 8)
    assert sorted(result.result["weights"]) == sorted(
        f"{variant}.{name}" for variant in ("best", "last") for name in GAN
    )


@pytest.mark.parametrize("network", ["char-gru", "char-lstm"])
def test_a_network_remembers_what_came_two_symbols_before(make_run, run_process, network):
    run = make_run(
        "l",
        LEARN,
        network,
        DELAYED,
        strategy="bptt",
        stateful=True,
        sequence_length=16,
        batch_size=16,
        learning_rate=0.01,
        max_iterations=150,
        validation_interval=50,
    )

    found = run_process(run).result

    # Without memory nothing is better than ln 4.
    assert series(run, "loss")["value"][0] == pytest.approx(math.log(4), abs=0.3)
    assert found["best"]["validation_loss"] < 0.1
    assert found["best"]["validation_accuracy"] > 0.98
    assert series(run, "perplexity")["value"][-1] < 1.2


def test_a_trainee_learns_from_the_weights_of_its_teacher(make_run, run_process):
    teacher = make_run("t", LEARN, "lenet-digits", "digits", method="ADAM", max_iterations=200)
    run_process(teacher)
    taught = teacher / "weights" / "last.safetensors"
    run = make_run(
        "d",
        LEARN,
        ["mlp", "lenet-digits"],
        "digits",
        weights={"lenet-digits": taught},
        strategy="distillation",
        temperature=2,
        method="ADAM",
        learning_rate=0.005,
        max_iterations=300,
    )

    found = run_process(run).result

    assert found["best"]["validation_agreement"] > 0.9
    assert found["best"]["validation_accuracy"] > 0.85
    assert sorted(path.name for path in (run / "weights").iterdir()) == [
        "best.safetensors",
        "last.safetensors",
    ]


@pytest.mark.parametrize(
    ("networks", "dataset", "options"),
    [
        (VAE, "digits", {"strategy": "vae"}),
        (GAN, "digits", {"strategy": "gan"}),
        (["char-lstm"], DELAYED, {"strategy": "bptt", "stateful": True}),
    ],
)
def test_a_resumed_job_ends_as_one_that_was_never_interrupted(
    make_run, run_process, networks, dataset, options
):
    options = {**options, "max_iterations": 20, "checkpoint_interval": 10, "batch_size": 16}
    whole = make_run("whole", LEARN, networks, dataset, **options)
    run_process(whole)
    folder = whole / "checkpoint" / f"{10:012d}"
    digests = {path.name: f"sha256:{path.name}" for path in folder.iterdir()}
    resumed = make_run(
        "resumed",
        LEARN,
        networks,
        dataset,
        resume=ResumePoint(step=10, files=digests),
        files={digests[path.name]: str(path) for path in folder.iterdir()},
        **options,
    )

    run_process(resumed)

    assert series(resumed, "loss")["value"].tolist() == series(whole, "loss")["value"][10:].tolist()
    names = sorted(path.name for path in (whole / "weights").glob("last*"))
    assert len(names) == len(networks)
    for name in names:
        ours, theirs = load_file(resumed / "weights" / name), load_file(whole / "weights" / name)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
