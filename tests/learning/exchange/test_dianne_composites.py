"""Composites, as DIANNE writes them, compute what their modules do."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file

from jupyter_platform.learning.exchange.dianne.modules import TYPES

from .conftest import Dianne, normal, outputs


def block(*names: str) -> list[tuple[str, np.ndarray]]:
    """Return tensors of an inner layer of 2 channels by key, in the order of its file."""
    found = []
    for name in names:
        kind, _, size = name.rpartition(".")[2].partition("@")
        place = name.partition("@")[0]
        if kind.startswith("conv"):
            found += [(f"{place}.weight", normal(2, 2, int(size), int(size)))]
            found += [(f"{place}.bias", normal(2))]
        else:
            keys = ("weight", "bias", "running_mean", "running_var")
            found += [(f"{place}.{key}", normal(2)) for key in keys]
    return found


PLANES = {"noInputPlanes": 2, "noOutputPlanes": 2}
FILTERS = {
    "noInputPlanes": 2, "1x1": 2, "3x3": 2, "5x5": 2, "3x3reduce": 2, "5x5reduce": 2, "poolproj": 2,
}  # fmt: skip
COMPOSITES = {
    "ConvLayer": (
        {**PLANES, "activation": "ReLU", "kernelWidth": 3, "kernelHeight": 3},
        block("norm", "conv@3"),
    ),
    "Residual": (PLANES, block("norm2", "conv2@3", "conv1@3", "norm1")),
    "Residual_b": (
        {**PLANES, "noFilters": 2},
        block("conv1@1", "norm3", "conv2@3", "norm1", "conv3@1", "norm2"),
    ),
    "Inception_v1": (
        FILTERS,
        block("branch3.conv@3", "reduce3.norm", "branch5.conv@5", "reduce5.norm")
        + block("reduce5.conv@1", "branch1.conv@1", "reduce3.conv@1", "project.conv@1"),
    ),
    "Inception_v2": (
        FILTERS,
        block("branch3.conv@3", "reduce3.norm", "branch5.conv@5", "reduce5.norm", "branch5.norm")
        + block("branch3.norm", "project.norm", "reduce5.conv@1", "branch1.conv@1")
        + block("reduce3.conv@1", "branch1.norm", "project.conv@1"),
    ),
    "Fractal-3": (
        PLANES,
        block("early.norm", "early_long1.conv@3", "early_long2.conv@3", "early_long2.norm")
        + block("short.norm", "early_long1.norm", "late.conv@3", "late_long1.norm")
        + block("late_long1.conv@3", "early.conv@3", "short.conv@3", "late_long2.norm")
        + block("late_long2.conv@3", "late.norm"),
    ),
}


@pytest.mark.parametrize("kind", COMPOSITES)
def test_the_parts_of_a_composite_are_found_in_its_one_file(dianne, tmp_path, import_file, kind):
    config, tensors = COMPOSITES[kind]
    dianne.chain((kind, config)).give("m1", *(tensor for _, tensor in tensors))

    answer = import_file(dianne.zip(tmp_path / "net.zip"), input_shape=(2, 6, 6))

    layer = answer.description.layers[0].name
    state = load_file(answer.weights[0].file)
    assert {key for key in state if "num_batches" not in key} == {
        f"{layer}.{k}" for k, _ in tensors
    }
    for key, tensor in tensors:
        np.testing.assert_array_equal(state[f"{layer}.{key}"], tensor)
    assert outputs(answer, normal(1, 2, 6, 6)).shape[2:] == (
        (4, 4) if kind == "ConvLayer" else (6, 6)
    )


def lstm(dianne: Dianne) -> Dianne:
    """Write the composite LSTM out: its Linear gives forget, output, input, candidate."""
    dianne.add("in", "Input", next="joined")
    dianne.add("joined", "Concat", "in hidden", "gates", dim=0)
    dianne.add("gates", "Linear", "joined", "split", input=8, output=20)
    dianne.add("split", "Split", "gates", "f o i g", dim=0)
    dianne.add("f", "Sigmoid", "split", "kept").add("o", "Sigmoid", "split", "given")
    dianne.add("i", "Sigmoid", "split", "taken").add("g", "Tanh", "split", "taken")
    dianne.add("kept", "Multiply", "f cell", "sum").add("taken", "Multiply", "i g", "sum")
    dianne.add("sum", "Accumulate", "kept taken", "both")
    dianne.add("both", "Duplicate", "sum", "tanh cell")
    dianne.add("tanh", "Tanh", "both", "given")
    dianne.add("given", "Multiply", "tanh o", "end")
    dianne.add("end", "Duplicate", "given", "out hidden")
    dianne.add("hidden", "Memory", "end", "joined", size=5)
    dianne.add("cell", "Memory", "both", "kept", size=5)
    return dianne.add("out", "Output", "end")


def gru(dianne: Dianne) -> Dianne:
    """Write the composite GRU out; its edges are noted at one end only here and there."""
    dianne.add("in", "Input", next="x").add("x", "Duplicate", "in", "joined mixed")
    dianne.add("joined", "Concat", "x h", "gates", dim=0)
    dianne.add("gates", "Linear", "joined", "sigmoid", input=8, output=10)
    dianne.add("sigmoid", "Sigmoid", "gates", "split")
    dianne.add("split", "Split", "sigmoid", "reset update", dim=0)
    dianne.add("reset", "Multiply", "h split h", "mixed")
    dianne.add("mixed", "Concat", "x reset", "candidate", dim=0)
    dianne.add("candidate", "Linear", "mixed", "tanh", input=8, output=5)
    dianne.add("tanh", "Tanh", "candidate", "new")
    dianne.add("update", "Duplicate", "split", "new invert")
    dianne.add("new", "Multiply", "tanh update", "sum")
    dianne.add("invert", "Invert", "update", "old")
    dianne.add("old", "Multiply", "h invert h", "sum")
    dianne.add("sum", "Accumulate", "new old", "end")
    dianne.add("end", "Duplicate", "sum", "memory out")
    dianne.add("memory", "Memory", "end", "h", size=5)
    dianne.add("h", "Duplicate", "", "joined reset old")
    return dianne.add("out", "Output", "end")


GATES, CANDIDATE = normal(20, 9), normal(5, 9)


@pytest.mark.parametrize(
    ("kind", "written_out", "files"),
    [
        ("LSTM", lstm, {"gates": (GATES[:, :8], GATES[:, 8])}),
        (
            "GRU",
            gru,
            {
                "candidate": (CANDIDATE[:, :8], CANDIDATE[:, 8]),
                "gates": (GATES[:10, :8], GATES[:10, 8]),
            },
        ),
    ],
)
def test_a_recurrent_composite_is_what_its_modules_are(
    tmp_path, import_file, kind, written_out, files
):
    composite = Dianne().chain((kind, {"input": 3, "output": 5}))
    composite.give("m1", *(tensor for file in files.values() for tensor in file))
    modules = written_out(Dianne())
    for name, tensors in files.items():
        modules.give(name, *tensors)
    sequences = normal(2, 6, 3)

    one = import_file(composite.zip(tmp_path / "one.zip"), input_shape=(6, 3))
    many = import_file(modules.zip(tmp_path / "many.zip"), input_shape=(6, 3))

    assert one.facts.output_shape == many.facts.output_shape == [6, 5]
    ours = outputs(one, sequences)
    np.testing.assert_allclose(ours, outputs(many, sequences), atol=1e-6)
    assert np.abs(np.diff(ours, axis=1)).min() > 0


def test_every_module_type_is_translated():
    assert len(TYPES) == 41 - 4 + 3 + 8
