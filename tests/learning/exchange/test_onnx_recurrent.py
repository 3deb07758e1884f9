"""Recurrent networks as torch and this package write them, and what has no layer here."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

from jupyter_platform.core.errors import InvalidDataError

from .conftest import outputs

FEATURES, HIDDEN, STEPS = 3, 5, 7
RNG = np.random.default_rng(0)


class Recurrent(nn.Module):
    """A recurrent network in front of a linear layer."""

    def __init__(self, kind: str, layers: int, both: bool, how: str) -> None:
        super().__init__()
        self.core = getattr(nn, kind)(
            FEATURES, HIDDEN, layers, batch_first=True, bidirectional=both
        )
        self.head = nn.Linear(HIDDEN * (1 + (both and how != "hidden")), 2)
        self.how = how

    def forward(self, values: Tensor) -> Tensor:
        every, last = self.core(values)
        hidden = last[0] if isinstance(last, tuple) else last
        chosen = {
            "all": lambda: every,
            "last step": lambda: every[:, -1],
            "cut": lambda: every[:, -1:, :].flatten(1),
            "mean": lambda: every.mean(1),
            "hidden": lambda: hidden[-1],
            "both hidden": lambda: torch.cat([hidden[-2], hidden[-1]], 1),
            "hidden and steps": lambda: every[:, 0] + torch.cat([hidden[0], hidden[1]], 1),
        }
        return torch.as_tensor(self.head(chosen[self.how]()))


@pytest.fixture
def written(tmp_path: Path):
    """Return what writes a torch module, as its users do."""

    def write(module: nn.Module, *, is_open: bool) -> Path:
        path = tmp_path / "m.onnx"
        axes = {"x": {0: "batch"}, "y": {0: "batch"}} if is_open else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is a newer way to export
            torch.onnx.export(
                module.eval(),
                (torch.zeros(2, STEPS, FEATURES),),
                str(path),
                dynamo=False,
                input_names=["x"],
                output_names=["y"],
                dynamic_axes=axes,
            )
        return path

    return write


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize(
    ("layers", "both", "how"),
    [
        (1, False, "all"),
        (1, False, "last step"),
        (1, False, "hidden"),
        (2, False, "hidden"),
        (2, True, "all"),
        (2, True, "hidden"),
        (2, False, "cut"),
        (1, True, "mean"),
        (1, True, "both hidden"),
        (1, True, "hidden and steps"),
    ],
)
@pytest.mark.parametrize("is_open", [True, False])
def test_what_torch_writes_gives_torchs_outputs(
    kind, layers, both, how, is_open, written, import_file
):
    torch.manual_seed(0)
    module = Recurrent(kind, layers, both, how)
    path = written(module, is_open=is_open)
    inputs = RNG.normal(size=(2, STEPS, FEATURES)).astype("f4")

    answer = import_file(path, name="n")

    kinds = [layer.type for layer in answer.description.layers]
    assert kinds.count(kind) == layers
    assert "Permute" not in kinds
    wanted = module(torch.from_numpy(inputs)).detach().numpy()
    np.testing.assert_allclose(outputs(answer, inputs), wanted, atol=1e-6)


def test_layers_between_that_see_the_steps_first(written, import_file):
    class Between(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.GRU(FEATURES, 4), nn.GRU(6, HIDDEN)
            self.linear = nn.Linear(4, 6)

        def forward(self, values: Tensor) -> Tensor:
            steps, _ = self.first(values.transpose(0, 1))
            steps, _ = self.second(torch.relu(self.linear(steps)))
            return torch.as_tensor(steps[-1])

    module = Between()
    path = written(module, is_open=True)
    inputs = RNG.normal(size=(4, STEPS, FEATURES)).astype("f4")

    answer = import_file(path, name="n")

    wanted = module(torch.from_numpy(inputs)).detach().numpy()
    np.testing.assert_allclose(outputs(answer, inputs), wanted, atol=1e-6)


def recurrent(path: Path, op: str = "LSTM", constants: dict | None = None, **attributes) -> Path:
    """Write a model of one recurrent operator that takes the batch first (layout 1)."""
    gates = {"LSTM": 4, "GRU": 3}[op]
    arrays = {
        "w": RNG.normal(size=(1, gates * HIDDEN, FEATURES)).astype("f4"),
        "r": RNG.normal(size=(1, gates * HIDDEN, HIDDEN)).astype("f4"),
        **(constants or {}),
    }
    names = ["x", "w", "r", *("" if name not in arrays else name for name in ("b", "lens", "h"))]
    attributes = {"hidden_size": HIDDEN, "layout": 1, **attributes}
    node = helper.make_node(op, names, ["steps", "y"], name="it", **attributes)
    squeeze = helper.make_node("Squeeze", ["y", "axes"], ["z"])
    arrays["axes"] = np.array([1])
    return save(path, [node, squeeze], arrays, ["b", HIDDEN], "z")


def save(path: Path, nodes: list, arrays: dict, shape: list, output: str = "y") -> Path:
    """Write a model of sequences."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["b", STEPS, FEATURES])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, str(path))
    return path


def test_a_shape_that_is_computed_from_an_open_batch(tmp_path, import_file):
    """As torch's newer exporter writes the outputs of a recurrent network."""
    arrays = {
        "w": RNG.normal(size=(2, 3 * HIDDEN, FEATURES)).astype("f4"),
        "r": RNG.normal(size=(2, 3 * HIDDEN, HIDDEN)).astype("f4"),
        "zero": np.zeros((), "f4"),
        "number": np.array([HIDDEN]),
        "minus": np.array([-1]),
        **{str(at): np.array([at]) for at in range(5)},
    }
    node, pieces = helper.make_node, []
    for name, at in (("steps", 0), ("batch", 1), ("ends", 2), ("size", 3)):
        pieces.append(node("Slice", ["shape", str(at), str(at + 1)], [name]))
    nodes = [
        node("Shape", ["x"], ["one"], start=0, end=1),
        node("Concat", ["2", "one", "number"], ["sizes"], axis=0),
        node("Expand", ["zero", "sizes"], ["start"]),
        node("Transpose", ["x"], ["turned"], perm=[1, 0, 2]),
        node(
            "GRU", ["turned", "w", "r", "", "", "start"], ["every"],
            hidden_size=HIDDEN, linear_before_reset=1, direction="bidirectional",
        ),
        node("Transpose", ["every"], ["ordered"], perm=[0, 2, 1, 3]),
        node("Shape", ["ordered"], ["shape"]),
        *pieces,
        node("Mul", ["ends", "size"], ["product"]),
        node("Reshape", ["product", "minus"], ["features"]),
        node("Concat", ["steps", "batch", "features"], ["target"], axis=0),
        node("Reshape", ["ordered", "target"], ["joined"]),
        node("Transpose", ["joined"], ["y"], perm=[1, 0, 2]),
    ]  # fmt: skip
    path = save(tmp_path / "m.onnx", nodes, arrays, ["b", STEPS, 2 * HIDDEN])
    inputs = RNG.normal(size=(3, STEPS, FEATURES)).astype("f4")

    answer = import_file(path, name="n")

    assert [layer.type for layer in answer.description.layers] == ["GRU"]
    (wanted,) = ReferenceEvaluator(str(path)).run(None, {"x": inputs})
    np.testing.assert_allclose(outputs(answer, inputs), wanted, atol=1e-6)


def test_a_shape_of_an_open_batch_counts_elsewhere(tmp_path, import_file):
    node = helper.make_node
    nodes = [
        node("Transpose", ["x"], ["turned"], perm=[1, 0, 2]),
        node("Shape", ["turned"], ["shape"]),
        node("Reshape", ["x", "shape"], ["y"]),
    ]
    path = save(tmp_path / "m.onnx", nodes, {}, [STEPS, "b", FEATURES])

    with pytest.raises(InvalidDataError, match=r"\(Shape\).*shape of its input is not known"):
        import_file(path)


def test_without_biases_and_with_the_batch_first(tmp_path, import_file):
    answer = import_file(recurrent(tmp_path / "m.onnx"), name="n")

    (layer,) = answer.description.layers
    assert (layer.type, layer.arguments["steps"]) == ("LSTM", "last")
    assert outputs(answer, np.zeros((2, STEPS, FEATURES), "f4")).tolist() == [[0.0] * HIDDEN] * 2


@pytest.mark.parametrize(
    ("op", "changes", "reason"),
    [
        ("LSTM", {"direction": "reverse"}, "direction reverse is not accepted"),
        ("LSTM", {"activations": ["Relu", "Tanh", "Tanh"]}, "activations Relu, Tanh, Tanh"),
        ("LSTM", {"clip": 1.0}, "clip is not accepted"),
        ("LSTM", {"layout": 0}, "the batch has to be there"),
        ("GRU", {}, "linear_before_reset = 0 is not accepted; 1 is"),
        (
            "LSTM",
            {"constants": {"h": np.ones((1, 1, HIDDEN), "f4")}},
            "it starts from other states than zeros",
        ),
        (
            "LSTM",
            {"constants": {"lens": np.array([STEPS - 1], "i4")}},
            "sequences of different lengths",
        ),
    ],
)
def test_what_torchs_layers_do_not_do_is_refused(tmp_path, import_file, op, changes, reason):
    path = recurrent(tmp_path / "m.onnx", op, **changes)

    with pytest.raises(InvalidDataError, match=rf"Node 'it' \({op}\).*{reason}"):
        import_file(path)


def test_outputs_that_keep_the_steps_first_are_refused(written, import_file):
    class StepsFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.core = nn.LSTM(FEATURES, HIDDEN)

        def forward(self, values: Tensor) -> Tensor:
            return torch.as_tensor(self.core(values.transpose(0, 1))[0])

    path = written(StepsFirst(), is_open=True)

    with pytest.raises(InvalidDataError, match=r"\(LSTM\).*the batch behind the steps"):
        import_file(path)
