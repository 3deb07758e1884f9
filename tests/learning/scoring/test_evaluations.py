"""Each evaluation against an independent reference, through the runner but in this process."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn import metrics
from torch import nn

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.errors import InvalidDataError, PlatformError
from jupyter_platform.learning.networks import WeightsHeader, save_weights
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.scoring import passing
from jupyter_platform.learning.scoring.evaluations.classification import Classification
from tests.learning.evaluating import LINEAR, Case, everything, network
from tests.learning.gangs import run_gang


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def two_classes(tmp_path, rng):
    """Return 60 samples of two classes that are not easily told apart."""
    y = rng.integers(0, 2, 60)
    x = (rng.normal(size=(60, 4)) + y[:, None]).astype("f4")
    return Case(tmp_path, x, y, classes=("no", "yes"))


def test_a_network_need_not_end_in_probabilities_to_be_judged(two_classes):
    module = two_classes.add(network("sigmoids", LINEAR, {"type": "Sigmoid"}), (4,), 2)

    found = two_classes.run(**everything(60)).result

    with torch.no_grad():
        outputs = module(torch.from_numpy(two_classes.x))
    assert found["accuracy"] == np.mean(outputs.argmax(1).numpy() == two_classes.y)
    assert (found["criterion"], found["loss"]) == (
        "CE",
        pytest.approx(float(nn.functional.cross_entropy(outputs, torch.tensor(two_classes.y)))),
    )
    with pytest.raises(InvalidDataError, match="NLL cannot take them"):
        two_classes.run(criterion="NLL", **everything(60))


@pytest.mark.parametrize("criterion", ["BCE", "BCE_LOGITS"])
@pytest.mark.parametrize("threshold", [0.5, 0.3])
def test_two_classes_by_one_number(two_classes, criterion, threshold):
    layers = [{"type": "Linear", "in_features": 4, "out_features": 1}]
    layers += [{"type": "Sigmoid"}] if criterion == "BCE" else []
    module = two_classes.add(network("one", *layers), (4,), 1)

    found = two_classes.run(
        strategy="binary", criterion=criterion, decision_threshold=threshold, **everything(60)
    ).result

    with torch.no_grad():
        given = module(torch.from_numpy(two_classes.x))[:, 0].double()
    likely = (given if criterion == "BCE" else given.sigmoid()).numpy()
    guess = likely >= threshold
    truth = two_classes.y
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess))
    assert found["precision"] == pytest.approx(metrics.precision_score(truth, guess))
    assert found["recall"] == pytest.approx(metrics.recall_score(truth, guess))
    assert found["specificity"] == pytest.approx(metrics.recall_score(truth, guess, pos_label=0))
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, guess))
    assert found["mcc"] == pytest.approx(metrics.matthews_corrcoef(truth, guess))
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, likely))
    assert found["loss"] == pytest.approx(metrics.log_loss(truth, likely))
    assert found["confusion"] == metrics.confusion_matrix(truth, guess).tolist()
    assert (found["positive"], found["classes"]) == ("yes", ["no", "yes"])
    example = found["examples"][0]
    shown = likely[example["index"]]
    assert example["prediction"] == int(shown >= threshold)
    assert example["probability"] == pytest.approx(shown if shown >= threshold else 1 - shown)


def test_two_classes_by_two_numbers_is_the_same_at_one_half(two_classes):
    two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)

    binary = two_classes.run(strategy="binary", **everything(60)).result
    both = two_classes.run(**everything(60)).result

    assert binary["accuracy"] == both["accuracy"]
    assert binary["confusion"] == both["confusion"]
    assert binary["loss"] == pytest.approx(both["loss"])


def test_one_number_is_not_taken_for_classes(two_classes):
    one = {"type": "Linear", "in_features": 4, "out_features": 1}
    two_classes.add(network("one", one, {"type": "Sigmoid"}), (4,), 1)

    with pytest.raises(PlatformError, match="binary|one number for each class"):
        two_classes.run(**everything(60))
    assert two_classes.run(criterion="BCE", **everything(60)).result["strategy"] == "binary"


@pytest.fixture
def numbers(tmp_path, rng):
    x = rng.normal(size=(50, 3)).astype("f4")
    y = (x @ rng.normal(size=(3, 2)) + rng.normal(size=(50, 2))).astype("f4")
    return Case(tmp_path, x, y, task="regression")


@pytest.mark.parametrize(
    ("criterion", "reference"),
    [("MSE", nn.functional.mse_loss), ("ABS", nn.functional.l1_loss)],
)
def test_a_criterion_is_the_mean_over_all_samples_however_they_are_batched(
    numbers, criterion, reference
):
    module = numbers.add(network("n", LINEAR), (3,), 2)

    result = numbers.run(strategy="criterion", criterion=criterion, **everything(50)).result

    with torch.no_grad():
        expected = reference(module(torch.from_numpy(numbers.x)), torch.from_numpy(numbers.y))
    assert result["loss"] == pytest.approx(float(expected), rel=1e-6)
    assert result["headline"] == {
        "name": "loss",
        "value": result["loss"],
        "on": "50 samples from 0 to 49",
    }


def test_true_and_predicted_numbers_are_there_to_be_plotted(tmp_path, rng):
    x = rng.normal(size=(3000, 3)).astype("f4")
    case = Case(tmp_path, x, x[:, :1] * 2, task="regression")
    module = case.add(network("n", {**LINEAR, "out_features": 1}), (3,), 1)

    pairs = case.run(**everything(3000)).result["pairs"]

    with torch.no_grad():
        given = module(torch.from_numpy(x[::3])).flatten()
    np.testing.assert_allclose(pairs, np.stack([x[::3, 0] * 2, given], 1), rtol=1e-5)


def test_outputs_of_all_samples_are_kept_in_the_order_of_the_set(numbers):
    module = numbers.add(network("n", LINEAR), (3,), 2)

    result = numbers.run(include_outputs=True, test_set=(5, 9, 2, 31), batch_size=3).result

    kept = load_file(numbers.folder / "run" / "files" / "outputs.safetensors")
    assert kept["samples"].tolist() == [5, 9, 2, 31]
    with torch.no_grad():
        expected = module(torch.from_numpy(numbers.x[[5, 9, 2, 31]]))
    torch.testing.assert_close(kept["outputs"], expected)
    assert result["outputs"]["shape"] == [4, 2]
    events = (numbers.folder / "run" / "events.jsonl").read_text()
    assert '"kind":"file"' in events.replace(" ", "")


def stored(lab, **options):
    """Return whether an evaluation asked for its weights to be the best, and its result."""
    path = lab.folder / "run" / "events.jsonl"
    before = len(path.read_text())
    result = lab.run(**options).result
    events = path.read_text()[before:].replace(" ", "")
    assert ('"kind":"best"' in events) is result.get("stored_best", False)
    return result.get("stored_best", False), result


def test_numbers_are_kept_by_their_loss(numbers):
    numbers.add(network("n", LINEAR), (3,), 2)
    loss = numbers.run(**everything(50)).result["loss"]

    for options, wanted in (
        ({"store_if_smaller_than": loss + 1e-3}, True),
        ({"store_if_smaller_than": loss - 1e-3}, False),
        ({"store_if_larger_than": loss - 1e-3}, True),
        ({"store_if_larger_than": loss + 1e-3}, False),
        ({}, False),
    ):
        kept, result = stored(numbers, **everything(50), **options)
        assert kept is wanted
        assert result.get("compared") == (
            {"name": "loss", "value": pytest.approx(loss)} if options else None
        )


def test_classes_are_kept_by_their_error_rate_as_in_dianne(two_classes):
    two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)
    error = 1 - two_classes.run(**everything(60)).result["accuracy"]
    assert 0 < error < 1

    for options, wanted in (
        ({"store_if_smaller_than": error + 1e-3}, True),
        ({"store_if_smaller_than": error - 1e-3}, False),
        ({"store_if_larger_than": error - 1e-3}, True),
        ({"store_if_larger_than": error + 1e-3}, False),
    ):
        kept, result = stored(two_classes, **everything(60), **options)
        assert kept is wanted
        assert result["compared"] == {"name": "error rate", "value": pytest.approx(error)}


def test_the_time_of_the_networks_is_theirs_alone(two_classes, monkeypatch):
    """A clock that goes on while networks compute, and faster while their outputs are noted."""
    module = two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)
    now = 0.0
    passes = 0

    def forward(evaluation, inputs):
        nonlocal now, passes
        now += 1000.0 if passes == 0 else 0.01  # the first one warms up, and does not count
        passes += 1
        return module(inputs)

    def note(evaluation, inputs, outputs, targets):
        nonlocal now
        now += 7.0
        return {"outputs": outputs, "targets": targets}

    monkeypatch.setattr(passing, "time", SimpleNamespace(perf_counter=lambda: now))
    monkeypatch.setattr(Classification, "forward", forward)
    monkeypatch.setattr(Classification, "note", note)

    found = two_classes.run(**everything(60)).result

    assert passes == 1 + 9 + 1, "the last one makes the examples"
    assert found["forward_ms_per_sample"] == pytest.approx(9 * 10 / 60)


@pytest.mark.parametrize("size", [2, 3])
def test_a_gang_gives_the_same_numbers(two_classes, size):
    two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)
    alone = two_classes.run(include_outputs=True, **everything(60))
    kept = load_file(two_classes.folder / "run" / "files" / "outputs.safetensors")

    results = run_gang(
        size,
        lambda communicator: two_classes.run(
            communicator=communicator, include_outputs=True, **everything(60)
        ),
    )

    for name in ("accuracy", "loss", "confusion", "per_class", "examples", "samples"):
        assert results[0].result[name] == alone.result[name]
    assert {item.status for item in results} == {"finished"}
    assert sum(item.step for item in results[1:]) < 60
    together = load_file(two_classes.folder / "run0" / "files" / "outputs.safetensors")
    assert torch.equal(together["outputs"], kept["outputs"])


def test_a_stop_keeps_the_scores_and_outputs_of_what_was_done(two_classes, monkeypatch):
    two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)
    wanted = {"test_set": (30, 60), "include_outputs": True, "batch_size": 7}
    expected = two_classes.run(**{**wanted, "test_set": (30, 44)})
    first = load_file(two_classes.folder / "run" / "files" / "outputs.safetensors")
    stop, note, batches = StopFlag(), Classification.note, []

    def note_and_stop(evaluation, *arguments):
        batches.append(len(arguments[0]))
        stop.requested = len(batches) == 2
        return note(evaluation, *arguments)

    monkeypatch.setattr(Classification, "note", note_and_stop)

    found = two_classes.run(stop=stop, store_if_larger_than=-1.0, **wanted)

    assert (found.status, found.step, batches) == ("stopped", 14, [7, 7])
    for name in ("accuracy", "loss", "confusion", "per_class", "examples", "headline", "samples"):
        assert found.result[name] == expected.result[name], name
    kept = load_file(two_classes.folder / "run" / "files" / "outputs.safetensors")
    assert torch.equal(kept["outputs"], first["outputs"])
    assert kept["samples"].tolist() == list(range(30, 44))
    assert found.result["partial"] is True
    assert "Stopped after 14 of 30 samples" in found.result["warnings"][0]
    assert "stored_best" not in found.result, "a part is no judgement"


def test_ranks_that_were_stopped_keep_what_each_has_done(two_classes):
    two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)

    def stopped(communicator):
        stop = StopFlag()
        stop.requested = True  # heard after the first batch
        return two_classes.run(
            communicator=communicator, stop=stop, include_outputs=True, **everything(60)
        )

    results = run_gang(2, stopped)

    assert (results[0].status, results[0].result["samples"]) == ("stopped", 14)
    kept = load_file(two_classes.folder / "run0" / "files" / "outputs.safetensors")
    assert kept["samples"].tolist() == [*range(7), *range(28, 35)]


def test_more_processes_than_samples_are_refused(two_classes):
    two_classes.add(network("two", LINEAR, {"type": "LogSoftmax", "dim": 1}), (4,), 2)

    with pytest.raises(InvalidDataError, match="3 processes cannot share 2 samples"):
        run_gang(
            3, lambda communicator: two_classes.run(communicator=communicator, test_set=(0, 2))
        )


def test_runs_of_samples_are_seen_in_order(tmp_path, rng):
    """A network that passes on what came one step before is judged on sequences alone."""
    x = rng.integers(0, 3, 40)
    inputs = np.eye(3, dtype="f4")[x]
    case = Case(tmp_path, inputs, np.roll(x, 1))
    case.add(network("rnn", {"type": "GRU", "input_size": 3, "hidden_size": 3}), (4, 3), 3)
    with torch.no_grad():
        reference = case.modules[0](torch.from_numpy(inputs).reshape(10, 4, 3)).reshape(40, 3)

    found = case.run(
        granularity="SEQUENCE", sequence_length=4, criterion="CE", test_set=(0, 40), batch_size=8
    ).result

    expected = nn.functional.cross_entropy(reference.double(), torch.from_numpy(np.roll(x, 1)))
    assert found["loss"] == pytest.approx(float(expected), rel=1e-6)
    assert found["samples"] == 40


def test_what_is_left_of_a_run_is_not_judged(tmp_path, rng):
    case = Case(tmp_path, rng.normal(size=(20, 2)).astype("f4"), rng.integers(0, 2, 20))
    case.add(network("rnn", {"type": "GRU", "input_size": 2, "hidden_size": 2}), (6, 2), 2)

    options = {"granularity": "sequence", "sequence_length": 6, "criterion": "CE"}

    assert case.run(test_set=(0, 20), **options).result["samples"] == 18
    with pytest.raises(InvalidDataError, match="not one run of sequence_length = 6"):
        case.run(test_set=(0, 5), **options)


def test_the_bound_of_a_linear_autoencoder_is_the_one_in_closed_form(tmp_path, rng):
    """Codes of zero variance in the limit, and one whose posterior is the prior: KL = 0."""
    x = rng.normal(size=(64, 2)).astype("f4")
    case = Case(tmp_path, x, x, task="regression")
    encoder = network("e", {"type": "Linear", "in_features": 2, "out_features": 2})
    decoder = network("d", {"type": "Linear", "in_features": 1, "out_features": 2})
    case.add(encoder, (2,), 2, (2,))
    case.add(decoder, (1,), 2, (2,))
    for number, module in enumerate(case.modules):
        for item in module.parameters():
            nn.init.zeros_(item)
        description = case.networks[number].description
        shape, outputs = ((2,), 2) if number == 0 else ((1,), 2)
        header = WeightsHeader.of(description, shape, outputs, (2,))
        save_weights(tmp_path / f"{number}.safetensors", module.state_dict(), header)

    found = case.run(
        strategy="vae", latent_size=1, observation_stdev=2.0, test_set=(0, 64), latent_samples=3
    ).result

    # Mean 0 and variance 1 of each code: no divergence. The decoder says N(0, 2²) of each value.
    density = -0.5 * np.square(x / 2.0) - np.log(2.0) - 0.5 * np.log(2 * np.pi)
    assert found["kl_loss"] == pytest.approx(0, abs=1e-6)
    assert found["elbo"] == pytest.approx(density.sum(1).mean(), rel=1e-5)
    assert found["log_likelihood"] == pytest.approx(found["elbo"], rel=1e-5)
    assert found["examples"][0]["prediction"] == [0.0, 0.0]


def test_a_set_with_another_number_of_networks_is_refused(numbers):
    numbers.add(network("n", LINEAR), (3,), 2)
    numbers.add(network("m", LINEAR), (3,), 2)

    with pytest.raises(PlatformError, match="works on .*2"):
        numbers.run(**everything(50))


CONV = {"type": "Conv2d", "in_channels": 3, "out_channels": 1, "kernel_size": 3, "padding": 1}


@pytest.fixture
def masks(tmp_path, rng):
    """Return nine pictures of 6×5 pixels with masks; one marks nothing."""
    truth = rng.random((9, 6, 5)) < 0.3
    truth[4] = False
    colours = rng.integers(0, 256, (9, 6, 5, 3), dtype=np.uint8)
    for number in range(9):
        for folder, pixels in (("images", colours), ("masks", truth.astype(np.uint8) * 255)):
            (tmp_path / "m" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[number]).save(tmp_path / "m" / folder / f"{number}.png")
    case = Case(tmp_path, colours, truth)
    case.dataset = DatasetDescriptor(name="m", kind="masks", file=f"path:{tmp_path / 'm'}")
    return case


def shown_as_floats(case):
    return torch.from_numpy(case.x).permute(0, 3, 1, 2) / 255


@pytest.mark.parametrize("criterion", ["BCE", "BCE_LOGITS"])
@pytest.mark.parametrize("threshold", [0.5, 0.47])
def test_pixels_that_masks_mark(masks, criterion, threshold):
    layers = [CONV] + ([{"type": "Sigmoid"}] if criterion == "BCE" else [])
    module = masks.add(network("conv", *layers), (3, 6, 5), 30, (1, 6, 5))
    chosen = {} if threshold == 0.5 else {"strategy": "segmentation"}
    chosen |= {} if threshold == 0.5 else {"decision_threshold": threshold}

    found = masks.run(criterion=criterion, **chosen, **everything(9)).result

    with torch.no_grad():
        given = module(shown_as_floats(masks)).double()
    likely = (given if criterion == "BCE" else given.sigmoid()).numpy()[:, 0]
    truth, guess = masks.y.ravel(), (likely >= threshold).ravel()
    iou = metrics.jaccard_score(truth, guess, average=None)
    assert [row["iou"] for row in found["per_class"]] == pytest.approx(iou.tolist(), abs=1e-6)
    assert found["mean_iou"] == pytest.approx(
        metrics.jaccard_score(truth, guess, average="macro"), abs=1e-6
    )
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess), abs=1e-6)
    assert found["confusion"] == metrics.confusion_matrix(truth, guess).tolist()
    assert found["loss"] == pytest.approx(metrics.log_loss(truth, likely.ravel()), abs=1e-5)
    assert found["headline"]["name"] == "mean IoU"
    assert found["headline"]["value"] == found["mean_iou"]
    assert (found["strategy"], found["samples"]) == ("segmentation", 9)
    assert [row["class"] for row in found["per_class"]] == ["background", "marked"]
    example = found["examples"][3]
    assert np.array_equal(np.array(example["truth"])[0], masks.y[3])
    assert np.array_equal(np.array(example["prediction"])[0], likely[3] >= threshold)


def test_a_gang_counts_the_same_pixels(masks):
    masks.add(network("conv", CONV, {"type": "Sigmoid"}), (3, 6, 5), 30, (1, 6, 5))
    alone = masks.run(test_set=(0, 9), batch_size=2).result

    shared = run_gang(
        2, lambda communicator: masks.run(communicator=communicator, test_set=(0, 9), batch_size=2)
    )

    assert shared[0].result["confusion"] == alone["confusion"]
    assert shared[0].result["mean_iou"] == alone["mean_iou"]


def test_a_class_of_pixels_that_does_not_occur_is_not_taken_for_a_perfect_one(masks):
    masks.y[:] = False
    for file in (masks.folder / "m" / "masks").iterdir():
        Image.fromarray(np.zeros((6, 5), np.uint8)).save(file)
    masks.add(network("conv", CONV, {"type": "Sigmoid"}), (3, 6, 5), 30, (1, 6, 5))

    found = masks.run(strategy="segmentation", decision_threshold=1.0, **everything(9)).result

    assert (found["mean_iou"], found["accuracy"]) == (None, 1.0)
    assert [row["iou"] for row in found["per_class"]] == [1.0, None]
    assert (found["headline"]["name"], found["headline"]["value"]) == ("mean IoU", None)
    assert "one class alone (background)" in found["warnings"][0]


def test_masks_are_wanted_where_pixels_are_to_be_judged(two_classes):
    two_classes.add(network("linear", LINEAR), (4,), 2)

    with pytest.raises(InvalidDataError, match="segmentation wants masks.*one class for each"):
        two_classes.run(strategy="segmentation", **everything(60))
