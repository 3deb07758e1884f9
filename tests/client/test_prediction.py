"""Asking trained networks, against a real platform."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load, load_file, save_file

from jupyter_platform import Platform
from jupyter_platform.cli.main import run
from jupyter_platform.client.prediction import read_array
from jupyter_platform.core.errors import InvalidDataError, InvalidRequestError, NotFoundError
from tests.waiting import DEADLINE_S


@pytest.fixture(scope="module")
def learned(shared_paths):
    """Weights of a network that has learned digits for a moment."""
    with Platform() as hub:
        options = {"max_iterations": 30, "validation_interval": 0, "tag": "asked"}
        job = hub.submit("LEARN", "lenet-digits", "digits", name="asked", **options)
        assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
        return job


def test_a_prediction_is_what_the_network_gives(platform, learned):
    samples = np.random.default_rng(0).random((3, 1, 8, 8)).astype("f4")

    found = platform.predict("lenet-digits", samples, tag="asked")

    with torch.no_grad():
        expected = learned.network()(torch.from_numpy(samples)).numpy()
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.probabilities, np.exp(expected), rtol=1e-5, atol=1e-6)
    assert found.predicted == [str(item) for item in expected.argmax(1)]
    assert (found.classes, found.truth) == ([str(item) for item in range(10)], None)
    assert found.record.tag == "asked/last"
    assert found.record.forward_ms > 0


def test_samples_of_the_dataset_come_with_the_truth_and_what_the_network_saw(platform, learned):
    found = platform.predict("lenet-digits", tag="asked", samples=[7, 1500])

    given = np.asarray(found.record.inputs)
    assert given.shape == (2, 1, 8, 8)
    again = platform.predict("lenet-digits", given, tag="asked/last")
    assert again.predicted == found.predicted
    assert set(found.truth) <= set(found.classes)
    same = platform.predict("lenet-digits", tag="asked", dataset="digits", samples=7)
    assert same.truth == found.truth[:1]


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8), (1, 1, 8, 8), (2, 8, 8)])
def test_axes_that_are_one_long_may_be_left_out(platform, learned, shape):
    found = platform.predict("lenet-digits", np.zeros(shape), tag="asked")

    assert len(found) == (2 if shape[0] == 2 else 1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"inputs": np.zeros((5, 5))}, "shape 5×5; the network takes samples of shape 1×8×8"),
        ({"inputs": [[1, 2], [3]]}, "different lengths"),
        ({"inputs": [["a"]]}, "numbers"),
        ({"inputs": np.full((8, 8), np.nan)}, "NaN"),
        ({"inputs": np.zeros((2000, 1, 8, 8))}, "2,000 samples are given; 1 to 1,024"),
        ({"inputs": np.zeros((0, 1, 8, 8))}, "0 samples"),
        ({}, "either inputs, images, or samples"),
        ({"inputs": np.zeros((8, 8)), "samples": 1}, "either inputs, images, or samples"),
        ({"inputs": np.zeros((8, 8)), "dataset": "digits"}, "dataset goes with samples"),
        ({"samples": [5000]}, "no sample 5000; it has 1,797"),
        ({"samples": [-1]}, "no sample -1"),
        ({"samples": [1], "dataset": "iris"}, "shape 4; its weights were learnt on shape 1×8×8"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(platform, learned, asked, words):
    with pytest.raises(InvalidRequestError, match=words):
        platform.predict("lenet-digits", tag="asked", **asked)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"network": "lenet-digit"}, "lenet-digits"),
        ({"network": "resnet"}, "has no weights yet"),
        ({"network": "lenet-digits", "tag": "askd"}, "asked"),
        ({"network": "lenet-digits", "tag": "asked/best"}, "last"),
        ({"network": "lenet-digits", "dataset": "digitz"}, "digits"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(platform, learned, asked, words):
    with pytest.raises(NotFoundError, match=words):
        platform.predict(samples=1, **asked)


def test_outputs_of_an_evaluation_can_be_had(platform, learned, tmp_path):
    job = platform.submit(
        "EVALUATE", "lenet-digits", "digits", tag="asked", test_set="10,40", include_outputs=True
    )
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error

    assert list(job.files()) == ["outputs.safetensors"]
    found = platform.predict("lenet-digits", tag="asked", samples=range(10, 40))
    np.testing.assert_allclose(job.outputs(), found.outputs, rtol=1e-4, atol=1e-5)
    kept = load(job.file("outputs.safetensors", tmp_path).read_bytes())
    assert kept["samples"].tolist() == list(range(10, 40))
    with pytest.raises(NotFoundError, match=r"outputs\.safetensors"):
        job.file("output.safetensors", tmp_path)


def test_an_evaluation_makes_weights_the_best_of_their_tag(platform, learned):
    job = platform.submit(
        "EVALUATE", "lenet-digits", "digits", tag="asked/last", storeIfLargerThan="0"
    )
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error

    record = next(item for item in platform.network("lenet-digits").tags if item.tag == "asked")
    kept = {item.variant: item for item in record.variants}
    assert kept["best"].digest == kept["last"].digest
    assert kept["best"].scores["test_accuracy"] == job.result()["accuracy"]
    assert record.job == learned.id


def test_the_command_line_asks_samples_files_and_pictures(learned, tmp_path, capsys):
    array = tmp_path / "x.npy"
    np.save(array, np.zeros((2, 8, 8), "f4"))
    picture = tmp_path / "x.png"
    Image.new("L", (40, 40), 255).save(picture)

    for words in (["--sample", "digits:7"], ["--file", str(array)], ["--image", str(picture)]):
        assert run(["predict", "lenet-digits", "--tag", "asked/last", *words]) == 0
    out = capsys.readouterr().out
    assert out.count("lenet-digits asked/last") == 3
    assert "(true: " in out

    assert run(["predict", "lenet-digits"]) == 2
    assert run(["predict", "lenet-digits", "--sample", "digits:x"]) == 2
    assert run(["predict", "lenet-digits", "--tag", "none", "--image", str(picture)]) == 3
    assert "'x' is no number of a sample" in capsys.readouterr().err


@pytest.fixture(scope="module")
def learned_pictures(shared_paths, tmp_path_factory):
    """Weights that have learned to tell bright and dark pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(12):
        for name, level in (("bright", 200), ("dark", 40)):
            (folder / name).mkdir(exist_ok=True)
            pixels = np.full((10, 16, 3), level + number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    descriptor = {"kind": "images", "file": f"path:{folder}", "shape": [3, 8, 8]}
    place = shared_paths.data / "datasets"
    place.mkdir(exist_ok=True)
    (place / "lights.json").write_text(json.dumps({"name": "lights", **descriptor}))
    with Platform() as hub:
        options = {"max_iterations": 60, "method": "ADAM", "tag": "lights", "frame": "6,6"}
        job = hub.submit("LEARN", "mlp", "lights", name="lights", **options)
        assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
        return folder, job


def test_pictures_are_prepared_as_the_weights_learnt_them(platform, learned_pictures):
    folder, job = learned_pictures
    paths = [folder / "bright" / "3.png", folder / "dark" / "5.png"]

    found = platform.predict("mlp", images=paths, tag="lights")

    with torch.no_grad():
        expected = job.network()(torch.tensor([203, 45]).view(2, 1, 1, 1).expand(2, 3, 6, 6) / 255)
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-4, atol=1e-5)
    assert found.predicted == ["bright", "dark"]
    assert found.record.notes == []
    with Image.open(paths[1]) as image:
        several = [paths[1].read_bytes(), np.asarray(image), image.convert("RGBA")]
        again = platform.predict("mlp", images=several, tag="lights")
    np.testing.assert_array_equal(again.outputs, np.repeat(found.outputs[1:], 3, 0))
    turned = platform.predict("mlp", images=paths[1], tag="lights", invert=True)
    assert turned.predicted == ["bright"]


def test_samples_go_through_the_adapters_that_the_weights_learnt_with(platform, learned_pictures):
    found = platform.predict("mlp", samples=[0, 1, 2], tag="lights")

    assert np.asarray(found.record.inputs).shape == (3, 3, 6, 6)
    assert found.predicted == found.truth


def test_the_preparation_can_be_looked_at(platform, learned, learned_pictures):
    record = platform.preparation("mlp", "lights")

    assert record.preparation.picture.shape == (3, 8, 8)
    assert record.preparation.adapters == {"frame": [6, 6]}
    assert record.preparation.input_shape == (3, 6, 6)
    assert record.preparation.classes == ("bright", "dark")
    assert (record.tag, record.note) == ("lights/best", None)
    (kept,) = [item for item in platform.network("mlp").tags if item.tag == "lights"]
    assert kept.origin.preparation == record.preparation
    # The digits go from 0 to 16, and networks get 0 to 1.
    assert platform.preparation("lenet-digits").preparation.picture.scale == 1 / 255


def test_weights_that_tell_no_preparation_take_that_of_their_dataset_and_say_so(
    platform, learned_pictures, tmp_path
):
    folder, job = learned_pictures
    state = load_file(job.weights(tmp_path / "w.safetensors"))
    bare = tmp_path / "bare.safetensors"
    told = {"input_shape": "[3, 6, 6]", "outputs": "2"}
    save_file(state, bare, told)
    platform.import_network(bare, network="mlp", tag="bare")

    record = platform.preparation("mlp", "bare")
    assert (record.preparation, record.note) == (None, None)
    with pytest.raises(InvalidRequestError, match="its weights do not tell, and the dataset"):
        platform.predict("mlp", images=folder / "dark" / "5.png", tag="bare")


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (b"no picture", "Image 0 cannot be read: it is no image"),
        ("/nowhere/x.png", "/nowhere/x.png cannot be read: No such file"),
        (np.zeros((4, 4)), "type float64 and shape .*pixels from 0 to 255"),
    ],
)
def test_what_is_no_picture_is_refused(platform, learned, images, words):
    with pytest.raises(InvalidRequestError, match=words):
        platform.predict("lenet-digits", images=images, tag="asked")


def test_files_of_pickles_are_not_opened(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(InvalidDataError, match="cannot be read as an .npy file"):
        read_array(path)
    with pytest.raises(InvalidDataError, match="cannot be read"):
        read_array(tmp_path / "missing.npy")
