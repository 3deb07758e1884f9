"""Where the layers of a drawn network stand."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from jupyter_platform.core.networks import LayerRecord, NetworkDescription, bundled_networks
from jupyter_platform.panels.network_graph import INPUT, arrange, network_graph


def described(*layers):
    return NetworkDescription(name="net", layers=layers)


RESIDUAL = described(
    {"type": "Conv2d", "name": "first"},
    {"type": "Conv2d", "name": "main"},
    {"type": "ReLU", "name": "act"},
    {"type": "Conv2d", "name": "side", "inputs": ["first"]},
    {"type": "Add", "name": "sum", "inputs": ["act", "side"]},
    {"type": "Conv2d", "name": "again"},
    {"type": "Conv2d", "name": "side2", "inputs": ["sum"]},
    {"type": "Add", "name": "sum2", "inputs": ["again", "side2"]},
)


def places(description):
    return {box.name: (box.column, box.row) for box in arrange(description)}


def test_a_chain_is_one_column_in_order():
    found = places(described({"type": "Flatten"}, {"type": "Linear"}, {"type": "Linear"}))

    assert found == {INPUT: (0, 0), "Flatten1": (0, 1), "Linear1": (0, 2), "Linear2": (0, 3)}


def test_branches_stand_beside_and_joins_below_and_columns_are_used_again():
    found = places(RESIDUAL)

    assert found["sum"] == (0, 4)
    assert found["side"] == (1, 2)
    assert found["sum2"] == (0, 6)
    assert found["side2"] == (1, 5)


def test_no_two_boxes_of_any_bundled_network_cover_each_other():
    for name, description in bundled_networks().items():
        boxes = arrange(description)
        assert len({(box.column, box.row) for box in boxes}) == len(boxes), name
        rows = {box.name: box.row for box in boxes}
        assert all(rows[item] < box.row for box in boxes for item in box.inputs), name


def test_the_drawing_names_layers_shapes_and_arguments_and_joins_them():
    known = [LayerRecord(name="first", type="Conv2d", output_shape=[6, 8, 8], parameters=60)]

    drawn = str(network_graph(RESIDUAL, known, [1, 8, 8]))

    root = ElementTree.fromstring(drawn).find("svg")
    assert "8 layers of net" in root.attrib["aria-label"]
    assert len(root.findall("path")) == 10
    assert len(root.findall("g")) == 9
    assert "Conv2d · 6 × 8 × 8" in drawn
    assert "60 parameters" in drawn
    assert len(re.findall("jp-mod-weights", drawn)) == 1


def test_what_people_write_is_text(tmp_path):
    drawn = str(network_graph(described({"type": "<script>", "name": "<b>"}), [], None))

    assert "<script>" not in drawn
    assert "<b>" not in drawn


def test_code_is_not_drawn():
    assert network_graph(NetworkDescription(name="net", entry_point="x"), [], None) == ""
