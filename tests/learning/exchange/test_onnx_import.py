"""ONNX files against the outputs that come with ONNX's own tests."""

from __future__ import annotations

import runpy
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.backend import test as onnx_tests
from onnx.reference import ReferenceEvaluator
from torch.nn import functional

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.learning.networks.trained import trained_network

from .conftest import outputs

ROOT = Path(__file__).parents[3]
CONVERTED = Path(onnx_tests.__file__).parent / "data" / "pytorch-converted"
DIFFERS_BY_SAMPLE = {"test_PoissonNLLLLoss_no_reduce"}
"""Multiplies by a constant of its own for each sample of a batch."""


def tensor(path: Path) -> np.ndarray:
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


@pytest.mark.parametrize("case", sorted(path.name for path in CONVERTED.iterdir()))
def test_a_model_that_torch_has_written_gives_torchs_outputs(case, import_file):
    folder = CONVERTED / case
    data = folder / "test_data_set_0"
    inputs, wanted = tensor(data / "input_0.pb"), tensor(data / "output_0.pb")
    if case in DIFFERS_BY_SAMPLE:
        with pytest.raises(InvalidDataError, match=r"Node .* \(Mul\).*differs from sample"):
            import_file(folder / "model.onnx")
        return

    answer = import_file(folder / "model.onnx", name="n")

    np.testing.assert_allclose(outputs(answer, inputs), wanted, rtol=1e-3, atol=1e-5)


def test_the_page_about_onnx_is_what_onnxs_own_tests_say():
    script = runpy.run_path(str(ROOT / "scripts" / "write_onnx_docs.py"))

    found = script["verdicts"]()

    assert [item.name for item in found if item.result == "wrong"] == []
    assert script["PATH"].read_text(encoding="utf-8") == script["render"](found)


@pytest.fixture
def save(tmp_path):
    """Return what writes a model of some nodes, with constants by name."""

    def write(
        *nodes, shape=("batch", 4), results=("y",), rank=2, constants=None, opset=21, ir_version=10
    ):
        given = {"x": shape}
        if ir_version < 4:
            given |= {name: value.shape for name, value in (constants or {}).items()}
        graph = helper.make_graph(
            list(nodes),
            "graph",
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, s)
                for name, s in given.items()
            ],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
                for name in results
            ],
            [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
        )
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)
        onnx.save(model, str(tmp_path / "m.onnx"))
        return tmp_path / "m.onnx"

    return write


X = np.random.default_rng(0).normal(size=(3, 4)).astype("f4")


def test_a_product_and_what_is_added_are_one_linear_layer(save, import_file):
    weight = np.arange(8, dtype="f4").reshape(4, 2)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"]),
        helper.make_node("Add", ["b", "p"], ["y"]),
    ]

    answer = import_file(save(*nodes, constants={"w": weight, "b": np.ones(2, "f4")}))

    assert [layer.type for layer in answer.description.layers] == ["Linear"]
    assert (answer.description.input_shape, answer.description.outputs) == ((4,), 2)
    np.testing.assert_allclose(outputs(answer, X), X @ weight + 1, rtol=1e-5)


def test_branches_join_again(save, import_file):
    nodes = [
        helper.make_node("Split", ["x"], ["a", "b"], axis=1, num_outputs=2),
        helper.make_node("Tanh", ["a"], ["t"]),
        helper.make_node("Mul", ["t", "b"], ["m"]),
        helper.make_node("Concat", ["m", "x"], ["y"], axis=1),
    ]

    answer = import_file(save(*nodes))

    wanted = np.concatenate([np.tanh(X[:, :2]) * X[:, 2:], X], 1)
    np.testing.assert_allclose(outputs(answer, X), wanted, rtol=1e-5)


def test_shapes_that_are_computed_from_the_batch_keep_it(save, import_file):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "zero"], ["n"], axis=0),
        helper.make_node("Unsqueeze", ["n", "zeros"], ["first"]),
        helper.make_node("Concat", ["first", "rest"], ["target"], axis=0),
        helper.make_node("Reshape", ["x", "target"], ["y"]),
    ]
    constants = {
        "zero": np.array(0, np.int64),
        "zeros": np.array([0], np.int64),
        "rest": np.array([2, -1], np.int64),
    }

    answer = import_file(save(*nodes, constants=constants, rank=3))

    np.testing.assert_array_equal(outputs(answer, X), X.reshape(3, 2, 2))


def test_one_of_several_outputs_is_chosen(save, import_file):
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])]
    path = save(*nodes, results=("y", "z"))

    with pytest.raises(InvalidDataError, match=r"2 outputs.*1 \(y\), 2 \(z\)"):
        import_file(path)
    for wanted in ("2", "z"):
        np.testing.assert_array_equal(outputs(import_file(path, output=wanted), X), -X)
    with pytest.raises(InvalidDataError, match="no output 'q'"):
        import_file(path, output="q")


def test_a_file_of_the_first_exporters_is_understood(save, import_file):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[2, 2]),
        helper.make_node("Add", ["c", "b"], ["a"], broadcast=1, axis=1),
        helper.make_node("Relu", ["a"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["m"], kernel_shape=[2, 2], pads=[0, 0], strides=[2, 2]),
        helper.make_node("Reshape", ["m"], ["y"], shape=[1, -1]),
    ]
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(3, 1, 2, 2)).astype("f4"), np.array([1, 2, 3], "f4")
    images = rng.normal(size=(1, 1, 5, 5)).astype("f4")
    constants = {"w": weight, "b": bias}
    path = save(*nodes, shape=(1, 1, 5, 5), constants=constants, opset=2, ir_version=2)

    answer = import_file(path)

    convolved = functional.conv2d(*map(torch.from_numpy, (images, weight, bias))).relu()
    wanted = functional.max_pool2d(convolved, 2).flatten(1)
    np.testing.assert_allclose(outputs(answer, images), wanted, rtol=1e-5)


def test_an_unknown_operator_is_refused_with_its_node(save, import_file):
    node = helper.make_node("Hardmax", ["x"], ["y"], name="the one")

    with pytest.raises(InvalidDataError, match=r"Node 'the one' \(Hardmax\) is of an operator"):
        import_file(save(node))


@pytest.mark.parametrize(
    ("node", "constants", "words"),
    [
        (helper.make_node("Softmax", ["x"], ["y"], axis=0), {}, "across the batch"),
        (helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0]), {}, "moves the batch"),
        (helper.make_node("Concat", ["x", "x"], ["y"], axis=0), {}, "along the batch"),
        (
            helper.make_node("Add", ["x", "c"], ["y"]),
            {"c": np.ones((3, 4), "f4")},
            "differs from sample to sample",
        ),
        (
            helper.make_node("Reshape", ["x", "c"], ["y"]),
            {"c": np.array([8, -1])},
            "first size, 8, is not that of the batch",
        ),
        (
            helper.make_node("Reshape", ["x", "c"], ["y"]),
            {"c": np.array([-1, 2])},
            "samples of 2 values from 4",
        ),
        (helper.make_node("Div", ["x", "c"], ["y"]), {"c": np.zeros(4, "f4")}, "by zero"),
        (helper.make_node("Cast", ["x"], ["y"], to=7), {}, "floating-point"),
    ],
)
def test_what_mixes_samples_or_cannot_be_is_refused(save, import_file, node, constants, words):
    with pytest.raises(
        InvalidDataError, match=rf"\({node.op_type}\) cannot be imported: .*{words}"
    ):
        import_file(save(node, constants=constants))


def test_a_file_that_was_cut_short_is_refused(save, import_file):
    constants = {"w": np.ones((4, 200), "f4")}
    path = save(helper.make_node("MatMul", ["x", "w"], ["y"]), constants=constants)
    path.write_bytes(path.read_bytes()[:-500])

    with pytest.raises(InvalidDataError, match="no whole ONNX model"):
        import_file(path)


@pytest.fixture
def beside(save, tmp_path):
    """Return a model whose weights lie in a file beside it, and the zip file of both."""

    def write(location="m.onnx.data"):
        constants = {"w": np.arange(12, dtype="f4").reshape(4, 3)}
        path = save(helper.make_node("MatMul", ["x", "w"], ["y"]), constants=constants)
        model = onnx.load(str(path))
        onnx.save(model, str(path), save_as_external_data=True, size_threshold=0, location=location)
        archive = tmp_path / "both.zip"
        with zipfile.ZipFile(archive, "w") as file:
            file.write(path, "m.onnx")
            file.write(path.with_name(location), location)
        return path, archive

    return write


def test_weights_may_come_in_a_file_of_their_own(beside, import_file):
    _, archive = beside()

    answer = import_file(archive)

    weights = np.arange(12, dtype="f4").reshape(4, 3)
    assert answer.kind == "onnx"
    np.testing.assert_allclose(outputs(answer, np.eye(4, dtype="f4")), weights)


def test_weights_that_did_not_come_are_asked_for(beside, import_file):
    path, _ = beside()

    with pytest.raises(InvalidDataError, match=r"'m\.onnx\.data', which was not given; put it"):
        import_file(path)


def test_a_model_names_no_file_elsewhere(beside, import_file, tmp_path):
    path, _ = beside()
    model = onnx.load(str(path), load_external_data=False)
    (tensor,) = model.graph.initializer
    (entry,) = [item for item in tensor.external_data if item.key == "location"]
    entry.value = "../m.onnx.data"
    archive = tmp_path / "out.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a/m.onnx", model.SerializeToString())
        file.write(path.with_name("m.onnx.data"), "m.onnx.data")

    with pytest.raises(InvalidDataError, match="which was not given"):
        import_file(archive)


def test_two_inputs_are_refused(import_file, tmp_path):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2]) for name in "xzy"]
    node = helper.make_node("Add", ["x", "z"], ["y"])
    graph = helper.make_graph([node], "g", values[:2], values[2:])
    onnx.save(helper.make_model(graph), str(tmp_path / "m.onnx"))

    with pytest.raises(InvalidDataError, match=r"output 'y' of the model needs 2 inputs \(x, z\)"):
        import_file(tmp_path / "m.onnx")


def _random_graph(seed: int):
    """Return a chain with side branches and a second input, as nodes in any order."""
    random = np.random.default_rng(seed)
    weights = {f"w{index}": random.normal(size=(4, 4)).astype("f4") for index in range(3)}
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["a"], name="first"),
        helper.make_node("Relu", ["a"], ["b"], name="second"),
        helper.make_node("MatMul", ["b", "w1"], ["c"], name="third"),
        helper.make_node("Add", ["b", "c"], ["d"], name="fourth"),
        helper.make_node("MatMul", ["d", "w2"], ["y"], name="fifth"),
        helper.make_node("Add", ["d", "other"], ["e"], name="needs the other input"),
        helper.make_node("NonZero", ["e"], ["z"], name="has no layer"),
    ]
    order = random.permutation(len(nodes))
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in ("other", "x")
    ]
    ends = [
        helper.make_tensor_value_info("z", TensorProto.INT64, [2, None]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4]),
    ]
    constants = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph([nodes[index] for index in order], "g", values, ends, constants)
    sorted_graph = helper.make_graph(nodes[:5], "g", values[1:], ends[1:], constants)
    return helper.make_model(graph), helper.make_model(sorted_graph)


@pytest.mark.parametrize("seed", range(6))
def test_nodes_come_in_any_order_and_what_the_output_does_not_need_is_left_out(
    seed, import_file, tmp_path
):
    model, reference = _random_graph(seed)
    onnx.save(model, str(tmp_path / "m.onnx"))

    answer = import_file(tmp_path / "m.onnx", output="y")

    (wanted,) = ReferenceEvaluator(reference).run(None, {"x": X})
    np.testing.assert_allclose(outputs(answer, X), wanted, rtol=1e-4, atol=1e-5)
    assert answer.description.input_shape == (4,)


def test_nodes_that_feed_each_other_are_refused(save, import_file):
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], name="one"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Relu", ["b"], ["y"]),
    ]

    with pytest.raises(InvalidDataError, match="depends on its own output"):
        import_file(save(*nodes))


def test_an_output_of_constants_alone_is_refused(save, import_file):
    node = helper.make_node("Relu", ["c"], ["y"])

    with pytest.raises(InvalidDataError, match="'y' of the model depends on no input"):
        import_file(save(node, constants={"c": np.ones((1, 4), "f4")}))


@pytest.mark.parametrize(
    ("kind", "name"), [(TensorProto.FLOAT16, "float16"), (TensorProto.BFLOAT16, "bfloat16")]
)
@pytest.mark.parametrize("inside", [False, True], ids=["whole", "between two casts"])
def test_what_is_computed_in_fewer_bits_is_refused_by_name(
    kind, name, inside, import_file, tmp_path
):
    outer = TensorProto.FLOAT if inside else kind
    nodes = [
        helper.make_node("Cast", ["x"], ["a"], to=kind),
        helper.make_node("Mul", ["a", "a"], ["b"]),
        helper.make_node("Cast", ["b"], ["y"], to=outer),
    ]
    ends = [helper.make_tensor_value_info(key, outer, ["n", 4]) for key in "xy"]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]))
    onnx.save(model, str(tmp_path / "m.onnx"))

    with pytest.raises(InvalidDataError, match=f"computes in {name} .* export it in float32"):
        import_file(tmp_path / "m.onnx")


def test_weights_that_are_kept_in_fewer_bits_are_taken_as_the_numbers_that_they_are(
    save, import_file
):
    weight = np.random.default_rng(1).normal(size=(4, 2)).astype("f2")
    nodes = [
        helper.make_node("Cast", ["w"], ["c"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["x", "c"], ["y"]),
    ]

    answer = import_file(save(*nodes, constants={"w": weight}))

    np.testing.assert_allclose(outputs(answer, X), X @ weight.astype("f4"), rtol=1e-5)


def test_a_quantised_model_is_refused_by_name(save, import_file):
    constants = {"s": np.float32(0.1), "o": np.uint8(128)}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "o"], ["q"], name="to bytes"),
        helper.make_node("DequantizeLinear", ["q", "s", "o"], ["y"]),
    ]

    with pytest.raises(InvalidDataError, match="is quantised .node 'to bytes', QuantizeLinear"):
        import_file(save(*nodes, constants=constants))


def test_a_single_convolution_by_torch_gives_torchs_pictures(import_file, tmp_path):
    torch.manual_seed(0)
    network = torch.nn.Conv2d(2, 3, 3, padding=1).eval()
    pictures = torch.randn(2, 2, 5, 6)
    torch.onnx.export(network, (pictures,), str(tmp_path / "conv.onnx"), dynamo=False)

    answer = import_file(tmp_path / "conv.onnx")

    assert (answer.description.input_shape, answer.description.outputs) == ((2, 5, 6), None)
    trained, shape = trained_network(answer.description, Path(answer.weights[0].file))
    assert shape == (2, 5, 6)
    with torch.no_grad():
        torch.testing.assert_close(trained(pictures), network(pictures))
