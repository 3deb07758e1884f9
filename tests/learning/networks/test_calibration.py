from __future__ import annotations

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler

from jupyter_platform.core.networks import NetworkDescription
from jupyter_platform.learning.networks import build, calibrate
from jupyter_platform.learning.networks.layers import Denormalize, Normalize

RNG = np.random.default_rng(3)
INPUTS = (RNG.normal(size=(3000, 4)) * [1, 100, 0.01, 0] + [5, -3, 0, 7]).astype("f4")


def build_one(*layers: dict[str, object], outputs: int = 2):
    description = NetworkDescription.model_validate({"name": "n", "layers": layers})
    return build(description, [4], outputs)


def test_normalize_equals_the_standard_scaler_of_scikit_learn():
    network = build_one({"type": "Normalize", "num_features": 4})
    inputs = torch.from_numpy(INPUTS)

    calibrate(network, inputs, torch.zeros(len(inputs)))

    expected = StandardScaler().fit_transform(INPUTS.astype("f8"))
    assert np.allclose(network(inputs).numpy(), expected, atol=1e-5)


def test_normalize_of_images_works_per_channel():
    layer = Normalize(2)
    layer.calibrate(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 0.0]))
    images = torch.rand(3, 2, 4, 4)

    result = layer(images)

    assert torch.allclose(result[:, 0], (images[:, 0] - 1) / 2)
    assert torch.allclose(result[:, 1], images[:, 1] - 2)


def test_second_normalize_takes_the_statistics_of_what_reaches_it():
    network = build_one(
        {"type": "Normalize", "num_features": 4}, {"type": "Normalize", "num_features": 4}
    )

    calibrate(network, torch.from_numpy(INPUTS), torch.zeros(len(INPUTS)))

    second = dict(network.named_children())["Normalize2"]
    assert torch.allclose(second.mean, torch.zeros(4), atol=1e-4)
    assert torch.allclose(second.std, torch.ones(4), atol=1e-4)


def test_denormalize_takes_the_statistics_of_the_targets():
    network = build_one({"type": "Denormalize", "num_features": 1})
    targets = torch.tensor([[1.0], [5.0], [9.0]])

    calibrate(network, torch.zeros(3, 1), targets)

    layer = network.get_submodule("Denormalize1")
    assert isinstance(layer, Denormalize)
    assert torch.allclose(layer.mean, torch.tensor([5.0]))
    assert torch.allclose(layer.std, torch.tensor([float(np.std([1, 5, 9]))]))
    assert torch.allclose(network(torch.tensor([[0.0]])), torch.tensor([[5.0]]))
