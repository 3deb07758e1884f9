"""Networks that go from a real platform to files and back, and come from DIANNE's folders."""

from __future__ import annotations

import json
import uuid

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from jupyter_platform.core.errors import ConflictError, InvalidDataError, NotFoundError
from tests.waiting import DEADLINE_S

SHORT = {"max_iterations": 30, "validation_interval": 15}
FLOWERS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.1, 4.7, 1.5]]


@pytest.fixture
def clean(platform):
    """Return what notes names of networks, which are removed with their weights at the end."""
    noted: list[str] = []
    yield noted.append
    for name in noted:
        if name in {item.description.name for item in platform.networks()}:
            platform.remove_network(name, weights=True)


def identifier(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def write_dianne(folder, weights):
    """Write a network of DIANNE with one layer, its weights in the folder beside it."""
    middle = identifier("linear")
    modules = {
        identifier("in"): {"type": "Input", "next": [middle]},
        middle: {
            "type": "Linear",
            "prev": [identifier("in")],
            "next": [identifier("out")],
            "input": "4",
            "output": "3",
        },
        identifier("out"): {"type": "Output", "prev": [middle]},
    }
    for key, module in modules.items():
        module["id"] = key
    (folder / "flowers").mkdir(parents=True)
    (folder / "flowers" / "modules.txt").write_text(json.dumps(modules))
    (folder / "flowers" / "layout.txt").write_text("{}")
    (folder / "weights").mkdir()
    data = len(weights).to_bytes(4, "big") + weights.astype(">f4").tobytes()
    (folder / "weights" / f"{middle}-run").write_bytes(data)
    (folder / "weights" / f"{identifier('another')}-run").write_bytes(data)
    return folder / "flowers"


def test_a_trained_network_gives_the_same_outputs_after_its_journey(platform, tmp_path, clean):
    for name in ("traveller", "returned", "called-otherwise", "twin"):
        clean(name)
    platform.copy_network("mlp", "traveller", weights=False)
    job = platform.submit("LEARN", "traveller", "iris", tag="trip", seed=5, **SHORT)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    before = platform.predict("traveller", FLOWERS, tag="trip/last")

    file = platform.export_network("traveller", tmp_path)
    brought = platform.import_network(file, "returned")

    assert file == tmp_path / "traveller.zip"
    assert (brought.kind, brought.tags) == ("archive", ["trip"])
    (tag,) = brought.network.tags
    assert (tag.origin.seed, tag.origin.options["seed"]) == (5, 5)
    assert (tag.origin.source, tag.job) == (f"traveller.zip, job {job.id}", None)
    after = platform.predict("returned", FLOWERS, tag="trip/last")
    assert after.outputs.tolist() == before.outputs.tolist()

    onnx_file = platform.export_onnx("traveller", tmp_path, "trip/last")
    evaluator = ReferenceEvaluator(str(onnx_file))
    (computed,) = evaluator.run(None, {"input": np.array(FLOWERS, "f4")})
    np.testing.assert_allclose(computed, before.outputs, rtol=1e-5, atol=1e-6)

    judge = platform.submit("EVALUATE", "returned", "iris", tag="trip/last")
    assert judge.wait(timeout=DEADLINE_S) == "finished", judge.record.error
    renamed = platform.rename_network("returned", "called-otherwise")
    # What names a job finds its network under the new name.
    assert platform.job(judge.id).record.networks == ["called-otherwise"]
    assert judge.network()(torch.tensor(FLOWERS)).tolist() == before.outputs.tolist()
    twin = platform.copy_network("called-otherwise", "twin")
    assert renamed.tags[0].variants == twin.tags[0].variants == tag.variants
    assert platform.rename_tag("twin", "trip", "journey").tag == "journey"
    assert platform.predict("twin", FLOWERS, tag="journey/last").outputs.tolist() == (
        before.outputs.tolist()
    )
    platform.remove_tag("twin", "journey")
    assert platform.network("twin").tags == []
    with pytest.raises(NotFoundError):
        platform.network("returned")


def test_a_network_at_work_is_left_alone(platform, clean):
    clean("busy")
    platform.copy_network("mlp", "busy", weights=False)
    job = platform.submit("LEARN", "busy", "iris", max_iterations=-1, validation_interval=0)

    for change in (
        lambda: platform.remove_network("busy"),
        lambda: platform.rename_network("busy", "idle"),
    ):
        with pytest.raises(ConflictError, match=f"used by job .*{job.id}"):
            change()

    job.stop()
    job.wait(timeout=DEADLINE_S)


def test_a_folder_of_dianne_computes_as_it_did_there(platform, tmp_path, clean):
    clean("flowers")
    weights = np.random.default_rng(0).normal(size=15).astype("f4")
    folder = write_dianne(tmp_path, weights)

    brought = platform.import_network(folder, input_shape=(4,))

    assert (brought.kind, brought.tags) == ("dianne", ["run"])
    outputs = platform.predict("flowers", FLOWERS).outputs
    wanted = np.array(FLOWERS) @ weights[:12].reshape(3, 4).T + weights[12:]
    np.testing.assert_allclose(outputs, wanted, rtol=1e-5)


def test_the_file_beside_a_model_of_torch_is_taken_along(platform, tmp_path, clean):
    clean("flat")
    weights = np.random.default_rng(0).normal(size=(4, 3)).astype("f4")
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", size])
        for name, size in (("x", 4), ("y", 3))
    ]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "flat",
        values[:1],
        values[1:],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    model = onnx.helper.make_model(graph, ir_version=10)
    path = tmp_path / "flat.onnx"
    onnx.save(model, path, save_as_external_data=True, size_threshold=0, location="flat.onnx.data")

    brought = platform.import_network(path)

    assert (brought.kind, brought.network.description.name) == ("onnx", "flat")
    outputs = platform.predict("flat", FLOWERS).outputs
    np.testing.assert_allclose(outputs, np.array(FLOWERS) @ weights, rtol=1e-5)


def test_a_path_that_holds_no_network_is_refused_before_it_is_sent(platform, tmp_path):
    write_dianne(tmp_path, np.zeros(15))

    with pytest.raises(InvalidDataError, match="holds neither modules.txt .* flowers in it do"):
        platform.import_network(tmp_path)
    with pytest.raises(InvalidDataError, match="no file or folder"):
        platform.import_network(tmp_path / "nothing")


@pytest.mark.parametrize("sizes", [(5, 6), (None, None)], ids=["known", "open"])
def test_a_single_convolution_from_onnx_is_asked_for_pictures(platform, clean, tmp_path, sizes):
    weight = np.random.default_rng(0).normal(size=(3, 2, 3, 3)).astype("f4")
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    given = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", count, *sizes])
        for name, count in (("x", 2), ("y", 3))
    ]
    graph = onnx.helper.make_graph(
        [node], "g", given[:1], given[1:], [onnx.numpy_helper.from_array(weight, "w")]
    )
    opsets = [onnx.helper.make_opsetid("", 21)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.save(model, str(tmp_path / "conv.onnx"))
    pictures = np.random.default_rng(1).normal(size=(2, 2, 5, 6)).astype("f4")
    name = f"conv-{'known' if sizes[0] else 'open'}"

    platform.import_network(tmp_path / "conv.onnx", name)
    clean(name)

    (wanted,) = ReferenceEvaluator(model).run(None, {"x": pictures})
    found = platform.predict(name, pictures)
    np.testing.assert_allclose(np.array(found.outputs), wanted, rtol=1e-4, atol=1e-5)
    assert found.predicted is None
