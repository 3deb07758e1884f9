"""The networks that ship: each one in the place that it is made for."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.strategies import STRATEGIES
from jupyter_platform.learning.networks import build, network_facts

ZOO = bundled_networks()
IMAGE = (3, 8, 8)
PLACES = {
    "resnet": (IMAGE, 10, (10,)),
    "autoencoder": (IMAGE, 192, IMAGE),
    "vae-encoder": (IMAGE, 8, (8,)),
    "vae-decoder": ((4,), 192, IMAGE),
    "gan-generator": ((4,), 192, IMAGE),
    "gan-discriminator": (IMAGE, 1, (1,)),
    "char-lstm": ((6,), 30, (6, 30)),
    "char-gru": ((6,), 30, (6, 30)),
    "recurrent-q-network": ((6, 4), 2, (6, 2)),
    "lenet": ((1, 28, 28), 10, (10,)),
    "lenet-digits": ((1, 8, 8), 10, (10,)),
}
"""Shape of a sample, outputs, shape that is given; all others take any number of features."""


@pytest.mark.parametrize("name", sorted(ZOO))
def test_it_computes_what_its_table_says(name):
    shape, outputs, wanted = PLACES.get(name, ((5,), 3, (3,)))
    description = ZOO[name]
    facts = network_facts(description, shape, outputs, wanted)
    network = build(description, shape, outputs, wanted)
    samples = torch.rand(2, *shape)

    assert facts.output_shape == list(wanted)
    assert network(samples).shape == (2, *wanted)
    assert facts.parameters == sum(item.numel() for item in network.parameters())


def test_every_role_is_one_of_a_strategy():
    known = {role for strategy in STRATEGIES.values() for role in strategy.roles}

    assert {role for item in ZOO.values() for role in item.roles} <= {*known, "sequence"}


def test_resnet_has_the_weights_of_resnet_20():
    """He et al. (2016), section 4.2: 0.27 million; ours has a bias beside each normalisation."""
    network = build(ZOO["resnet"], (3, 32, 32), 10)
    convolutions = [item for item in network.modules() if isinstance(item, nn.Conv2d)]
    weights = sum(item.weight.numel() for item in convolutions)

    assert len(convolutions) == 19
    assert weights == 3 * 16 * 9 + 6 * 16**2 * 9 + (16 + 5 * 32) * 32 * 9 + (32 + 5 * 64) * 64 * 9
    assert network(torch.rand(1, 3, 32, 32)).shape == (1, 10)
    assert network.get_submodule("block9")(torch.rand(1, 64, 8, 8)).shape == (1, 64, 8, 8)


@pytest.mark.parametrize("name", ["char-lstm", "char-gru"])
def test_text_networks_see_nothing_that_comes_later(name):
    torch.manual_seed(0)
    network = build(ZOO[name], (6,), 30)
    text = torch.randint(30, (1, 6))
    other = text.clone()
    other[0, 4] = (text[0, 4] + 1) % 30
    first, second = network(text)[0], network(other)[0]

    assert torch.equal(first[:4], second[:4])
    assert not torch.allclose(first[4:], second[4:])
    assert torch.allclose(first.exp().sum(1), torch.ones(6), atol=1e-5)
