"""Networks from elsewhere that do not say the shape of a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from jupyter_platform.learning.networks.trained import trained_network

from .conftest import normal


def test_a_network_of_dianne_is_asked_for_any_shape_that_its_layers_take(
    dianne, tmp_path, import_file
):
    weight, bias = normal(4, 3, 2, 3), normal(4)
    config = {"noInputPlanes": 3, "noOutputPlanes": 4, "kernelWidth": 3, "kernelHeight": 2}
    dianne.chain(("Convolution", config)).give("m1", weight, bias)

    answer = import_file(dianne.zip(tmp_path / "net.zip"))

    assert answer.description.input_shape is None
    network, shape = trained_network(answer.description, Path(answer.weights[0].file))
    assert shape is None
    for pictures in (normal(2, 3, 5, 6), normal(1, 3, 9, 4)):
        wanted = functional.conv2d(*map(torch.from_numpy, (pictures, weight, bias)))
        with torch.no_grad():
            found = network(torch.from_numpy(pictures))
        np.testing.assert_allclose(found, wanted, atol=1e-5)
