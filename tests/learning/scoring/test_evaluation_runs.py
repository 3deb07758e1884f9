from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics
from sklearn.datasets import load_diabetes, load_digits

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.runs import RunProgress
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks import WeightsHeader, build, save_weights


@pytest.fixture
def fresh_weights(tmp_path):
    """Return what stores fresh weights and gives the network and the file."""

    def store(name, shape, outputs):
        torch.manual_seed(4)
        description = bundled_networks()[name]
        network = build(description, shape, outputs).eval()
        path = tmp_path / f"{name}.safetensors"
        header = WeightsHeader.of(description, shape, outputs)
        save_weights(path, network.state_dict(), header)
        return network, path

    return store


def held_out(bunch, start):
    order = np.random.default_rng(0).permutation(len(bunch.data))[start:]
    return bunch.data[order].astype("f4"), bunch.target[order]


def test_digits_are_evaluated_as_scikit_learn_does(make_run, run_process, fresh_weights):
    network, path = fresh_weights("lenet-digits", [1, 8, 8], 10)
    run = make_run("e", JobType.EVALUATE, "lenet-digits", "digits", weights=path, batch_size=100)

    result = run_process(run)

    inputs, truth = held_out(load_digits(), 1437)
    with torch.no_grad():
        outputs = network(torch.from_numpy(inputs).reshape(-1, 1, 8, 8) / 16).double().numpy()
    predicted = outputs.argmax(1)
    found = result.result
    assert (result.status, found["samples"]) == ("finished", 360)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, predicted), abs=1e-6)
    assert found["headline"] == {
        "name": "accuracy",
        "value": found["accuracy"],
        "on": "test, 360 samples",
    }
    assert found["confusion"] == metrics.confusion_matrix(truth, predicted).tolist()
    assert found["loss"] == pytest.approx(-outputs[np.arange(360), truth].mean(), abs=1e-6)
    top_3 = metrics.top_k_accuracy_score(truth, outputs, k=3)
    assert found["top_k"]["3"] == pytest.approx(top_3, abs=1e-6)
    assert found["forward_ms_per_sample"] > 0
    progress = RunProgress.model_validate_json((run / "progress.json").read_bytes())
    assert (progress.step, progress.total, progress.unit) == (360, 360, "samples")


def test_examples_are_real_samples_of_the_set(make_run, run_process, fresh_weights):
    network, path = fresh_weights("lenet-digits", [1, 8, 8], 10)
    run = make_run(
        "e", JobType.EVALUATE, "lenet-digits", "digits", weights=path, test_set="100,200"
    )

    examples = run_process(run).result["examples"]

    inputs, truth = held_out(load_digits(), 0)
    assert len({item["index"] for item in examples}) == 16
    for item in examples:
        index = item["index"]
        image = torch.tensor(item["input"])
        assert 100 <= index < 200
        assert torch.equal(image, torch.from_numpy(inputs[index]).reshape(1, 8, 8) / 16)
        assert item["truth"] == truth[index]
        with torch.no_grad():
            probabilities = network(image[None]).exp()[0]
        assert item["prediction"] == int(probabilities.argmax())
        assert item["probability"] == pytest.approx(float(probabilities.max()), abs=1e-6)


def test_diabetes_is_evaluated_as_scikit_learn_does(make_run, run_process, fresh_weights):
    network, path = fresh_weights("mlp-regression", [10], 1)
    run = make_run("e", JobType.EVALUATE, "mlp-regression", "diabetes", weights=path)

    found = run_process(run).result

    inputs, truth = held_out(load_diabetes(), 353)
    with torch.no_grad():
        predicted = network(torch.from_numpy(inputs)).double().numpy()[:, 0]
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth, predicted), abs=1e-6)
    assert found["rmse"] == pytest.approx(metrics.root_mean_squared_error(truth, predicted))
    assert found["r2"] == pytest.approx(metrics.r2_score(truth, predicted), abs=1e-6)
    assert found["loss"] == pytest.approx(found["mse"])
    assert found["headline"] == {
        "name": "R²",
        "value": found["r2"],
        "on": "test, 89 samples",
    }
    assert len(found["examples"]) == 16


def test_weights_are_needed(make_run, run_process):
    result = run_process(make_run("e", JobType.EVALUATE, "lenet-digits", "digits"))

    assert result.status == "failed"
    assert "has no weights to evaluate" in result.error.message
