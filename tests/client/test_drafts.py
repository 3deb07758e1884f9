"""Looking at networks before they are stored, against a real platform."""

from __future__ import annotations

import re

import pytest

from jupyter_platform.core.errors import NotFoundError

FLATTEN = {"type": "Flatten"}
SCORES = {"type": "Linear", "in_features": "$features", "out_features": "$outputs"}


def test_the_types_of_layers_tell_their_arguments(platform):
    types = {item.name: item for item in platform.layer_types()}

    linear = {item.name: item for item in types["Linear"].arguments}
    assert linear["in_features"].required
    assert (linear["bias"].required, linear["bias"].default) == (False, True)
    assert (types["Concat"].min_inputs, types["Concat"].max_inputs) == (2, None)


def test_a_draft_that_fits_has_shapes_and_no_problem(platform):
    found = platform.check_network({"name": "draft", "layers": [FLATTEN, SCORES]}, "digits")

    assert found.problem is None
    assert [item.output_shape for item in found.layers] == [[64], [10]]
    assert (found.input_shape, found.parameters) == ([1, 8, 8], 650)


@pytest.mark.parametrize(
    ("layers", "shown", "layer", "words"),
    [
        ([], 0, None, "no layers yet"),
        ([{"type": "Flattn"}], 0, 0, "Did you mean 'Flatten'"),
        ([FLATTEN, {**SCORES, "in_features": 7}, FLATTEN], 1, 1, "takes 7 values"),
        ([FLATTEN, {**SCORES, "out_features": 4}], 2, None, "wants 10"),
        ([FLATTEN, {"type": "Linear", "in_features": 64}], 1, 1, "lacks .*out_features"),
    ],
)
def test_a_draft_is_built_as_far_as_it_goes(platform, layers, shown, layer, words):
    found = platform.check_network({"name": "draft", "layers": layers}, "digits")

    assert (len(found.layers), found.layer) == (shown, layer)
    assert re.search(words, found.problem)


def test_nothing_is_stored(platform):
    platform.check_network({"name": "never-stored", "layers": [FLATTEN]})

    with pytest.raises(NotFoundError):
        platform.network("never-stored")
    with pytest.raises(NotFoundError, match="digits"):
        platform.check_network({"name": "draft", "layers": [FLATTEN]}, "digit")
