"""ONNX files that compute what the network does: said by ONNX's own reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from safetensors.torch import load_file

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.exchange import ExportRequest
from jupyter_platform.core.networks import NetworkDescription, NetworkSource, bundled_networks
from jupyter_platform.learning.exchange.onnx.emitters import EMITTERS
from jupyter_platform.learning.exchange.onnx.shape_emitters import SHAPE_EMITTERS
from jupyter_platform.learning.exchange.onnx.writing import write_onnx
from jupyter_platform.learning.networks import WeightsHeader, build, save_weights
from jupyter_platform.learning.networks.registry import LAYER_TYPES

from .conftest import normal
from .conftest import outputs as outputs_of

IMAGE = (4, 6, 8)
LINE = (4, 9)
BLOCK = (2, 5, 6, 4)

Case = tuple[dict[str, object], tuple[int, ...]]


def of_dims(kind: str, **arguments: object) -> dict[str, Case]:
    shapes = {1: LINE, 2: IMAGE, 3: BLOCK}
    return {
        f"{kind}{dims}d": (
            {
                **arguments,
                **({"num_features": shape[0]} if kind.endswith("Norm") else {}),
                **({"in_channels": shape[0], "out_channels": 4} if "Conv" in kind else {}),
            },
            shape,
        )
        for dims, shape in shapes.items()
    }


CASES: dict[str, Case] = {
    **of_dims("Conv", kernel_size=3, stride=2, padding=1, dilation=1, groups=2),
    **of_dims("ConvTranspose", kernel_size=3, stride=2, padding=1, output_padding=1),
    **of_dims("MaxPool", kernel_size=3, stride=2, padding=1, dilation=1),
    **of_dims("AvgPool", kernel_size=3, stride=2, padding=1, count_include_pad=False),
    **of_dims("AdaptiveAvgPool", output_size=1),
    **of_dims("AdaptiveMaxPool", output_size=1),
    **of_dims("BatchNorm"),
    **of_dims("InstanceNorm", affine=True),
    **{
        name: ({}, IMAGE)
        for name in (
            "AlphaDropout", "CELU", "DropPath", "Dropout", "Dropout2d", "Dropout3d",
            "ELU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "Identity", "Invert",
            "LeakyReLU", "LogSigmoid", "Mish", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid",
            "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Flatten",
        )
    },
    "Affine": ({"shape": [4, 1, 1]}, IMAGE),
    "BatchNorm": ({"num_features": 4}, IMAGE),
    "Bottleneck": ({"in_channels": 4, "filters": 3, "out_channels": 8}, IMAGE),
    "Clamp": ({"min": -0.5}, IMAGE),
    "ConstantPad1d": ({"padding": [1, 2], "value": 3.0}, LINE),
    "ConstantPad2d": ({"padding": [1, 2, 0, 3], "value": 3.0}, IMAGE),
    "ConvBlock": ({"in_channels": 4, "out_channels": 3, "kernel_size": 3}, IMAGE),
    "Denormalize": ({"num_features": 4}, IMAGE),
    "Dropout1d": ({}, LINE),
    "Embedding": ({"num_embeddings": 7, "embedding_dim": 3}, (5,)),
    "Fractal": ({"in_channels": 4, "out_channels": 3}, IMAGE),
    "Function": ({"function": "expm1"}, IMAGE),
    "GELU": ({"approximate": "tanh"}, IMAGE),
    "GRU": ({"input_size": 9, "hidden_size": 5, "num_layers": 2}, LINE),
    "GroupNorm": ({"num_groups": 2, "num_channels": 4}, IMAGE),
    "Inception": (
        {
            "in_channels": 4, "filters_1x1": 2, "reduce_3x3": 3, "filters_3x3": 2,
            "reduce_5x5": 2, "filters_5x5": 3, "filters_pool": 2, "batch_norm": False,
        },
        IMAGE,
    ),
    "LSTM": (
        {"input_size": 9, "hidden_size": 5, "bidirectional": True, "steps": "last"},
        LINE,
    ),
    "LayerNorm": ({"normalized_shape": [6, 8]}, IMAGE),
    "Linear": ({"in_features": 8, "out_features": 3}, IMAGE),
    "LocalResponse": ({"size": 4, "alpha": 0.5}, IMAGE),
    "LocalResponseNorm": ({"size": 3, "alpha": 0.5}, IMAGE),
    "LogSoftmax": ({"dim": 1}, IMAGE),
    "Mean": ({"dims": [2, 3]}, IMAGE),
    "Narrow": ({"start": [1, -4], "length": [2, 2], "step": [1, 2]}, IMAGE),
    "Normalize": ({"num_features": 4}, IMAGE),
    "PReLU": ({"num_parameters": 4}, IMAGE),
    "Pad": ({"before": [1, 0], "after": [0, 2], "mode": "reflect"}, IMAGE),
    "Permute": ({"dims": [0, 3, 1, 2]}, IMAGE),
    "PixelShuffle": ({"upscale_factor": 2}, IMAGE),
    "Power": ({"exponent": 2}, IMAGE),
    "ReflectionPad1d": ({"padding": [1, 2]}, LINE),
    "ReflectionPad2d": ({"padding": [1, 2, 3, 0]}, IMAGE),
    "ReplicationPad1d": ({"padding": [1, 2]}, LINE),
    "ReplicationPad2d": ({"padding": [1, 2, 3, 0]}, IMAGE),
    "Reshape": ({"shape": [8, -1]}, IMAGE),
    "Residual": ({"in_channels": 4, "out_channels": 8, "stride": 2}, IMAGE),
    "Softmax": ({"dim": -1}, IMAGE),
    "Softmin": ({"dim": 1}, IMAGE),
    "Split": ({"part": 1, "cuts": [2, 5], "dim": 2}, IMAGE),
    "TemporalConv": ({"in_channels": 9, "out_channels": 2, "kernel_size": 2}, LINE),
    "Threshold": ({"threshold": 0.3, "value": -2.0}, IMAGE),
    "Unflatten": ({"dim": 1, "unflattened_size": [2, 2]}, IMAGE),
    "Upsample": (
        {"size": [9, 5], "mode": "bilinear", "align_corners": True},
        IMAGE,
    ),
    "ZeroPad": ({"padding": [1, 2]}, IMAGE),
    "ZeroPad1d": ({"padding": 2}, LINE),
    "ZeroPad2d": ({"padding": [1, 2, 3, 4]}, IMAGE),
}  # fmt: skip
JOINS = (
    "Add", "Average", "Concat", "Divide", "DuelJoin", "MatMul", "Maximum", "Minimum", "Multiply",
    "Subtract",
)  # fmt: skip


@pytest.fixture
def export(tmp_path):
    """Return what exports a network with fresh weights, and runs the file on a batch.

    ONNX's reference is right about LRN where there are as many samples as channels, 4.
    """

    def run(description, shape, outputs=0, output_shape=None):
        torch.manual_seed(0)
        network = build(description, shape, outputs, output_shape).eval()
        for name, value in network.state_dict().items():
            if name.endswith(("mean", "var", "std")):
                value.uniform_(0.5, 2)
        weights, target = tmp_path / "w.safetensors", tmp_path / "m.onnx"
        header = WeightsHeader.of(description, shape, outputs, output_shape)
        save_weights(weights, network.state_dict(), header)
        request = ExportRequest(description=description, weights=str(weights), target=str(target))
        answer = write_onnx(request)
        model = onnx.load(str(target))
        kind = model.graph.input[0].type.tensor_type.elem_type
        batch = torch.randn(4, *shape)
        batch = batch if kind == onnx.TensorProto.FLOAT else torch.randint(7, (4, *shape))
        with torch.no_grad():
            wanted = network(batch).numpy()
        (found,) = ReferenceEvaluator(model).run(None, {"input": batch.numpy()})
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
        return answer

    return run


def described(*layers):
    return NetworkDescription.model_validate({"name": "n", "layers": layers})


@pytest.mark.parametrize("kind", CASES)
def test_a_layer_computes_the_same_there(export, kind):
    arguments, shape = CASES[kind]

    answer = export(described({"type": kind, **arguments}), shape)

    assert answer.difference <= 1e-5


@pytest.mark.parametrize("kind", sorted({*CASES} - {"Threshold"}))
def test_a_layer_that_went_out_comes_back(export, import_file, tmp_path, kind):
    arguments, shape = CASES[kind]
    description = described({"type": kind, **arguments})
    export(description, shape)

    answer = import_file(Path(tmp_path / "m.onnx"), name="back")

    samples = abs(normal(2, *shape)) if kind != "Embedding" else np.ones((2, *shape), "i8")
    wanted = computed(description, shape, 0, tmp_path / "w.safetensors", samples)
    np.testing.assert_allclose(outputs_of(answer, samples), wanted, atol=1e-5)


def computed(description, shape, outputs, weights, samples):
    """Return what a network gives with weights from a file."""
    network = build(description, shape, outputs)
    network.load_state_dict(load_file(weights))
    with torch.no_grad():
        return network.eval()(torch.from_numpy(samples)).numpy()


@pytest.mark.parametrize("kind", JOINS)
def test_a_join_computes_the_same_there(export, kind):
    layers = [
        {"name": "a", "type": "Linear", "in_features": 4, "out_features": 4},
        {"name": "b", "type": "Sigmoid", "inputs": ["input"]},
        {"name": "j", "type": kind, "inputs": ["a", "b"]},
    ]
    if kind == "DuelJoin":
        layers[0]["out_features"] = 1
    shape = (4, 4) if kind == "MatMul" else (4,)

    export(described(*layers), shape)


def test_every_layer_that_is_written_is_tried():
    written = {kind.__name__ for kind in (*EMITTERS, *SHAPE_EMITTERS)}

    assert written == {*CASES, *JOINS}


@pytest.mark.parametrize("name", sorted(bundled_networks()))
def test_the_networks_that_ship_can_be_exported(export, name):
    shapes = {
        "resnet": ((3, 8, 8), 4, None),
        "vae-decoder": ((4,), 0, (1, 4, 4)),
        "gan-generator": ((4,), 0, (1, 4, 4)),
        "char-lstm": ((5,), 7, None),
        "char-gru": ((5,), 7, None),
        "recurrent-q-network": ((5, 4), 2, None),
        "lenet": ((1, 28, 28), 10, None),
        "lenet-digits": ((1, 8, 8), 10, None),
    }

    export(bundled_networks()[name], *shapes.get(name, ((4,), 3, None)))


@pytest.mark.parametrize("kind", sorted(set(LAYER_TYPES) - {*CASES, *JOINS}))
def test_a_layer_that_onnx_cannot_say_is_refused_by_name(tmp_path, kind):
    arguments = {
        "Bilinear": {"in1_features": 4, "in2_features": 4, "out_features": 2},
        "Frame": {"size": 2},
        "GaussianSampler": {"size": 2},
        "Grid": {"size": 2},
        "MaskedMaxPool": {"num_features": 4, "masks": [[0]]},
        "MaxPoolIndices2d": {"kernel_size": 2},
        "MaxPoolIndices3d": {"kernel_size": 2},
        "MultivariateGaussian": {"size": 2},
        "SelfAttention": {"embed_dim": 8, "num_heads": 2},
        "TemporalMaxPool": {"kernel_size": 2},
        "PixelUnshuffle": {"downscale_factor": 2},
        "RReLU": {},
    }
    shapes = {
        "Frame": IMAGE, "Grid": IMAGE, "MaxPoolIndices2d": IMAGE, "MaxPoolIndices3d": BLOCK,
        "SelfAttention": (3, 8), "TemporalMaxPool": (4, 8), "PixelUnshuffle": IMAGE,
    }  # fmt: skip
    if kind not in arguments:
        assert kind in {
            "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "Memory", "NormalizedAdvantage",
            "StepGRU", "StepLSTM",
        }  # fmt: skip
        return
    inputs = {"inputs": ["input", "input"]} if kind == "Bilinear" else {}
    description = described({"name": "it", "type": kind, **inputs, **arguments[kind]})
    shape = shapes.get(kind, (4,))
    network = build(description, shape, 0)
    path = tmp_path / "w.safetensors"
    save_weights(path, network.state_dict(), WeightsHeader.of(description, shape, 0))

    with pytest.raises(InvalidDataError, match=rf"Layer 'it' \({kind}\) cannot be exported"):
        write_onnx(
            ExportRequest(
                description=description, weights=str(path), target=str(tmp_path / "m.onnx")
            )
        )
    assert not (tmp_path / "m.onnx").exists()


def test_code_is_refused_with_the_way_out_and_does_not_run(tmp_path):
    source = NetworkSource(files={"mine.py": "raise SystemExit(3)\n"}, main="mine.py")
    request = ExportRequest(
        description=NetworkDescription(name="mine", input_shape=(4,), source=source),
        weights=str(tmp_path / "w.safetensors"),
        target=str(tmp_path / "m.onnx"),
    )
    with pytest.raises(InvalidDataError, match=r"code makes it.*torch.onnx.export\(job.network"):
        write_onnx(request)


def test_a_network_with_memory_is_refused(export):
    with pytest.raises(InvalidDataError, match="goes through sequences by steps"):
        export(described({"type": "StepGRU", "input_size": 4, "hidden_size": 2}), (3, 4))


@pytest.mark.parametrize(
    ("name", "shape", "outputs", "known"),
    [
        ("lenet", (1, 28, 28), 10, 10),
        ("resnet", (3, 8, 8), 4, 4),
        ("recurrent-q-network", (5, 4), 2, None),
    ],
)
def test_what_went_out_comes_back(export, import_file, tmp_path, name, shape, outputs, known):
    description = bundled_networks()[name]
    export(description, shape, outputs)

    answer = import_file(Path(tmp_path / "m.onnx"), name="back")

    network = build(description, shape, outputs)
    assert answer.facts.parameters == sum(item.numel() for item in network.parameters())
    assert answer.facts.parameters == 61_706 or name != "lenet"
    assert (answer.description.input_shape, answer.description.outputs) == (shape, known)
    samples = normal(2, *shape)
    wanted = computed(description, shape, outputs, tmp_path / "w.safetensors", samples)
    np.testing.assert_allclose(outputs_of(answer, samples), wanted, atol=1e-5)
