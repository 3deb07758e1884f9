"""Classes of pixels: learned, judged and predicted, against scikit-learn and NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn import metrics
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetDescriptor, DatasetFacts
from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.data import load, make_adapters
from jupyter_platform.learning.data.pictures.mask_values import IGNORED
from jupyter_platform.learning.data.preview import preview
from jupyter_platform.learning.networks import WeightsHeader, save_weights
from jupyter_platform.learning.scoring import scores
from jupyter_platform.learning.strategies.criteria import (
    make_loss,
    predicted_classes,
    told_targets,
)
from jupyter_platform.runtime.records import read_records
from tests.learning.evaluating import Case, everything, network
from tests.learning.gangs import run_gang

SHAPE = (6, 5)
CLASSES = 4
CONV = {"type": "Conv2d", "in_channels": 3, "out_channels": CLASSES, "kernel_size": 3, "padding": 1}


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def classes(tmp_path, rng):
    """Return nine pictures whose pixels have classes 0 to 2 of four, a tenth of them ignored."""
    truth = rng.integers(0, 3, (9, *SHAPE)).astype("u1")
    truth[rng.random(truth.shape) < 0.1] = 255
    colours = rng.integers(0, 256, (9, *SHAPE, 3), dtype="u1")
    for number in range(9):
        for folder, pixels in (("images", colours), ("masks", truth)):
            (tmp_path / "m" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels[number]).save(tmp_path / "m" / folder / f"{number}.png")
    case = Case(tmp_path, colours, truth)
    case.dataset = DatasetDescriptor(
        name="m",
        kind="masks",
        file=f"path:{tmp_path / 'm'}",
        classes=["road", "tree", "sky", "sea"],
    )
    return case


def biased(case, description, bias):
    """Add a network that never, or always, takes a pixel for one of the last class."""
    module = case.add(description, (3, *SHAPE), CLASSES, (CLASSES, *SHAPE))
    state = module.state_dict()
    for name, values in state.items():
        values[-1] = bias if name.endswith("bias") else 0
    header = WeightsHeader.of(description, (3, *SHAPE), CLASSES, (CLASSES, *SHAPE))
    save_weights(Path(case.files[case.networks[-1].weights]), state, header)
    return module


def given_by(module, case):
    with torch.no_grad():
        return module(torch.from_numpy(case.x).permute(0, 3, 1, 2) / 255).double()


@pytest.mark.parametrize("criterion", ["CE", "NLL"])
def test_scores_are_those_of_scikit_learn_over_pixels_that_are_not_ignored(classes, criterion):
    layers = [CONV] + ([{"type": "LogSoftmax", "dim": 1}] if criterion == "NLL" else [])
    # Of the last class there is no pixel, nor a guess.
    module = biased(classes, network("conv", *layers), -100.0)

    found = classes.run(criterion=criterion, **everything(9)).result

    given = given_by(module, classes)
    known = classes.y.ravel() != 255
    truth, guess = classes.y.ravel()[known], given.argmax(1).numpy().ravel()[known]
    iou = metrics.jaccard_score(truth, guess, average=None, labels=[0, 1, 2])
    rows = found["per_class"]
    assert [row["iou"] for row in rows[:3]] == pytest.approx(iou.tolist())
    assert rows[3]["iou"] is None
    assert [row["class"] for row in rows] == ["road", "tree", "sky", "sea"]
    assert found["mean_iou"] == pytest.approx(
        metrics.jaccard_score(truth, guess, average="macro", labels=[0, 1, 2])
    )
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, guess))
    expected = metrics.confusion_matrix(truth, guess, labels=range(4))
    assert found["confusion"] == expected.tolist()
    shares = given.softmax(1).permute(0, 2, 3, 1).reshape(-1, CLASSES).numpy()[known]
    assert found["loss"] == pytest.approx(
        metrics.log_loss(truth, shares / shares.sum(1, keepdims=True), labels=range(4)), rel=1e-5
    )
    assert found["strategy"] == "segmentation"
    assert found["classes"] == ["road", "tree", "sky", "sea"]
    assert np.array_equal(found["examples"][3]["prediction"], given.argmax(1)[3])


def test_a_class_that_is_guessed_but_never_true_counts_with_no_overlap(classes):
    biased(classes, network("conv", CONV), 100.0)

    found = classes.run(criterion="CE", **everything(9)).result

    assert [row["iou"] for row in found["per_class"]] == [0, 0, 0, 0]
    assert found["mean_iou"] == 0


def test_a_gang_counts_the_same_pixels_of_classes(classes):
    classes.add(network("conv", CONV), (3, *SHAPE), CLASSES, (CLASSES, *SHAPE))
    alone = classes.run(criterion="CE", test_set=(0, 9), batch_size=2).result

    shared = run_gang(
        2,
        lambda communicator: classes.run(
            communicator=communicator, criterion="CE", test_set=(0, 9), batch_size=2
        ),
    )

    assert shared[0].result["confusion"] == alone["confusion"]
    assert shared[0].result["loss"] == pytest.approx(alone["loss"])


def test_scores_without_any_pixel_are_none():
    found = scores.segmentation_scores(torch.zeros(2, 2, dtype=torch.int64), ["a", "b"])

    assert (found["accuracy"], found["mean_iou"]) == (None, None)


def test_losses_are_means_over_pixels_that_are_not_ignored():
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(2, 3, 4, 5, generator=generator)
    targets = torch.randint(3, (2, 4, 5), generator=generator)
    targets[0, :2] = IGNORED
    known = (targets != IGNORED).flatten()
    rows = outputs.permute(0, 2, 3, 1).reshape(-1, 3)[known]
    expected = functional.cross_entropy(rows, targets.flatten()[known])

    for criterion, given in (
        ("CE", outputs),
        ("NLL", outputs.log_softmax(1)),
        ("NLL", outputs.softmax(1)),
    ):
        loss = make_loss(criterion, given, targets, "n")
        assert torch.allclose(loss(given, targets), expected, atol=1e-5)
        assert loss(given, torch.full_like(targets, IGNORED)) == 0
    assert told_targets(targets) == int(known.sum())
    assert torch.equal(predicted_classes(outputs, "CE"), outputs.argmax(1))
    single, marks = outputs[:, :1], targets.clamp(max=1)
    loss = make_loss("BCE_LOGITS", single, marks, "n")
    wanted = functional.binary_cross_entropy_with_logits(
        single.flatten()[known], marks.flatten()[known].float()
    )
    assert torch.allclose(loss(single, marks), wanted)
    assert loss(single, torch.full_like(marks, IGNORED)) == 0
    with pytest.raises(InvalidDataError, match="one number for each class of each pixel"):
        make_loss("CE", outputs.flatten(1), targets, "n")


def test_a_network_learns_classes_of_pixels(make_run, start_process, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(20):
        truth = rng.integers(0, 3, (8, 8)).astype("u1")
        colours = np.array([[250, 0, 0], [0, 250, 0], [0, 0, 250]], "u1")[truth]
        truth[0, :3] = 255
        for folder, pixels in (("images", colours), ("masks", truth)):
            (tmp_path / "m" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / "m" / folder / f"{number}.png")
    layer = {"type": "Conv2d", "in_channels": "$channels", "kernel_size": 1}
    description = network("pixels", {**layer, "out_channels": "$outputs"})
    dataset = DatasetDescriptor(name="m", kind="masks", file=f"path:{tmp_path / 'm'}")

    folder = make_run(
        "learn",
        JobType.LEARN,
        description,
        dataset,
        criterion="CE",
        method="ADAM",
        learning_rate=0.2,
        max_iterations=60,
        validation_interval=30,
        horizontal_flip=0.5,
        rotation=0.5,
        rotation_zero_pad=True,
    )
    assert start_process(folder).wait() == 0

    accuracy = read_records(folder / "metrics" / "validation_accuracy.rec")["value"]
    assert accuracy[-1] == 1.0


def mask_facts():
    return DatasetFacts(
        size=4,
        shape=[3, 8, 10],
        task="classification",
        outputs=3,
        target_shape=[8, 10],
        classes=["a", "b", "c"],
        parts={},
        bytes=0,
        masks=True,
    )


@pytest.mark.parametrize(
    "options",
    [
        {"rotation": [0.3, 0.6], "rotation_zero_pad": True},
        {"crop_width": 8, "crop_height": 6, "crop_padding": 3},
        {"crop_width": "4,9", "crop_height": "3,8", "frame": "3,6,6"},
        {"frame": "5,5"},
        {"crop_width": 25},
    ],
)
def test_classes_of_pixels_move_with_their_images_and_are_never_mixed(options):
    numbers = torch.tensor([0, 2, IGNORED])  # between 0 and 2 a mixture would be 1
    generator = torch.Generator().manual_seed(0)
    masks = numbers[torch.randint(3, (4, 8, 10), generator=generator)]
    made = make_adapters(AdapterOptions(**options), mask_facts())
    images = (masks[:, None] == 2).float().expand(-1, 3, -1, -1)

    moved, found = made(images, masks, torch.Generator().manual_seed(1), True)

    after = made.shape(mask_facts())
    assert (after.outputs, after.target_shape) == (3, list(found.shape[1:]))
    assert found.dtype == torch.int64
    assert set(found.unique().tolist()) <= {0, 2, IGNORED}
    assert after.target_shape == after.shape[1:]
    # Where the image is 2 through and through, so is the mask.
    assert bool((found[moved[:, 0] > 0.99] == 2).all())


def test_what_a_rotation_brings_in_from_outside_is_ignored():
    masks = torch.ones(1, 8, 10, dtype=torch.int64)
    made = make_adapters(
        AdapterOptions(rotation=[0.8, 0.8], rotation_center="center", rotation_zero_pad=True),
        mask_facts(),
    )

    _, found = made(torch.ones(1, 3, 8, 10), masks, torch.Generator().manual_seed(0), True)

    assert found[0, 0, 0] == IGNORED
    assert found[0, 4, 5] == 1


def test_classes_of_pixels_become_classes_of_samples_where_something_is_marked():
    made = make_adapters(AdapterOptions(mask_to_class=True), mask_facts())
    masks = torch.zeros(2, 8, 10, dtype=torch.int64)
    masks[0, 0, 0], masks[1, 3] = 2, IGNORED

    _, found = made(torch.zeros(2, 3, 8, 10), masks, None, False)

    assert found.tolist() == [0, 1]


def test_labels_are_not_those_of_pixels():
    with pytest.raises(OptionError, match="this dataset has masks"):
        make_adapters(AdapterOptions(labels=["a"]), mask_facts())


def test_a_preview_shows_classes_in_colours(classes):
    dataset = load(classes.dataset, {})

    found = preview(dataset, None, 2, AdapterOptions())

    assert all(item.mask.startswith("data:image/png") for item in found.samples)
