from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.sampling.samplers import Batches, Permutation, TensorSource
from jupyter_platform.learning.strategies import BuildContext
from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward

FACTS = DatasetFacts(size=50, shape=[4], task="classification", outputs=3, parts={}, bytes=0)


def context(network, x, y, train, validation=None, **options):
    return BuildContext(
        options=LearnOptions(**options),
        networks=(network,),
        names=("tiny",),
        source=TensorSource(x, y),
        facts=FACTS,
        train=train,
        validation=validation,
    )


@pytest.mark.parametrize(
    ("options", "reference"),
    [
        ({}, lambda p: torch.optim.SGD(p, lr=0.01)),
        (
            {"learning_rate": 0.1, "momentum": 0.9},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
        ),
        ({"method": "ADAM"}, lambda p: torch.optim.Adam(p, lr=0.001)),
    ],
)
def test_steps_equal_a_hand_written_loop(options, reference):
    torch.manual_seed(0)
    x, y = torch.rand(50, 4), torch.randint(0, 3, (50,))
    network = nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(1))
    twin = copy.deepcopy(network)
    optimizer = reference(twin.parameters())
    rows = torch.arange(50)
    strategy = FeedForward(context(network, x, y, rows, batch_size=8, seed=3, **options))
    batches = Batches(TensorSource(x, y), Permutation(rows, 8, 3))

    for _ in range(15):
        inputs, targets = next(batches)
        optimizer.zero_grad()
        expected = functional.nll_loss(twin(inputs), targets)
        expected.backward()
        optimizer.step()
        torch.testing.assert_close(strategy.step(), expected.detach(), rtol=1e-6, atol=1e-6)

    for ours, theirs in zip(network.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


def test_validation_equals_a_computation_over_the_whole_set():
    torch.manual_seed(0)
    x, y = torch.rand(3000, 4), torch.randint(0, 3, (3000,))
    network = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.LogSoftmax(1)).train()
    strategy = FeedForward(context(network, x, y, torch.arange(10), torch.arange(3000)))

    scores = strategy.validate()

    assert network.training
    outputs = network.eval()(x).detach()
    assert scores is not None
    assert scores["validation_loss"] == pytest.approx(float(functional.nll_loss(outputs, y)))
    assert scores["validation_accuracy"] == pytest.approx(
        float((outputs.argmax(1) == y).double().mean())
    )
