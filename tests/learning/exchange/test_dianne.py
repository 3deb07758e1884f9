"""Networks written as DIANNE writes them compute what DIANNE defines."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy import special
from torch.nn import functional as f

from jupyter_platform.core.errors import InvalidDataError

from .conftest import RNG, Dianne, normal, outputs


def linear(inputs: int, outs: int) -> tuple[str, dict[str, int]]:
    return "Linear", {"input": inputs, "output": outs}


@pytest.fixture
def mlp(dianne: Dianne) -> tuple[Dianne, np.ndarray, np.ndarray]:
    """Return 784-20-10 with sigmoids, as DIANNE's first tutorial has it, images and outputs."""
    dianne.chain(linear(784, 20), ("Sigmoid", {}), linear(20, 10), ("Sigmoid", {}))
    first, second = (normal(20, 784) / 28, normal(20)), (normal(10, 20), normal(10))
    dianne.give("m1", *first).give("m3", *second)
    images = RNG.uniform(size=(5, 1, 28, 28)).astype("f4")
    hidden = special.expit(images.reshape(5, -1) @ first[0].T + first[1])
    return dianne, images, special.expit(hidden @ second[0].T + second[1])


def test_a_network_of_linear_layers_flattens_images(mlp, tmp_path, import_file):
    dianne, images, wanted = mlp

    answer = import_file(dianne.zip(tmp_path / "mnist-20.zip"))

    assert (answer.kind, answer.description.name, answer.description.outputs) == (
        "dianne",
        "mnist-20",
        10,
    )
    assert answer.description.input_shape is None
    assert answer.facts.parameters == 785 * 20 + 21 * 10
    assert [layer.type for layer in answer.description.layers] == [
        "Flatten",
        "Linear",
        "Sigmoid",
        "Linear",
        "Sigmoid",
    ]
    assert [(item.tag, item.variant) for item in answer.weights] == [("imported", "last")]
    np.testing.assert_allclose(outputs(answer, images), wanted, atol=1e-6)


def renamed(dianne: Dianne) -> str:
    """Return the spelling of the first release."""
    modules = {}
    for item in dianne.modules.values():
        kind = item["type"].lower()
        structure = ("id", "type", "next", "prev")
        modules[item["id"]] = {
            f"module.{key}" if key in structure else f"module.{kind}.{key}": value
            for key, value in item.items()
        }
    return json.dumps(modules)


def nested(dianne: Dianne) -> str:
    """Return the newest form, with properties apart and single neighbours as text."""
    modules = {}
    for item in dianne.modules.values():
        one = {key: item.pop(key) for key in ("id", "type", "next", "prev")}
        for key in ("next", "prev"):
            one[key] = one[key][0] if len(one[key]) == 1 else one[key]
        properties = {**item, "category": "x"}
        modules[one["id"]] = {**one, "properties": properties}
    return json.dumps({"name": "My net", "properties": {"a": "b"}, "modules": modules})


def loose(dianne: Dianne) -> str:
    """Return numbers as numbers, other cases of types, no ids inside, a byte order mark."""
    modules = {}
    for item in dianne.modules.values():
        key = item.pop("id").upper()
        numbers = {name: int(value) for name, value in item.items() if str(value).isdecimal()}
        modules[key] = {**item, **numbers, "type": item["type"].upper()}
    return "\ufeff" + json.dumps(modules)


@pytest.mark.parametrize("spelling", [Dianne.text, renamed, nested, loose])
def test_every_spelling_means_the_same(mlp, tmp_path, import_file, spelling):
    dianne, images, wanted = mlp
    text = spelling(dianne)

    answer = import_file(dianne.zip(tmp_path / "net.zip", text=text, folder="models/some/"))

    assert answer.description.name == "some"
    np.testing.assert_allclose(outputs(answer, images), wanted, atol=1e-6)


def test_weights_of_several_tags_are_kept_apart(mlp, tmp_path, import_file):
    dianne, images, wanted = mlp
    job = "0a1b2c3d-0000-4000-8000-123456789012"
    for tag, factor in (("", 1), ("v1", 2), ("v1-best", 3), ("v1-1000", 4), (job, 5)):
        for name in ("m1", "m3"):
            values = dianne.weights[Dianne.id(name)]
            dianne.give(name, values * factor, tag=tag)

    answer = import_file(dianne.zip(tmp_path / "net.zip"), tag="mine")

    found = {(item.tag, item.variant): item for item in answer.weights}
    assert set(found) == {
        ("mine", "last"),
        ("v1", "last"),
        ("v1", "best"),
        ("v1", "1000"),
        (job, "last"),
    }
    assert not np.allclose(outputs(answer, images, found["v1", "best"]), wanted)


def test_modules_alone_make_a_network_without_weights(mlp, tmp_path, import_file):
    path = tmp_path / "modules.txt"
    path.write_text(mlp[0].text())

    answer = import_file(path, name="fresh", input_shape=(1, 28, 28))

    assert (answer.description.name, answer.weights) == ("fresh", [])
    assert answer.facts.input_shape == [1, 28, 28]


def test_branches_keep_the_order_of_their_edges(dianne, tmp_path, import_file):
    dianne.add("in", "Input", next="dup")
    # In the order of the file b comes before a; the order of next and prev is what counts.
    dianne.add("join", "Concat", prev="b a c", next="out", dim=0)
    dianne.add("b", "Invert", prev="split", next="join")
    dianne.add("a", "Sigmoid", prev="split", next="join")
    dianne.add("c", "Accumulate", prev="dup split", next="join")
    dianne.add("split", "Split", prev="dup", next="a b c", dim=0, split="2,5")
    dianne.add("dup", "Duplicate", prev="in", next="narrow split")
    dianne.add("narrow", "Narrow", prev="dup", next="c", index0=1, size0=3)
    dianne.modules["c"]["prev"] = [dianne.id("narrow"), dianne.id("split")]
    dianne.add("out", "Output", prev="join")
    x = normal(4, 8)

    answer = import_file(dianne.zip(tmp_path / "net.zip"))

    parts = [1 - x[:, 2:5], special.expit(x[:, :2]), x[:, 1:4] + x[:, 5:]]
    network = outputs(answer, x)
    np.testing.assert_allclose(network, np.concatenate(parts, 1), atol=1e-6)


def test_axes_are_counted_from_the_last_unless_the_file_says_nothing(dianne, tmp_path, import_file):
    x = normal(2, 3, 4, 6)
    dianne.add("in", "Input", next="split").add("split", "Split", "in", "a b", dim=1)
    dianne.add("a", "Tanh", "split", "join").add("b", "Invert", "split", "join")
    dianne.add("join", "Concat", "a b", "out").add("out", "Output", "join")

    answer = import_file(dianne.zip(tmp_path / "net.zip"))

    wanted = np.concatenate([np.tanh(x[:, :, :2]), 1 - x[:, :, 2:]], 1)
    np.testing.assert_allclose(outputs(answer, x), wanted, atol=1e-6)


IMAGE = normal(2, 3, 9, 8)
T = torch.from_numpy
W = {
    "spatial": normal(4, 3, 2, 3),
    "transposed": normal(3, 4, 2, 3),
    "temporal": normal(5, 3, 8),
    "norm": RNG.uniform(0.5, 2, size=(4, 3)).astype("f4"),
}
B = normal(5)
CASES = {
    "convolution": (
        "Convolution",
        {
            "noInputPlanes": 3, "noOutputPlanes": 4, "kernelWidth": 3, "kernelHeight": 2,
            "strideX": 2, "padX": 1, "padY": 0, "kernelDepth": "",
        },
        [W["spatial"], B[:4]],
        lambda: f.conv2d(T(IMAGE), T(W["spatial"]), T(B[:4]), (1, 2), (0, 1)),
    ),
    "convolution with the old word for padding": (
        "Convolution",
        {
            "noInputPlanes": 3, "noOutputPlanes": 4, "kernelWidth": 3, "kernelHeight": 2,
            "pad": "true",
        },
        [W["spatial"], B[:4]],
        lambda: f.conv2d(T(IMAGE), T(W["spatial"]), T(B[:4]), 1, (0, 1)),
    ),
    "full convolution": (
        "FullConvolution",
        {
            "noInputPlanes": 3, "noOutputPlanes": 4, "kernelWidth": 3, "kernelHeight": 2,
            "strideY": 2, "padX": 1,
        },
        [W["transposed"], B[:4]],
        lambda: f.conv_transpose2d(T(IMAGE), T(W["transposed"]), T(B[:4]), (2, 1), (0, 1)),
    ),
    "largest": (
        "MaxPooling",
        {"width": 2, "height": 3, "padY": 1},
        [],
        lambda: f.max_pool2d(T(IMAGE), (3, 2), padding=(1, 0)),
    ),
    "mean without the padding": (
        "AvgPooling",
        {"width": 2, "height": 3, "strideX": 1, "padX": 1},
        [],
        lambda: f.avg_pool2d(T(IMAGE), (3, 2), (3, 1), (0, 1), count_include_pad=False),
    ),
    "mean of all": (
        "AvgPooling",
        {"width": -1, "height": -1},
        [],
        lambda: T(IMAGE).mean((2, 3), keepdim=True),
    ),
    "batch normalisation": (
        "BatchNormalization",
        {"size": 3},
        [*W["norm"]],
        lambda: f.batch_norm(T(IMAGE), *(T(W["norm"][i]) for i in (2, 3, 0, 1)), eps=1e-5),
    ),
    "normalisation with its file": (
        "Normalization",
        {},
        [[0.5], [2.0]],
        lambda: (T(IMAGE) - 0.5) / 2,
    ),
    "denormalisation of its keys": (
        "Denormalization",
        {"mean": 3, "stdev": 0.5},
        [],
        lambda: T(IMAGE) * 0.5 + 3,
    ),
    "parametric": ("PReLU", {}, [[0.1]], lambda: f.prelu(T(IMAGE), torch.tensor([0.1]))),
    "leaky": ("LeakyReLU", {"leakyness": 0.2}, [], lambda: f.leaky_relu(T(IMAGE), 0.2)),
    "threshold": (
        "Threshold",
        {"thresh": 0.5, "val": -1},
        [],
        lambda: f.threshold(T(IMAGE), 0.5, -1.0),
    ),
    "softplus": ("SoftPlus", {"beta": 2}, [], lambda: f.softplus(T(IMAGE), 2)),
    "elu": ("ELU", {"alpha": 0.5}, [], lambda: f.elu(T(IMAGE), 0.5)),
    "softmax over channels": ("Softmax", {}, [], lambda: T(IMAGE).softmax(1)),
    "dropout as old files call it": ("Dropout", {"dropout": 0.5}, [], lambda: T(IMAGE)),
    "zeros from the last axis": (
        "Zeropad",
        {"dim0": 1, "dim1": 0, "dim2": 2},
        [],
        lambda: f.pad(T(IMAGE), (2, 2, 0, 0, 1, 1)),
    ),
    "reshape": ("Reshape", {"dim0": 9, "dim1": 24}, [], lambda: T(IMAGE).reshape(2, 9, 24)),
    "response": (
        "LRN",
        {"size": 3, "alpha": 0.1, "beta": 0.5, "k": 2},
        [],
        lambda: f.local_response_norm(T(IMAGE), 3, 0.1, 0.5, 2),
    ),
    "scaled": (
        "Scale",
        {"dim0": 3, "dim1": 5, "dim2": 4},
        [],
        lambda: f.interpolate(T(IMAGE), (5, 4), mode="bilinear", align_corners=True),
    ),
    "scaled by factors": (
        "Scale",
        {"factor0": 1, "factor1": 2, "factor2": 0.5},
        [],
        lambda: f.interpolate(T(IMAGE), (18, 4), mode="bilinear", align_corners=True),
    ),
    "frame": (
        "Frame",
        {"dim0": 4, "dim1": 4},
        [],
        lambda: f.interpolate(
            T(IMAGE[:, :, :8]), (4, 4), mode="bilinear", align_corners=True
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "config", "tensors", "wanted"), CASES.values(), ids=CASES)
def test_a_module_computes_what_it_says(
    dianne, tmp_path, import_file, kind, config, tensors, wanted
):
    dianne.chain((kind, config))
    if tensors:
        dianne.give("m1", *tensors)

    answer = import_file(dianne.zip(tmp_path / "net.zip"), input_shape=IMAGE.shape[1:])

    ours = outputs(answer, IMAGE)
    if kind == "Denormalization":
        ours = outputs(answer_with(dianne.give("m1", [3], [0.5]), tmp_path, import_file), IMAGE)
    np.testing.assert_allclose(ours, wanted(), atol=1e-5)


def answer_with(dianne, tmp_path, import_file):
    return import_file(dianne.zip(tmp_path / "again.zip"), input_shape=IMAGE.shape[1:])


def test_temporal_convolution_has_the_features_of_a_step_together(dianne, tmp_path, import_file):
    x = normal(2, 7, 8)
    config = {"noInputPlanes": 8, "noOutputPlanes": 5, "kernelWidth": 3, "strideX": 2}
    dianne.chain(("Convolution", config), ("MaxPooling", {"width": 3, "strideX": 1}))
    dianne.give("m1", W["temporal"], B)

    ours = outputs(import_file(dianne.zip(tmp_path / "net.zip")), x)

    windows = np.stack([x[:, start : start + 3].reshape(2, -1) for start in (0, 2, 4)], 1)
    wanted = (windows @ W["temporal"].reshape(5, -1).T + B).max(1, keepdims=True)
    np.testing.assert_allclose(ours, wanted, atol=1e-5)


def test_unpooling_gets_the_indices_of_its_pooling(dianne, tmp_path, import_file):
    dianne.add("in", "Input", next="pool")
    dianne.add("pool", "MaxPooling", "in", "tanh unpool", width=2, height=3)
    dianne.add("tanh", "Tanh", "pool", "unpool")
    dianne.add("unpool", "MaxUnpooling", "tanh pool", "out", width=2, height=3)
    dianne.add("out", "Output", "unpool")

    answer = import_file(dianne.zip(tmp_path / "net.zip"), input_shape=IMAGE.shape[1:])

    pooled, indices = f.max_pool2d(T(IMAGE), (3, 2), return_indices=True)
    wanted = f.max_unpool2d(pooled.tanh(), indices, (3, 2))
    np.testing.assert_allclose(outputs(answer, IMAGE), wanted, atol=1e-6)


def test_gaussians_with_two_branches_are_cut_in_halves(dianne, tmp_path, import_file):
    dianne.add("in", "Input", next="g").add(
        "g", "Multivariate Gaussian", "in", "a b", size=2, stdevActivation="SOFTPLUS"
    )
    dianne.add("a", "Sigmoid", "g", "join").add("b", "Invert", "g", "join")
    dianne.add("join", "Multiply", "a b", "out").add("out", "Output", "join")
    x = normal(3, 4)

    answer = import_file(dianne.zip(tmp_path / "net.zip"))

    wanted = special.expit(x[:, :2]) * (1 - np.log1p(np.exp(x[:, 2:])))
    np.testing.assert_allclose(outputs(answer, x), wanted, atol=1e-5)


def test_one_of_several_outputs_is_chosen(dianne, tmp_path, import_file):
    dianne.add("in", "Input", next="d").add("d", "Duplicate", "in", "a b")
    dianne.add("a", "Tanh", "d", "one").add("b", "Invert", "d", "two")
    dianne.add("one", "Output", "a").add("two", "Output", "b")
    path = dianne.zip(tmp_path / "net.zip")
    x = normal(2, 3)

    with pytest.raises(InvalidDataError, match=f"has 2 outputs.*say which.*2 .{dianne.id('two')}"):
        import_file(path)
    for wanted in ("2", dianne.id("two")[:8]):
        answer = import_file(path, output=wanted)
        np.testing.assert_allclose(outputs(answer, x), 1 - x, atol=1e-6)
    with pytest.raises(InvalidDataError, match="no output '3'"):
        import_file(path, output="3")


def test_the_edge_that_preprocessing_was_put_into_is_left_out(dianne, tmp_path, import_file):
    dianne.add("in", "Input", next="act norm")
    dianne.add("act", "Tanh", "in norm", "out").add("out", "Output", "act")
    dianne.add("norm", "Normalization", "in", "act").give("norm", [0.5], [2.0])
    x = normal(2, 3)

    ours = outputs(import_file(dianne.zip(tmp_path / "net.zip")), x)

    np.testing.assert_allclose(ours, np.tanh((x - 0.5) / 2), atol=1e-6)


def test_elu_is_an_elu_and_says_so(dianne, tmp_path, import_file):
    answer = import_file(dianne.chain(("ELU", {})).zip(tmp_path / "net.zip"))

    assert "DIANNE itself computes SoftPlus" in answer.warnings[0]


REFUSED = {
    "unknown type": (("Lienar", {}), ["'Lienar'", "Did you mean 'Linear'"]),
    "missing key": (("Linear", {"input": 4}), ["(Linear)", "lacks 'output'", "input"]),
    "no number": (("Linear", {"input": "four", "output": 2}), ["input = 'four'", "a number"]),
    "a fraction": (("Linear", {"input": 4.5, "output": 2}), ["input = '4.5'", "whole"]),
    "not finite": (("LeakyReLU", {"leakyness": "nan"}), ["leakyness = 'nan'", "finite"]),
    "masks": (("Masked MaxPooling", {"noInputs": 3, "masks": "a"}), ["masks = 'a'"]),
    "1-D full convolution": (
        ("FullConvolution", {"noInputPlanes": 1, "noOutputPlanes": 1, "kernelWidth": 1}),
        ["lacks 'kernelHeight'"],
    ),
    "half of an image": (("MaxPooling", {"width": -1, "height": 2}), ["-1"]),
    "activation": (
        (
            "ConvLayer",
            {
                "activation": "Sine", "noInputPlanes": 1, "noOutputPlanes": 1,
                "kernelWidth": 1, "kernelHeight": 1,
            },
        ),
        ["activation = 'Sine'", "ReLU"],
    ),
    "too small": (("Linear", {"input": 0, "output": -1}), ["linear1", "-1"]),
}  # fmt: skip


@pytest.mark.parametrize(("module", "words"), REFUSED.values(), ids=REFUSED)
def test_a_module_that_cannot_be_is_named_with_its_key(
    dianne, tmp_path, import_file, module, words
):
    path = dianne.chain(module).zip(tmp_path / "net.zip")

    with pytest.raises(InvalidDataError) as caught:
        import_file(path)

    for word in words:
        assert word in caught.value.message


def test_a_graph_that_cannot_be_is_refused(tmp_path, import_file):
    def refused(words: str, build) -> None:
        path = tmp_path / "net.zip"
        build(dianne := Dianne())
        with pytest.raises(InvalidDataError, match=words):
            import_file(dianne.zip(path))

    refused("no module of type Output", lambda d: d.add("in", "Input"))
    refused("0 modules of type Input", lambda d: d.add("a", "Tanh").add("o", "Output", "a"))
    refused("takes input from .*not there", lambda d: d.add("o", "Output", "gone"))
    refused(
        "circle without a Memory",
        lambda d: (
            d.add("in", "Input")
            .add("a", "Accumulate", "in b", "b")
            .add("b", "Tanh", "a", "a o")
            .add("o", "Output", "b")
        ),
    )
    refused(
        "has 2 inputs; it takes one",
        lambda d: (
            d.add("in", "Input", next="a b")
            .add("a", "Tanh", "in", "c")
            .add("b", "Tanh", "in", "c")
            .add("c", "Sigmoid", "a b", "o")
            .add("o", "Output", "c")
        ),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "nothing that is known|no modules"),
        ("{}", "no modules by id"),
        ('{"a": 3}', "'a' is no module"),
        ('{"a": {"id": "a"}}', "has no type"),
    ],
)
def test_text_that_holds_no_modules_is_refused(tmp_path, import_file, text, words):
    with pytest.raises(InvalidDataError, match=words):
        import_file(Dianne().zip(tmp_path / "net.zip", text=text))


def test_weights_that_do_not_fit_are_named(mlp, tmp_path, import_file):
    dianne, _, _ = mlp
    name = dianne.id("m3")
    good = dianne.weights[name]

    dianne.weights[name] = good[:-1]
    with pytest.raises(InvalidDataError, match=rf"{name} holds 209 values.*\(Linear\) has 210"):
        import_file(dianne.zip(tmp_path / "short.zip"))

    del dianne.weights[name]
    with pytest.raises(InvalidDataError, match=rf"imported/last lack those of Module {name}"):
        import_file(dianne.zip(tmp_path / "missing.zip"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:-3], "says that it holds 210 values, 844 bytes; it has 841"),
        (lambda data: data + b"x", "says that it holds 210 values, 844 bytes; it has 845"),
        (lambda data: b"\x7f" + data[1:], "says that it holds 2,130,706,642 values.* it has 844"),
        (lambda data: b"\xff" + data[1:], "begins with no number of values; it has 844"),
        (lambda _: b"", "begins with no number of values; it has 0"),
    ],
)
def test_a_weights_file_that_was_cut_short_is_named(mlp, tmp_path, import_file, damage, words):
    dianne, _, _ = mlp
    name = dianne.id("m3")
    path = dianne.zip(tmp_path / "net.zip", damage={name: damage})

    with pytest.raises(InvalidDataError, match=f"{name} {words}"):
        import_file(path)
