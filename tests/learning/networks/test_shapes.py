from __future__ import annotations

import pytest

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import NetworkDescription, bundled_networks
from jupyter_platform.learning.networks import network_facts


def test_lenet_table_equals_a_hand_count():
    facts = network_facts(bundled_networks()["lenet"])

    rows = {row.name: (row.output_shape, row.parameters) for row in facts.layers}
    assert rows["conv1"] == ([6, 28, 28], 6 * 25 + 6)
    assert rows["conv2"] == ([16, 10, 10], 16 * 6 * 25 + 16)
    assert rows["fc1"] == ([120], 400 * 120 + 120)
    assert facts.parameters == 61_706
    assert (facts.input_shape, facts.output_shape) == ([1, 28, 28], [10])


def test_a_network_that_leaves_no_choice_needs_no_dataset_for_its_table():
    layers = [
        {"type": "Flatten"},
        {"type": "Linear", "in_features": 6, "out_features": 4},
        {"type": "Sigmoid"},
    ]
    fixed = network_facts(NetworkDescription.model_validate({"name": "n", "layers": layers}))
    images = [{"type": "Conv2d", "in_channels": 1, "out_channels": 2, "kernel_size": 3}]
    free = network_facts(NetworkDescription.model_validate({"name": "n", "layers": images}))

    assert (fixed.input_shape, fixed.output_shape, fixed.parameters) == ([6], [4], 28)
    assert [row.output_shape for row in fixed.layers] == [[6], [4], [4]]
    assert (free.input_shape, free.layers, free.parameters) == (None, [], 20)


def test_a_network_with_memory_is_traced_by_one_step():
    layers = [{"type": "StepGRU", "input_size": 3, "hidden_size": 4}]
    description = NetworkDescription.model_validate({"name": "n", "layers": layers})
    facts = network_facts(description, [7, 3], 4)

    assert (facts.layers[0].output_shape, facts.output_shape) == ([4], [7, 4])


def test_facts_without_shapes_still_check_the_layers():
    facts = network_facts(bundled_networks()["mlp"])
    assert facts.layers == []
    assert facts.output_shape is None

    broken = NetworkDescription.model_validate({"name": "n", "layers": [{"type": "Nope"}]})
    with pytest.raises(InvalidDataError, match="Unknown layer type 'Nope'"):
        network_facts(broken)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (
            {"type": "Linear", "in_features": 9, "out_features": 2},
            ["'Linear1'", "takes 9", "gives 4", "in_features=4"],
        ),
        (
            {"type": "Conv2d", "in_channels": 3, "out_channels": 2, "kernel_size": 1},
            ["'Conv2d1'", "shape 4"],
        ),
        ({"type": "Normalize", "num_features": 5}, ["takes 5 features", "gives 4"]),
    ],
)
def test_a_layer_that_does_not_fit_is_named_with_both_shapes(layer, words):
    description = NetworkDescription.model_validate({"name": "n", "layers": [layer]})

    with pytest.raises(InvalidDataError) as caught:
        network_facts(description, [4], 2)

    for word in words:
        assert word in caught.value.message
