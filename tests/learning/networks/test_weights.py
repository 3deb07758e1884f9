from __future__ import annotations

import pickle

import pytest
import torch

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.learning.networks import (
    WeightsHeader,
    build,
    load_weights,
    read_metadata,
    save_weights,
)
from jupyter_platform.learning.networks.weights import weights_bytes

MLP = bundled_networks()["mlp"]
HEADER = WeightsHeader.of(MLP, [4], 3)


@pytest.fixture
def stored(tmp_path):
    torch.manual_seed(1)
    network = build(MLP, [4], 3)
    save_weights(tmp_path / "w.safetensors", network.state_dict(), HEADER, step="7")
    return network, tmp_path / "w.safetensors"


def test_weights_come_back_bit_by_bit_with_normalisation(stored):
    network, path = stored
    torch.manual_seed(2)
    other = build(MLP, [4], 3)

    load_weights(other, path, "mlp")

    for key, value in network.state_dict().items():
        assert torch.equal(other.state_dict()[key], value)
    assert "Normalize1.mean" in other.state_dict()


def test_metadata_says_which_network_it_is(stored):
    assert read_metadata(stored[1]) == {
        "network": MLP.digest,
        "input_shape": "[4]",
        "outputs": "3",
        "step": "7",
        "torch": torch.__version__,
    }


def test_equal_weights_always_have_equal_bytes():
    state = {"b": torch.ones(3), "a": torch.zeros(2)}

    # Unsorted, the four entries of the metadata would come in some of 24 orders.
    assert len({weights_bytes(state, HEADER, step="1") for _ in range(50)}) == 1


def test_tied_weights_are_stored():
    weight = torch.rand(2, 2)

    assert weights_bytes({"a": weight, "b": weight}, HEADER)


def test_weights_of_another_network_are_refused_naming_the_tensor(stored):
    _, path = stored

    with pytest.raises(InvalidDataError, match=r"'Normalize1.mean' has shape \(4,\).*\(5,\)"):
        load_weights(build(MLP, [5], 3), path, "mlp")
    with pytest.raises(InvalidDataError, match="'conv1.weight' is missing"):
        load_weights(build(bundled_networks()["lenet"], [1, 28, 28], 10), path, "lenet")
    logistic = bundled_networks()["logistic-regression"]
    with pytest.raises(InvalidDataError, match=r"'logistic-regression'.*'Linear1.weight'"):
        load_weights(build(logistic, [4], 3), path, logistic.name)


def test_a_pickle_is_never_opened(tmp_path):
    path = tmp_path / "evil.safetensors"
    path.write_bytes(pickle.dumps({"a": 1}))

    with pytest.raises(InvalidDataError, match="safetensors"):
        load_weights(build(MLP, [4], 3), path, "mlp")
