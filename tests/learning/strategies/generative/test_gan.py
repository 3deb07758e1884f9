from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.learning.strategies.generated import samples_record
from jupyter_platform.learning.strategies.generative.distances import energy_distance

LATENT = 2


def blob():
    """Return samples of a normal distribution whose axes are neither of one size nor parallel."""
    torch.manual_seed(5)
    mixing = torch.tensor([[0.8, 0.0], [0.5, 0.3]])
    return torch.randn(2048, 2) @ mixing.T + torch.tensor([1.5, -1.0])


def pair(*end: nn.Module):
    torch.manual_seed(2)
    generator = nn.Linear(LATENT, 2)
    discriminator = nn.Sequential(
        nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)
    )
    return [generator, nn.Sequential(*discriminator, *end)]


@pytest.mark.parametrize("end", [(), (nn.Sigmoid(),)])
def test_a_generator_learns_the_moments_of_a_known_distribution(make_strategy, end):
    samples = blob()
    strategy = make_strategy(
        "gan",
        pair(*end),
        samples,
        validation=torch.arange(1000),
        latent_size=LATENT,
        batch_size=128,
        method="ADAM",
        learning_rate=0.002,
        beta1=0.5,
    )
    torch.manual_seed(7)
    before = strategy.validate()

    for _ in range(1200):
        strategy.step()

    generated = strategy.generator(torch.randn(20_000, LATENT)).detach()
    assert torch.allclose(generated.mean(0), samples.mean(0), atol=0.2)
    assert torch.allclose(generated.T.cov(), samples.T.cov(), atol=0.2)
    scores = strategy.validate()
    assert list(scores)[0] == "validation_loss"
    assert before["validation_loss"] > 1
    assert scores["validation_loss"] < 0.02
    assert scores["validation_discriminator_loss"] == pytest.approx(2 * math.log(2), abs=0.15)


def test_a_step_equals_one_written_by_hand(make_strategy):
    samples = blob()
    networks = pair()
    generator, discriminator = copy.deepcopy(networks)
    strategy = make_strategy(
        "gan",
        networks,
        samples,
        latent_size=LATENT,
        batch_size=2048,
        learning_rate=0.1,
        method="SGD",
    )

    torch.manual_seed(11)
    loss, critic_loss = strategy.step()

    torch.manual_seed(11)
    generated = generator(torch.randn(2048, LATENT))
    yes, no = torch.ones(2048, 1), torch.zeros(2048, 1)
    entropy = functional.binary_cross_entropy_with_logits
    ours = entropy(discriminator(samples), yes) + entropy(discriminator(generated.detach()), no)
    ours.backward()
    torch.optim.SGD(discriminator.parameters(), lr=0.1).step()
    theirs = entropy(discriminator(generated), yes)
    theirs.backward()
    torch.optim.SGD(generator.parameters(), lr=0.1).step()
    assert torch.allclose(critic_loss, ours, rtol=1e-5)
    assert torch.allclose(loss, theirs, rtol=1e-5)
    for found, wanted in zip(networks, (generator, discriminator), strict=True):
        for a, b in zip(found.parameters(), wanted.parameters(), strict=True):
            assert torch.allclose(a, b, atol=1e-6)
    assert all(item.requires_grad for item in networks[1].parameters())


def test_a_discriminator_that_gives_no_probabilities_is_refused_with_bce(make_strategy):
    with pytest.raises(InvalidDataError, match="tiny-discriminator.*end the network with Sigmoid"):
        make_strategy("gan", pair(), blob(), latent_size=LATENT, criterion="BCE")


@pytest.mark.parametrize(
    ("strategy", "accepted"), [("gan", "takes BCE or BCE_LOGITS"), ("wgan", "takes none")]
)
def test_a_criterion_that_means_nothing_is_refused(make_strategy, strategy, accepted):
    with pytest.raises(OptionError, match=f"criterion = MSE does not go with .*{accepted}"):
        make_strategy(strategy, pair(), blob(), latent_size=LATENT, criterion="MSE")


def test_the_energy_distance_equals_its_definition():
    torch.manual_seed(0)
    x, y = torch.randn(7, 3).double(), torch.randn(5, 3).double() + 1
    between = sum((a - b).norm() for a in x for b in y) / 35
    within_x = sum((a - b).norm() for a in x for b in x) / 42
    within_y = sum((a - b).norm() for a in y for b in y) / 20
    expected = 2 * between - within_x - within_y
    assert energy_distance(x, y).item() == pytest.approx(expected.item(), rel=1e-6)
    same = energy_distance(torch.randn(2000, 3), torch.randn(2000, 3))
    assert abs(same.item()) < 0.01


def test_samples_that_are_no_numbers_or_too_large_are_not_shown():
    assert samples_record(torch.tensor([[1.0], [float("nan")]])) is None
    assert samples_record(torch.zeros(2, 5000)) is None
    assert samples_record(torch.ones(1, 2)) == {"kind": "values", "values": [[1.0, 1.0]]}
