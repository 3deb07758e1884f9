from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from jupyter_platform.core.errors import InvalidDataError, NotFoundError
from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.networks.registry import LAYER_TYPES


def network(*layers: dict[str, Any]) -> NetworkDescription:
    return NetworkDescription.model_validate({"name": "n", "layers": layers})


def linear(**more: Any) -> dict[str, Any]:
    return {"type": "Linear", "in_features": 4, "out_features": 3, **more}


def test_built_chain_equals_torch_sequential():
    torch.manual_seed(7)
    ours = build(network(linear(), {"type": "ReLU"}, {"type": "LogSoftmax", "dim": 1}), [4], 3)
    torch.manual_seed(7)
    reference = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.LogSoftmax(1))
    x = torch.rand(5, 4)

    assert torch.equal(ours(x), reference(x))


def test_symbols_stand_for_the_sizes_of_the_dataset():
    built = build(
        network(
            {"type": "Flatten"},
            {
                "name": "fc",
                "type": "Linear",
                "in_features": "$features",
                "out_features": "$outputs",
            },
        ),
        [3, 5],
        7,
    )

    assert {key: tuple(value.shape) for key, value in built.state_dict().items()} == {
        "fc.weight": (7, 15),
        "fc.bias": (7,),
    }


def test_unnamed_layers_are_numbered_by_type():
    built = build(network(linear(), {"type": "ReLU"}, linear(in_features=3)), [4], 3)

    assert list(dict(built.named_children())) == ["Linear1", "ReLU1", "Linear2"]


def test_graph_joins_named_inputs():
    built = build(
        network(
            linear(name="a", out_features=4),
            {"name": "sum", "type": "Add", "inputs": ["input", "a"]},
            {"name": "both", "type": "Concat", "inputs": ["sum", "input"]},
        ),
        [4],
        8,
    )
    x = torch.rand(2, 4)
    a = built.get_submodule("a")(x)

    assert torch.equal(built(x), torch.cat([x + a, x], 1))


def test_every_type_of_the_table_is_found_by_its_own_name():
    for name, kind in LAYER_TYPES.items():
        assert kind.name == name
        assert "dtype" not in kind.arguments


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([{"type": "Linaer"}], ["'Linaer1'", "Did you mean 'Linear'"]),
        ([{"type": "Module"}], ["Unknown layer type 'Module'"]),
        ([linear(in_feature=4)], ["'Linear1'", "'in_feature'", "Did you mean 'in_features'"]),
        ([{"type": "Linear", "in_features": 4}], ["lacks", "'out_features'"]),
        ([linear(in_features="$feature")], ["'in_features'", "'$feature'", "$features"]),
        ([linear(in_features="four")], ["'Linear1'", "in_features='four'"]),
        ([linear(in_features=-1)], ["'Linear1'", "in_features=-1"]),
        ([linear(name="a"), linear(name="a")], ["'a'", "unique"]),
        ([linear(name="a.b")], ["'a.b'", "no dot"]),
        ([linear(name="forward")], ["'forward'", "taken"]),
        ([linear(inputs=["inptu"])], ["'inptu'", "Did you mean 'input'"]),
        ([linear(inputs=["input", "input"])], ["has 2 inputs", "takes 1"]),
        ([{"type": "Add"}], ["has 1 inputs", "2 or more"]),
        ([], ["no layers"]),
    ],
)
def test_a_bad_description_is_refused_with_its_reason(layers, words):
    with pytest.raises(InvalidDataError) as caught:
        build(network(*layers), [4], 3)

    for word in words:
        assert word in caught.value.message


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Return what installs a package with one entry point, ``mine``."""

    def put(name: str, body: str) -> NetworkDescription:
        (tmp_path / f"{name}.py").write_text(
            f"from torch import nn\ndef make(input_shape, outputs):\n    return {body}\n"
        )
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            f"[jupyter_platform.networks]\n{name} = {name}:make\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        return NetworkDescription(name="n", entry_point=name)

    return put


def test_entry_point_gets_shape_and_outputs(offer):
    description = offer("linear_package", "nn.Linear(input_shape[0], outputs)")

    assert build(description, [6], 2).weight.shape == (2, 6)


def test_unknown_entry_point_names_the_known_ones(offer):
    offer("known_package", "nn.Identity()")

    with pytest.raises(NotFoundError, match="Did you mean 'known_package'"):
        build(NetworkDescription(name="n", entry_point="knwon_package"), [6], 2)


def test_entry_point_that_fails_or_gives_no_module_is_named(offer):
    with pytest.raises(InvalidDataError, match=r"failing_package:make.*ZeroDivisionError"):
        build(offer("failing_package", "1 / 0"), [6], 2)
    with pytest.raises(InvalidDataError, match="gave int"):
        build(offer("number_package", "3"), [6], 2)
