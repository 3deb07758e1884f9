"""Each layer against NumPy, SciPy or torch's own modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import special
from torch import nn

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.networks import build, network_facts
from jupyter_platform.learning.networks.layers import (
    DropPath,
    GaussianSampler,
    Normalize,
    StepGRU,
    StepLSTM,
)
from jupyter_platform.learning.networks.layers.pointwise import FUNCTIONS
from jupyter_platform.learning.networks.registry import LAYER_TYPES

RNG = np.random.default_rng(0)
X3 = RNG.normal(size=(2, 3)).astype("f4")
X4 = RNG.normal(size=(2, 4)).astype("f4")
IMAGE = RNG.normal(size=(2, 3, 6, 8)).astype("f4")


def make(kind: str, **arguments: Any) -> nn.Module:
    torch.manual_seed(0)
    return LAYER_TYPES[kind].factory(**arguments)


def run(layer: nn.Module, *inputs: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return layer(*(torch.from_numpy(item) for item in inputs)).numpy()


def bilinear(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize the last two axes, corners onto corners, one at a time."""
    for axis, size in ((-2, height), (-1, width)):
        old = image.shape[axis]
        places = np.linspace(0, old - 1, size)
        left = np.minimum(places.astype(int), old - 2)
        weight = (places - left).reshape(-1, *[1] * (-1 - axis))
        image = (1 - weight) * np.take(image, left, axis) + weight * np.take(image, left + 1, axis)
    return image


CASES = {
    "average": ("Average", {}, [X3, X3 * 2, X3 + 1], (X3 + 2 * X3 + X3 + 1) / 3),
    "multiply": ("Multiply", {}, [X3, X3, X3], X3**3),
    "subtract": ("Subtract", {}, [X3, X3[:1]], X3 - X3[:1]),
    "divide": ("Divide", {}, [X3, np.abs(X3) + 1], X3 / (np.abs(X3) + 1)),
    "maximum": ("Maximum", {}, [X3, -X3], np.abs(X3)),
    "minimum": ("Minimum", {}, [X3, -X3], -np.abs(X3)),
    "matmul": ("MatMul", {}, [IMAGE, IMAGE.swapaxes(2, 3)], IMAGE @ IMAGE.swapaxes(2, 3)),
    "concat on the last axis": ("Concat", {"dim": -1}, [IMAGE, IMAGE], np.tile(IMAGE, 2)),
    "duel": (
        "DuelJoin",
        {},
        [X3[:, :1], X4],
        X3[:, :1] + X4 - X4.mean(1, keepdims=True),
    ),
    "duel, advantages first": (
        "DuelJoin",
        {},
        [X4, X3[:, :1]],
        X3[:, :1] + X4 - X4.mean(1, keepdims=True),
    ),
    "reshape": ("Reshape", {"shape": [6, -1]}, [IMAGE], IMAGE.reshape(2, 6, 24)),
    "permute": ("Permute", {"dims": [0, 2, 3, 1]}, [IMAGE], IMAGE.transpose(0, 2, 3, 1)),
    "narrow": ("Narrow", {"start": [1, 2], "length": [2, 3]}, [IMAGE], IMAGE[:, 1:3, 2:5]),
    "narrow with gaps": (
        "Narrow",
        {"start": [0, 1], "length": [3, 2], "step": [1, 3]},
        [IMAGE],
        IMAGE[:, :, 1:6:3],
    ),
    "narrow from the end": ("Narrow", {"start": -2, "length": 2}, [X4], X4[:, -2:]),
    "split equally": ("Split", {"part": 1, "parts": 3, "dim": 2}, [IMAGE], IMAGE[:, :, 2:4]),
    "split at cuts": ("Split", {"part": 2, "cuts": [1, 3], "dim": -1}, [IMAGE], IMAGE[..., 3:]),
    "zeros on the last axes": (
        "ZeroPad",
        {"padding": [1, 2]},
        [IMAGE],
        np.pad(IMAGE, [(0, 0), (0, 0), (1, 1), (2, 2)]),
    ),
    "constant padding": (
        "Pad",
        {"before": [1, 0], "after": [0, 2], "value": 7.0},
        [IMAGE],
        np.pad(IMAGE, [(0, 0), (0, 0), (1, 0), (0, 2)], constant_values=7),
    ),
    "reflecting padding": (
        "Pad",
        {"before": [1, 2], "after": [2, 1], "mode": "reflect"},
        [IMAGE],
        np.pad(IMAGE, [(0, 0), (0, 0), (1, 2), (2, 1)], mode="reflect"),
    ),
    "grid": (
        "Grid",
        {"size": [4, 5], "stride": [2, 3]},
        [IMAGE],
        np.stack(
            [image[:, y : y + 4, x : x + 5] for image in IMAGE for x in (0, 3) for y in (0, 2)]
        ),
    ),
    "grid of enlarged crops": (
        "Grid",
        {"size": [9, 12], "stride": 9},
        [IMAGE],
        bilinear(IMAGE, 9, 12),
    ),
    "frame": ("Frame", {"size": [3, 3]}, [IMAGE], bilinear(IMAGE[..., 1:7], 3, 3)),
    "frame that fits": ("Frame", {"size": [6, 8]}, [IMAGE], IMAGE),
    "largest of masks": (
        "MaskedMaxPool",
        {"num_features": 4, "masks": [[0, 2], [3]]},
        [X4],
        np.stack([X4[:, [0, 2]].max(1), X4[:, 3], X4[:, 1]], 1),
    ),
    "invert": ("Invert", {}, [X3], 1 - X3),
    "clamp": ("Clamp", {"min": -0.2, "max": 0.3}, [X3], X3.clip(-0.2, 0.3)),
    "power": ("Power", {"exponent": 3}, [X3], X3**3),
    "mean": ("Mean", {"dims": [2, 3]}, [IMAGE], IMAGE.mean((2, 3))),
    "affine, fresh": ("Affine", {"shape": [3, 1, 1]}, [IMAGE], IMAGE),
    "gaussian": (
        "MultivariateGaussian",
        {"size": 2, "mean_activation": "tanh", "stdev_activation": "softplus"},
        [X4],
        np.concatenate([np.tanh(X4[:, :2]), np.log1p(np.exp(X4[:, 2:]))], 1),
    ),
    "gaussian of two inputs": (
        "MultivariateGaussian",
        {"size": 3, "stdev_activation": "sigmoid"},
        [X3, X3],
        np.concatenate([X3, special.expit(X3)], 1),
    ),
    "one value that standardises all": ("Normalize", {"num_features": 1}, [IMAGE], IMAGE),
    "temporal maximum": (
        "TemporalMaxPool",
        {"kernel_size": 2},
        [IMAGE[0]],
        IMAGE[0].reshape(3, 3, 2, 8).max(2),
    ),
}


@pytest.mark.parametrize(("kind", "arguments", "inputs", "wanted"), CASES.values(), ids=CASES)
def test_values_are_those_of_the_definition(kind, arguments, inputs, wanted):
    np.testing.assert_allclose(run(make(kind, **arguments), *inputs), wanted, atol=1e-5)


@pytest.mark.parametrize(("kind", "arguments", "inputs", "wanted"), CASES.values(), ids=CASES)
def test_shapes_are_known_without_values(kind, arguments, inputs, wanted):
    with torch.device("meta"):
        output = make(kind, **arguments)(*(torch.empty(item.shape) for item in inputs))

    assert output.shape == wanted.shape


@pytest.mark.parametrize("name", [*FUNCTIONS])
def test_functions_are_those_of_numpy(name):
    inputs = np.linspace(1.1, 1.9, 5, dtype="f4")
    if name in ("acos", "asin", "atanh"):
        inputs -= 1
    renamed = {"erf": special.erf, "neg": np.negative, "rsqrt": lambda x: x**-0.5}
    reference = renamed.get(name) or getattr(
        np, name.replace("acos", "arccos").replace("asin", "arcsin").replace("atan", "arctan")
    )

    np.testing.assert_allclose(
        run(make("Function", function=name), inputs), reference(inputs), rtol=1e-5
    )


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_local_response_has_its_longer_side_behind(size):
    square = np.pad(IMAGE**2, [(0, 0), ((size - 1) // 2, size // 2), (0, 0), (0, 0)])
    mean = np.stack([square[:, c : c + size].sum(1) for c in range(3)], 1) / size

    ours = run(make("LocalResponse", size=size, alpha=0.5, beta=0.75, k=2), IMAGE)

    np.testing.assert_allclose(ours, IMAGE / (2 + 0.5 * mean) ** 0.75, rtol=1e-5)
    if size % 2:
        theirs = nn.LocalResponseNorm(size, 0.5, 0.75, 2)(torch.from_numpy(IMAGE))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_advantage_is_the_quadratic_form():
    matrix = RNG.normal(size=(2, 3, 3)).astype("f4")
    lower = np.tril(matrix, -1)
    index = np.arange(3)
    lower[:, index, index] = np.log1p(np.exp(matrix[:, index, index]))
    away = X3 - 0.5
    wanted = -np.einsum("bi,bij,bkj,bk->b", away, lower, lower, away)[:, None] / 2

    layer = make("NormalizedAdvantage", actions=3)

    for given in (matrix, matrix.reshape(2, 9)):
        ours = run(layer, X3, np.full_like(X3, 0.5), given)
        np.testing.assert_allclose(ours, wanted, rtol=1e-5)


def test_unpooling_puts_values_back_where_they_were():
    images = torch.from_numpy(IMAGE)
    pooled = nn.functional.max_pool2d(images, 2)

    indices = make("MaxPoolIndices2d", kernel_size=2)(images)
    back = make("MaxUnpool2d", kernel_size=2)(pooled, indices)

    blocks = IMAGE.reshape(2, 3, 3, 2, 4, 2)
    largest = blocks == blocks.max((3, 5), keepdims=True)
    np.testing.assert_array_equal(back, (blocks * largest).reshape(IMAGE.shape))


def test_batch_norm_of_any_rank_equals_torchs():
    for inputs, theirs in ((X3, nn.BatchNorm1d(3)), (IMAGE, nn.BatchNorm2d(3))):
        ours = make("BatchNorm", num_features=3)
        values = torch.from_numpy(inputs)
        assert torch.equal(ours(values), theirs(values))
        assert torch.equal(ours.eval()(values), theirs.eval()(values))


def test_dropped_paths_are_whole_samples_and_keep_the_mean():
    torch.manual_seed(0)
    layer = DropPath(0.25)
    samples = layer(torch.ones(4000, 3, 2))

    whole = samples.flatten(1).unique(dim=0)
    assert whole.flatten().tolist() == pytest.approx([0] * 6 + [1 / 0.75] * 6)
    assert samples.mean() == pytest.approx(1, abs=0.03)
    assert torch.equal(layer.eval()(samples), samples)


def test_draws_have_the_mean_and_deviation_they_are_given():
    torch.manual_seed(0)
    layer = GaussianSampler(2)
    given = torch.tensor([[1.0, -2.0, 0.5, 3.0]]).repeat(20_000, 1).requires_grad_()

    draws = layer(given)
    draws.sum().backward()

    assert draws.mean(0).tolist() == pytest.approx([1, -2], abs=0.06)
    assert draws.std(0).tolist() == pytest.approx([0.5, 3], rel=0.03)
    assert torch.all(given.grad[:, :2] == 1)


def test_normalising_by_one_statistic_is_that_of_all_values():
    torch.manual_seed(0)
    layer = Normalize(1)
    layer.calibrate(torch.tensor([3.0]), torch.tensor([2.0]))

    np.testing.assert_allclose(run(layer, IMAGE), (IMAGE - 3) / 2, rtol=1e-5)


def torch_recurrent(kind: str, **arguments: Any) -> tuple[nn.Module, nn.Module]:
    ours = make(kind, input_size=8, hidden_size=5, **arguments)
    return ours, ours.core


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("more", [{}, {"num_layers": 2, "bidirectional": True}])
def test_recurrent_layers_give_all_steps_or_the_last(kind, more):
    sequence = torch.from_numpy(IMAGE[0])
    layer, core = torch_recurrent(kind, **more)
    outputs, state = core(sequence)
    hidden = state[0] if kind == "LSTM" else state

    assert torch.equal(layer(sequence), outputs)
    layer.steps = "last"
    directions = 2 if more else 1
    assert torch.equal(layer(sequence), torch.cat([*hidden[-directions:]], 1))


def test_step_lstm_equals_torchs_with_its_gates_in_another_order():
    torch.manual_seed(0)
    cell, theirs = StepLSTM(8, 5), nn.LSTM(8, 5, batch_first=True)
    forget, output, take, candidate = cell.gates.weight.detach().chunk(4)
    biases = cell.gates.bias.detach().chunk(4)
    rows = torch.cat([take, forget, candidate, output])
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(rows[:, :8])
        theirs.weight_hh_l0.copy_(rows[:, 8:])
        theirs.bias_ih_l0.copy_(torch.cat([biases[2], biases[0], biases[3], biases[1]]))
        theirs.bias_hh_l0.zero_()

    np.testing.assert_allclose(
        stepwise({"type": "StepLSTM", "input_size": 8, "hidden_size": 5}, cell),
        theirs(torch.from_numpy(IMAGE[0]))[0].detach(),
        atol=1e-6,
    )


def stepwise(layer: dict[str, Any], trained: nn.Module) -> np.ndarray:
    """Run a network of one cell over a sequence, with the weights of another cell."""
    network = build(described(layer), [6, 8], 5)
    network.load_state_dict({f"{layer['type']}1.{k}": v for k, v in trained.state_dict().items()})
    return run(network, IMAGE[0])


def described(*layers: dict[str, Any]) -> NetworkDescription:
    return NetworkDescription.model_validate({"name": "n", "layers": layers})


def test_step_gru_is_that_of_cho():
    torch.manual_seed(0)
    cell = StepGRU(8, 5)
    gates, candidate = (
        (layer.weight.detach().numpy(), layer.bias.detach().numpy())
        for layer in (cell.gates, cell.candidate)
    )
    state, wanted = np.zeros((3, 5)), []
    for step in IMAGE[0].swapaxes(0, 1):
        reset, update = np.split(
            special.expit(np.concatenate([step, state], 1) @ gates[0].T + gates[1]), 2, 1
        )
        mixed = np.concatenate([step, reset * state], 1)
        state = update * np.tanh(mixed @ candidate[0].T + candidate[1]) + (1 - update) * state
        wanted.append(state)

    ours = stepwise({"type": "StepGRU", "input_size": 8, "hidden_size": 5}, cell)

    np.testing.assert_allclose(ours, np.stack(wanted, 1), atol=1e-5)


def test_a_memory_gives_back_what_a_later_layer_made_one_step_before():
    network = build(
        described(
            {"name": "before", "type": "Memory", "size": 8, "inputs": ["sum"]},
            {"name": "sum", "type": "Add", "inputs": ["input", "before"]},
        ),
        [6, 8],
        8,
    )

    np.testing.assert_allclose(run(network, IMAGE[0]), IMAGE[0].cumsum(1), rtol=1e-4, atol=1e-5)


def test_a_memory_of_another_size_than_its_layer_is_refused():
    description = described(
        {"name": "before", "type": "Memory", "size": 7, "inputs": ["sum"]},
        {"name": "sum", "type": "Concat", "inputs": ["input", "before"]},
    )

    with pytest.raises(InvalidDataError, match=r"'before'.*expected shape \(batch, 7\)"):
        network_facts(description, [6, 8], 8)


def test_causal_attention_sees_nothing_that_comes_later():
    sequence = torch.from_numpy(IMAGE[0])
    changed = sequence.clone()
    changed[:, 4:] += 1
    layer = make("SelfAttention", embed_dim=8, num_heads=2, causal=True).eval()

    assert torch.allclose(layer(sequence)[:, :4], layer(changed)[:, :4], atol=1e-6)
    layer.causal = False
    assert not torch.allclose(layer(sequence)[:, :4], layer(changed)[:, :4], atol=1e-3)


def test_temporal_convolution_is_conv1d_over_steps():
    layer = make("TemporalConv", in_channels=8, out_channels=4, kernel_size=3, stride=2)
    sequence = torch.from_numpy(IMAGE[0])
    wanted = nn.functional.conv1d(sequence.mT, layer.weight, layer.bias, stride=2).mT

    assert torch.equal(layer(sequence), wanted)


def test_embedding_takes_whole_numbers_as_floats():
    layer = make("Embedding", num_embeddings=5, embedding_dim=3)

    assert torch.equal(layer(torch.tensor([[0.0, 4.0]])), layer.weight[[0, 4]][None])


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("Split", {"part": 0}, "give parts or cuts"),
        ("Split", {"part": 3, "parts": 3}, "part must be 0 to 2"),
        ("Permute", {"dims": [1, 0]}, "begin with 0"),
        ("Function", {"function": "eval"}, "must be one of abs"),
        ("MaskedMaxPool", {"num_features": 2, "masks": [[0, 1]]}, "names every index|name every"),
        ("MaskedMaxPool", {"num_features": 2, "masks": [[2]]}, "indices from 0 to 1"),
        ("DropPath", {"p": 1.0}, "below 1"),
        ("Clamp", {}, "min, max or both"),
        ("Mean", {"dims": 0}, "the batch"),
        ("LSTM", {"input_size": 1, "hidden_size": 1, "steps": "first"}, "'all' or 'last'"),
        ("MultivariateGaussian", {"size": 1, "mean_activation": "relu"}, "sigmoid, tanh"),
        ("Residual", {"in_channels": 4, "out_channels": 2}, "even number more"),
        (
            "ConvBlock",
            {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "activation": "x"},
            "ReLU",
        ),
    ],
)
def test_arguments_that_cannot_be_are_refused(kind, arguments, words):
    with pytest.raises(InvalidDataError, match=words):
        build(described({"type": kind, **arguments}), [4], 2)
