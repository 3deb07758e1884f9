from __future__ import annotations

import copy
import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.networks import Layer, NetworkDescription
from jupyter_platform.core.runs import ResumePoint, RunSpec
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.training.network_modes import compile_networks, compute_in
from jupyter_platform.runtime.records import read_records

LEARN = JobType.LEARN

SMALL = NetworkDescription(
    name="small",
    layers=(
        Layer(type="Linear", name="first", in_features="$features", out_features=16),
        Layer(type="BatchNorm1d", name="norm", num_features=16),
        Layer(type="ReLU"),
        Layer(type="Linear", name="last", in_features=16, out_features="$outputs"),
        Layer(type="LogSoftmax", dim=1),
    ),
)


def weights(run, variant="last"):
    return load_file(run / "weights" / f"{variant}.safetensors")


def events(run, kind):
    lines = (run / "events.jsonl").read_text(encoding="utf-8").splitlines()
    return [item for item in map(json.loads, lines) if item["kind"] == kind]


def series(run, name="loss"):
    return read_records(run / "metrics" / f"{name}.rec")


def respecify(run, **changes):
    """Change the spec of a run that was made."""
    path = run / "spec.json"
    spec = RunSpec.model_validate_json(path.read_bytes())
    path.write_text(spec.model_copy(update=changes).model_dump_json(), encoding="utf-8")
    return run


def last_point(run):
    """Return the newest checkpoint of a run, and the paths of its files."""
    told = events(run, "checkpoint")[-1]
    files = {digest: str(run / told["folder"] / name) for name, digest in told["files"].items()}
    return ResumePoint(step=told["step"], files=told["files"]), files


@pytest.fixture
def learn(make_run, run_process):
    """Run a LEARN job; return its folder and result."""

    def run(name="l", network=SMALL, dataset="iris", *, spec=None, **options):
        folder = make_run(name, LEARN, network, dataset, **options)
        if spec is not None:
            respecify(folder, **spec)
        return folder, run_process(folder)

    return run


def test_fixed_layers_stay_bit_by_bit(learn):
    fixed = "first,small/norm"
    short, _ = learn("a", fixed=fixed, max_iterations=1)
    long, result = learn("b", fixed=fixed, max_iterations=60, learning_rate=0.1)
    free, _ = learn("c", max_iterations=60, learning_rate=0.1)

    assert result.status == "finished"
    for name, value in weights(long).items():
        moves = name.startswith("last")
        assert torch.equal(value, weights(short)[name]) is not moves, name
        if not moves:
            assert not torch.equal(value, weights(free)[name]), name


def test_no_layer_may_be_left_to_learn(learn):
    _, result = learn(fixed="first,norm,last", max_iterations=5)

    assert result.status == "failed"
    assert "Nothing is left to learn" in result.error.message


def test_an_unknown_layer_is_named_with_those_that_exist(learn):
    _, result = learn(fixed="frist", max_iterations=5)

    assert result.status == "failed"
    assert "Did you mean first?" in result.error.message


def test_weights_of_every_so_many_updates_are_kept_under_their_step(learn):
    run, result = learn(store_interval=7, max_iterations=20)

    kept = [item for item in events(run, "weights") if item["variant"].isdigit()]
    assert [(item["variant"], item["step"]) for item in kept] == [("7", 7), ("14", 14)]
    shorter, _ = learn("s", max_iterations=14)
    for name, value in weights(run, "14").items():
        assert torch.equal(value, weights(shorter)[name])
    assert result.result["weights"]["7"] == "weights/7.safetensors"


def test_the_rule_that_ends_a_run_is_told(learn):
    run, result = learn(
        learning_rate=1e-9, loss_threshold=1e-3, threshold_window=10, sampling="SEQUENTIAL",
        batch_size=1000, max_iterations=500,
    )  # fmt: skip

    assert (result.status, result.step) == ("finished", 10)
    assert result.result["stopped_by"] == "loss_threshold"
    assert any("The loss fell by" in item["text"] for item in events(run, "message"))
    assert (run / "weights" / "last.safetensors").exists()


def test_validations_that_get_no_better_end_a_run(learn):
    _, result = learn(
        validation_threshold=100, threshold_window=3, validation_interval=5, max_iterations=500
    )

    assert (result.status, result.step) == ("finished", 15)
    assert result.result["stopped_by"] == "validation_threshold"


def test_time_ends_a_run(learn):
    _, result = learn(max_iterations=-1, max_time=0.3)

    assert result.status == "finished"
    assert result.result["stopped_by"] == "max_time"
    assert 0.3 <= result.result["training_time_s"] < 30


def test_updates_are_counted_exactly(learn):
    run, result = learn(max_iterations=123, validation_interval=50)

    assert (result.step, result.result["stopped_by"]) == (123, "max_iterations")
    assert series(run)["step"].tolist() == list(range(1, 124))


def test_a_loss_that_is_no_number_fails_with_a_sentence_and_leaves_no_bad_checkpoint(learn):
    run, result = learn(
        "n", learning_rate=1e30, max_iterations=-1, checkpoint_interval=1, nan_retries=2,
        validation_interval=0,
    )  # fmt: skip

    assert result.status == "failed"
    assert result.error.type == "NotFinite"
    assert "not finite" in result.error.message
    assert "learning_rate" in result.error.message
    assert result.retries == 2
    assert not (run / "weights" / "last.safetensors").exists()
    for folder in (run / "checkpoint").iterdir() if (run / "checkpoint").exists() else ():
        state = load_file(folder / "model.safetensors")
        assert all(
            torch.isfinite(value).all() for value in state.values() if value.is_floating_point()
        )


def test_a_reseeded_attempt_sees_other_samples_from_the_checkpoint_on(learn):
    first, _ = learn("a", max_iterations=30, checkpoint_interval=20)
    point, files = last_point(first)
    same, _ = learn("b", max_iterations=60, spec={"resume": point, "files": files})
    other, _ = learn("c", max_iterations=60, spec={"resume": point, "files": files, "reseed": 1})
    again, _ = learn("d", max_iterations=60, spec={"resume": point, "files": files, "reseed": 1})

    assert series(other)["step"].tolist() == series(same)["step"].tolist()
    assert series(other)["value"].tolist() != series(same)["value"].tolist()
    assert series(other)["value"].tolist() == series(again)["value"].tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"method": "ADAM", "l2": 1e-4, "momentum": 0.5, "warmup": 30, "clip_norm": 1.0},
        {"nesterov": 0.9, "schedule": "plateau", "plateau_patience": 1, "sampling": "UNIFORM"},
        {"accumulate": 3, "precision": "bfloat16", "decay_rate": 0.01, "loss_threshold": -100.0},
        {
            "sampling": "UNIFORMCLASS",
            "schedule": "cosine",
            "cosine_length": 60,
            "fixed": "first",
            "method": "NADAM",
        },
    ],
)
def test_a_resumed_run_equals_an_uninterrupted_one_bit_by_bit(learn, options):
    options = {"validation_interval": 10, **options}
    whole, _ = learn("w", max_iterations=60, **options)
    first, _ = learn("a", max_iterations=35, **options)
    point, files = last_point(first)
    second, _ = learn("b", max_iterations=60, spec={"resume": point, "files": files}, **options)

    values = [*series(first)["value"].tolist(), *series(second)["value"].tolist()]
    assert values == series(whole)["value"].tolist()
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(second)[name])


def test_accumulated_batches_are_as_good_as_one_large_batch(learn):
    plain = {"sampling": "SEQUENTIAL", "network": NetworkDescription(
        name="linear",
        layers=(
            Layer(type="Linear", in_features="$features", out_features="$outputs"),
            Layer(type="LogSoftmax", dim=1),
        ),
    )}  # fmt: skip
    large, one = learn("a", batch_size=30, max_iterations=40, **plain)
    small, many = learn("b", batch_size=10, accumulate=3, max_iterations=40, **plain)

    assert many.step == one.step == 40
    assert np.allclose(series(small)["value"], series(large)["value"], atol=1e-5)


def test_reduced_precision_learns_and_keeps_float32_weights(learn):
    run, result = learn(precision="bfloat16", max_iterations=200, learning_rate=0.1)
    exact, _ = learn("e", max_iterations=200, learning_rate=0.1)

    assert result.result["best"]["validation_accuracy"] > 0.85
    assert all(value.dtype != torch.bfloat16 for value in weights(run).values())
    assert series(run)["value"].tolist() != series(exact)["value"].tolist()


def test_half_precision_without_a_gpu_says_what_is_used(learn):
    run, result = learn(precision="float16", max_iterations=3)

    assert result.status == "finished"
    assert any("bfloat16 is used" in item["text"] for item in events(run, "message"))


def test_the_learning_rate_is_a_curve_where_it_changes(learn):
    run, _ = learn(decay_rate=0.01, max_iterations=50, learning_rate=0.5)
    constant, _ = learn("c", max_iterations=5)

    rates = series(run, "learning_rate")
    assert rates["step"].tolist() == list(range(1, 51))
    assert rates["value"] == pytest.approx(0.5 * np.exp(-0.01 * (rates["step"] - 1)))
    assert not (constant / "metrics" / "learning_rate.rec").exists()


def test_two_classes_are_told_by_one_output(learn):
    network = NetworkDescription(
        name="one",
        layers=(
            Layer(type="Normalize", num_features="$features"),
            Layer(type="Linear", in_features="$features", out_features="$outputs"),
        ),
    )
    run, result = learn(
        network=network, dataset="breast_cancer", criterion="BCE_LOGITS", method="ADAM",
        learning_rate=0.01, max_iterations=400,
    )  # fmt: skip

    assert result.status == "finished", result.error
    assert result.result["best"]["validation_accuracy"] > 0.93
    assert [value.shape[0] for value in weights(run).values() if value.ndim == 2] == [1]


def test_numbers_are_learned_with_their_deviations(learn, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 1)).astype(np.float32)
    y = 2 * x + rng.normal(size=(600, 1)).astype(np.float32) * 0.5
    np.savez(tmp_path / "line.npz", x=x, y=y)
    network = NetworkDescription(
        name="normal",
        layers=(
            Layer(type="Linear", name="linear", in_features="$features", out_features="$outputs"),
            Layer(type="MultivariateGaussian", size=1, stdev_activation="softplus"),
        ),
    )
    digest = f"sha256:{'1' * 64}"
    dataset = DatasetDescriptor(name="line", kind="npz", file=digest, task="regression")
    run, result = learn(
        network=network, dataset=dataset, files={digest: str(tmp_path / "line.npz")},
        criterion="GAU", method="ADAM", learning_rate=0.05, max_iterations=400, batch_size=100,
    )  # fmt: skip

    assert result.status == "finished", result.error
    # The entropy of noise with a deviation of 0.5.
    expected = 0.5 * np.log(2 * np.pi * np.e * 0.25)
    assert result.result["best"]["validation_loss"] == pytest.approx(expected, abs=0.15)
    assert weights(run)["linear.weight"][0].item() == pytest.approx(2, abs=0.1)


def test_without_a_compiler_it_says_so_and_learns(monkeypatch):
    def nothing(*_arguments, **_options):
        raise RuntimeError("InvalidCxxCompiler: no compiler was found")

    monkeypatch.setattr(torch, "compile", nothing)
    told = []
    network = torch.nn.Linear(2, 2)

    compile_networks([network], torch.device("cpu"), told.append)

    assert told == [
        "compile = true: torch cannot compile here (InvalidCxxCompiler: no compiler was found); it "
        "goes on without."
    ]
    assert network(torch.ones(1, 2)).shape == (1, 2)


@pytest.mark.slow
def test_a_compiled_network_gives_the_same_for_any_batch_and_keeps_the_keys_of_its_weights():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 16), torch.nn.BatchNorm1d(16), torch.nn.ReLU(), torch.nn.Linear(16, 3)
    )
    plain = copy.deepcopy(network)
    told = []

    compile_networks([network], torch.device("cpu"), told.append)

    # Without a compiler there is nothing to compare; that it says so is shown above.
    assert network._compiled_call_impl is not None or "cannot compile" in told[0]
    assert network.state_dict().keys() == plain.state_dict().keys()
    for size in (8, 8, 5, 30):
        batch = torch.randn(size, 4)
        ours, theirs = network(batch), plain(batch)
        assert torch.allclose(ours, theirs, atol=1e-5)
        ours.square().sum().backward()
        theirs.square().sum().backward()
    for mine, other in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine.grad, other.grad, atol=1e-3)
    network.eval()
    plain.eval()
    with torch.inference_mode():
        assert torch.allclose(network(batch), plain(batch), atol=1e-5)


def test_a_copy_of_a_network_computes_with_its_own_weights_in_reduced_precision():
    network = torch.nn.Linear(3, 2)
    compute_in(network, "bfloat16", torch.device("cpu"))
    twin = copy.deepcopy(network)
    torch.nn.init.zeros_(twin.weight)
    torch.nn.init.ones_(twin.bias)

    outputs = twin(torch.randn(4, 3))

    assert torch.equal(outputs, torch.ones(4, 2))
    assert outputs.dtype == torch.float32
    assert twin.state_dict().keys() == {"weight", "bias"}


PICTURES = NetworkDescription(
    name="pictures",
    layers=(
        Layer(type="Flatten"),
        Layer(type="Linear", name="linear", in_features="$features", out_features="$outputs"),
        Layer(type="LogSoftmax", dim=1),
    ),
)


def test_random_changes_are_for_training_only(learn):
    still = {"learning_rate": 1e-20, "max_iterations": 30, "validation_interval": 10}
    plain, _ = learn("a", PICTURES, "digits", **still)
    mirrored, _ = learn("b", PICTURES, "digits", hflip=1.0, **still)
    again, _ = learn("c", PICTURES, "digits", horizontal_flip=1.0, **still)

    assert series(mirrored)["value"].tolist() != series(plain)["value"].tolist()
    assert series(mirrored)["value"].tolist() == series(again)["value"].tolist()
    name = "validation_loss"
    assert series(mirrored, name)["value"].tolist() == series(plain, name)["value"].tolist()


def test_other_changes_are_for_validation_too_and_shape_the_network(learn):
    run, result = learn(
        "a", PICTURES, "digits", crop_width=4, crop_height=6, binarize=0.5, max_iterations=20
    )

    assert result.status == "finished", result.error
    assert weights(run)["linear.weight"].shape == (10, 4 * 6)


def test_a_network_learns_to_give_back_its_inputs(learn):
    network = NetworkDescription(
        name="auto",
        layers=(
            Layer(type="Flatten"),
            Layer(type="Linear", in_features="$features", out_features=20),
            Layer(type="Linear", in_features=20, out_features="$output_features"),
            Layer(type="Unflatten", dim=1, unflattened_size="$output_shape"),
        ),
    )
    _, result = learn(
        network=network, dataset="digits", autoencode=True, encoder_noise=0.1, method="ADAM",
        learning_rate=0.005, max_iterations=400,
    )  # fmt: skip

    assert result.status == "finished", result.error
    # Twenty principal components leave 0.0085 of the variance per pixel.
    assert result.result["best"]["validation_loss"] < 0.02


def test_only_the_samples_of_a_range_are_learned(learn):
    _, result = learn(range="0,40", train_set="0,40", validation_set="30,40", max_iterations=5)
    _, beyond = learn("b", sample_range="0,40", train_set="0,41", max_iterations=5)

    assert result.status == "finished", result.error
    assert "reaches sample 40" in beyond.error.message


@pytest.fixture
def folder_of_images(tmp_path):
    """A dataset of pictures that lie in files, a folder a class."""
    rng = np.random.default_rng(0)
    for number in range(40):
        path = tmp_path / "shapes" / f"kind{number % 2}" / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 6), dtype=np.uint8)).save(path)
    return DatasetDescriptor(
        name="shapes", kind="images", file=f"path:{tmp_path / 'shapes'}", shape=(1, 6, 6)
    )


@pytest.mark.parametrize("sampling", ["PERMUTATION", "UNIFORMCLASS"])
def test_batches_read_ahead_from_files_change_nothing_not_even_for_a_resume(
    learn, folder_of_images, sampling
):
    options = {"sampling": sampling, "batch_size": 7, "hflip": 0.5}
    plain, result = learn(
        "p", PICTURES, folder_of_images, fetch_threads=0, max_iterations=30, **options
    )
    assert result.status == "finished", result.error
    first, _ = learn("a", PICTURES, folder_of_images, fetch_threads=3, max_iterations=17, **options)
    point, files = last_point(first)
    second, _ = learn(
        "b", PICTURES, folder_of_images, fetch_threads=2, max_iterations=30,
        spec={"resume": point, "files": files}, **options,
    )  # fmt: skip

    values = [*series(first)["value"].tolist(), *series(second)["value"].tolist()]
    assert values == series(plain)["value"].tolist()


def test_epochs_pass_over_every_sample_and_schedules_know_how_long_they_are(learn):
    """Iris has 120 samples to learn from."""
    run, result = learn(
        epochs=2.5, batch_size=32, train_set="0,103", schedule="cosine", learning_rate=0.1
    )

    updates = -(-103 * 5 // 2 // 32)  # 257.5 samples in batches of 32
    assert result.result["steps"] == updates == len(series(run))
    assert result.result["stopped_by"] == "epochs"
    rates = series(run, "learning_rate")["value"]
    assert rates[-1] < 0.02


def test_the_rate_of_a_plateau_is_recorded_at_the_steps_that_used_it(learn):
    """It falls at the validation after step 6, so that step 7 is the first with the new one."""
    run, _ = learn(
        schedule="plateau",
        plateau_patience=1,
        learning_rate=1e-30,
        max_iterations=9,
        validation_interval=3,
    )

    rates = series(run, "learning_rate")
    assert rates["value"].tolist() == pytest.approx([1e-30] * 6 + [1e-31] * 3)


def test_the_result_tells_what_was_used(learn):
    _, result = learn(train_set="0:10", batch_size=32, max_iterations=6, method="ADAM")

    told = result.result
    assert told["learning_rate"] == 0.001
    assert told["criterion"] == "NLL"
    assert (told["batch_size"], told["train_samples"], told["epochs"]) == (10, 10, 6.0)
    assert told["validation_samples"] > 0
