from __future__ import annotations

import pytest
import torch
from torch import nn

from jupyter_platform.core.errors import OptionError
from jupyter_platform.core.options import LearnOptions, resolve_options
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.strategies.generative.wgan import gradient_penalty

LATENT = 1
OPTIONS = {
    "latent_size": LATENT,
    "batch_size": 128,
    "initial_iterations": 2,
    "initial_critic_steps": 20,
}


def numbers():
    torch.manual_seed(5)
    return 0.5 * torch.randn(2048, 1) + 1.0


def pair():
    torch.manual_seed(2)
    critic = nn.Sequential(
        nn.Linear(1, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1)
    )
    return [nn.Linear(LATENT, 1), critic]


@pytest.mark.parametrize(
    "options",
    [
        {"weight_clamp": 0.1, "learning_rate": 0.015},
        {
            "lipschitz": "PENALTY",
            "gradient_penalty": 1.0,
            "method": "ADAM",
            "beta1": 0.0,
            "beta2": 0.9,
            "learning_rate": 0.01,
        },
    ],
)
def test_a_generator_learns_the_moments_of_a_known_distribution(make_strategy, options):
    strategy = make_strategy(
        "wgan",
        pair(),
        numbers(),
        validation=torch.arange(1000),
        schedule="cosine",
        max_iterations=400,
        **OPTIONS,
        **options,
    )
    torch.manual_seed(7)
    before = strategy.validate()

    for _ in range(400):
        strategy.step()

    generated = strategy.generator(torch.randn(20_000, LATENT)).detach()
    assert generated.mean().item() == pytest.approx(1.0, abs=0.2)
    assert generated.std().item() == pytest.approx(0.5, abs=0.15)
    scores = strategy.validate()
    assert list(scores)[0] == "validation_loss"
    assert before["validation_loss"] > 1
    assert scores["validation_loss"] < 0.05
    assert abs(scores["validation_critic_distance"]) < 0.2


def test_a_critic_whose_gradient_is_penalised_gives_the_wasserstein_distance(make_strategy):
    generator, critic = pair()
    with torch.no_grad():
        generator.weight.fill_(0.5), generator.bias.fill_(-2.0)
    strategy = make_strategy(
        "wgan",
        [generator, critic],
        numbers(),
        **OPTIONS | {"initial_iterations": 1, "initial_critic_steps": 400},
        lipschitz="PENALTY",
        gradient_penalty=10.0,
        method="ADAM",
        learning_rate=0.003,
    )
    torch.manual_seed(1)

    _, distance = strategy.step()

    # Two normal distributions of one width are as far apart as their means, W. Of all slopes s the
    # one with the largest s·W - λ(s - 1)² is 1 + W / (2λ).
    assert distance.item() == pytest.approx(3.0 * (1 + 3.0 / 20), rel=0.05)


def test_weights_of_the_critic_stay_within_the_clamp(make_strategy):
    strategy = make_strategy("wgan", pair(), numbers(), weight_clamp=0.03, **OPTIONS)
    strategy.step()
    weights = torch.cat([item.detach().flatten() for item in strategy.critic.parameters()])
    assert weights.abs().max().item() == pytest.approx(0.03)
    free = torch.cat([item.detach().flatten() for item in strategy.generator.parameters()])
    assert free.abs().max() > 0.03


def test_the_critic_is_updated_more_often_and_most_often_at_first(make_strategy):
    networks = pair()
    seen = []
    networks[1].register_forward_hook(lambda *_: seen.append(1))
    strategy = make_strategy("wgan", networks, numbers(), critic_steps=3, **OPTIONS)
    counts = []
    for _ in range(4):
        seen.clear()
        strategy.step()
        # Each update looks at real and at made samples, the generator's at made ones.
        counts.append((len(seen) - 1) / 2)
    assert counts == [20, 20, 3, 3]
    assert strategy.samples_per_step == 3 * 128


def test_the_penalty_of_a_linear_critic_is_known_exactly():
    critic = nn.Linear(4, 1)
    real, generated = torch.randn(6, 4), torch.randn(6, 4)
    expected = (critic.weight.norm() - 1) ** 2
    assert torch.allclose(gradient_penalty(critic, real, generated), expected, atol=1e-6)


def test_the_penalty_is_taken_between_real_and_made_samples():
    real, generated = torch.zeros(1000, 1), torch.ones(1000, 1)
    seen = []

    def critic(points):
        seen.append(points.detach())
        return points

    gradient_penalty(critic, real, generated)
    points = seen[0].sort(0).values[:, 0]
    assert torch.allclose(points, torch.linspace(0, 1, 1000), atol=0.08)


def test_it_has_the_defaults_of_dianne_and_understands_its_names():
    options = LearnOptions(strategy="be.iminds.iot.dianne.nn.learn.strategy.WGANLearningStrategy")
    assert (options.strategy, options.method, options.learning_rate) == ("wgan", "RMSPROP", 1e-4)
    resolved, _ = resolve_options(
        JobType.LEARN,
        {
            "strategy": "WGANLearningStrategy",
            "generatorDim": "3",
            "clamp": "0.5",
            "Diterations": "7",
            "initDiterations": "8",
            "initIterations": "9",
        },
    )
    names = ("latent_size", "weight_clamp", "critic_steps", "initial_critic_steps")
    assert [getattr(resolved, name) for name in names] == [3, 0.5, 7, 8]
    assert resolved.initial_iterations == 9


def test_a_clamp_beside_a_penalty_is_refused():
    options = {"strategy": "wgan", "lipschitz": "penalty", "weight_clamp": 0.5}
    with pytest.raises(OptionError, match="weight_clamp goes with lipschitz = CLAMP"):
        resolve_options(JobType.LEARN, options)
