from __future__ import annotations

import math

import pytest
import torch
from torch import distributions, nn

from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.options import LearnOptions, resolve_options
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.networks.layers import MultivariateGaussian
from jupyter_platform.learning.strategies.generative.elbo import Autoencoder, divergence
from jupyter_platform.learning.strategies.generative.vae import VariationalAutoencoder
from tests.learning.strategies.conftest import facts_of

LATENT, SIZE, STDEV = 2, 5, 0.5


def mixed():
    """Return samples of a linear Gaussian model: two hidden causes, five noisy measurements."""
    torch.manual_seed(5)
    mixing = torch.tensor([[1.0, 0.0], [0.8, 0.3], [0.0, 1.0], [-0.6, 0.5], [0.2, -0.9]])
    noise = STDEV * torch.randn(1500, SIZE)
    return torch.randn(1500, LATENT) @ mixing.T + noise + 0.1 * torch.arange(5.0)


def pair():
    torch.manual_seed(2)
    return [nn.Linear(SIZE, 2 * LATENT), nn.Linear(LATENT, SIZE)]


def best_log_likelihood(samples):
    """Return the mean log-likelihood of probabilistic PCA (Tipping and Bishop 1999, equation 7)."""
    mean = samples.mean(0)
    covariance = (samples - mean).T.cov(correction=0)
    values, vectors = torch.linalg.eigh(covariance)
    kept = vectors[:, -LATENT:] * (values[-LATENT:] - STDEV**2).clamp_min(0).sqrt()
    model = kept @ kept.T + STDEV**2 * torch.eye(SIZE)
    return distributions.MultivariateNormal(mean, model).log_prob(samples).mean().item()


def test_the_bound_comes_to_the_likelihood_of_probabilistic_pca(make_strategy):
    samples = mixed()
    encoder, decoder = pair()
    strategy = make_strategy(
        "vae",
        [encoder, decoder],
        samples,
        validation=torch.arange(1500),
        latent_size=LATENT,
        observation_stdev=STDEV,
        batch_size=300,
        method="ADAM",
        learning_rate=0.04,
        schedule="cosine",
        max_iterations=400,
    )
    torch.manual_seed(7)
    before = strategy.validate()

    for _ in range(400):
        loss, reconstruction, divergence = strategy.step()

    best = best_log_likelihood(samples)
    model = Autoencoder(encoder, decoder, "MSE", STDEV)
    with torch.no_grad():
        bound = model.bound(samples, 50)
    found = -(bound.reconstruction + bound.divergence).mean().item()
    assert found == pytest.approx(best, abs=0.02)
    assert found < best + 0.01, "it is a lower bound"
    assert bound.divergence.mean() > 0.5, "the code is used"
    scores = strategy.validate()
    assert list(scores)[0] == "validation_loss"
    assert before["validation_loss"] > -best + 2
    assert scores["validation_loss"] == pytest.approx(-best, abs=0.1)
    assert torch.allclose(loss, reconstruction + divergence)


def test_the_divergence_is_what_draws_estimate():
    mean, stdev = torch.tensor([[0.7, -1.2]]), torch.tensor([[0.5, 1.8]])
    torch.manual_seed(0)
    posterior = distributions.Normal(mean, stdev)
    draws = posterior.sample((400_000,))
    prior = distributions.Normal(torch.zeros(2), torch.ones(2))
    estimate = (posterior.log_prob(draws) - prior.log_prob(draws)).sum(2).mean()
    assert divergence(mean, stdev).item() == pytest.approx(estimate.item(), abs=0.01)
    assert divergence(torch.zeros(1, 2), torch.ones(1, 2)).item() == 0


def test_many_weighted_draws_give_the_likelihood_whatever_the_encoder_says():
    torch.manual_seed(4)
    encoder, decoder = nn.Linear(SIZE, 2 * LATENT), nn.Linear(LATENT, SIZE)
    with torch.no_grad():
        encoder.weight.mul_(0.3)
    samples = torch.randn(20, SIZE)
    weight, offset = decoder.weight.detach(), decoder.bias.detach()
    exact = distributions.MultivariateNormal(offset, weight @ weight.T + torch.eye(SIZE))

    with torch.no_grad():
        model = Autoencoder(encoder, decoder, "MSE", 1.0)
        found = model.log_likelihood(samples, 20_000)
        bound = model.bound(samples, 2000)

    assert torch.allclose(found, exact.log_prob(samples), atol=0.03)
    assert (-(bound.reconstruction + bound.divergence) < exact.log_prob(samples)).all()


@pytest.mark.parametrize("likelihood", ["MSE", "GAU", "BCE", "BCE_LOGITS"])
def test_reconstruction_is_the_log_likelihood_of_its_distribution(likelihood):
    torch.manual_seed(1)
    samples = torch.rand(6, 4)
    encoder = nn.Linear(4, 2)
    layers = {
        "MSE": [nn.Linear(1, 4)],
        "GAU": [nn.Linear(1, 8), MultivariateGaussian(4, stdev_activation="softplus")],
        "BCE": [nn.Linear(1, 4), nn.Sigmoid()],
        "BCE_LOGITS": [nn.Linear(1, 4)],
    }
    decoder = nn.Sequential(*layers[likelihood])
    model = Autoencoder(encoder, decoder, likelihood, 0.3)
    model.check(samples, "decoder")

    bound = model.bound(samples, 1, torch.zeros_like)

    mean, _ = model.encode(samples)
    outputs = decoder(mean)
    if likelihood.startswith("BCE"):
        likely = outputs if likelihood == "BCE" else outputs.sigmoid()
        expected = -(samples * likely.log() + (1 - samples) * (1 - likely).log())
    elif likelihood == "GAU":
        expected = -distributions.Normal(*outputs.chunk(2, 1)).log_prob(samples)
    else:
        expected = -distributions.Normal(outputs, 0.3).log_prob(samples)
    assert torch.allclose(bound.reconstruction, expected.sum(1), rtol=1e-5)
    decoded = model.decode(mean)
    assert decoded.shape == samples.shape
    assert ((decoded >= 0) & (decoded <= 1)).all() or likelihood in ("MSE", "GAU")


def test_spreads_are_deviations_only_behind_a_layer_that_says_so():
    plain = nn.Linear(3, 4)
    layered = nn.Sequential(plain, MultivariateGaussian(2, stdev_activation="exp"))
    samples = torch.randn(5, 3)

    mean, stdev = Autoencoder(plain, nn.Linear(2, 3), "MSE", 1.0).encode(samples)
    same, deviation = Autoencoder(layered, nn.Linear(2, 3), "MSE", 1.0).encode(samples)

    assert torch.equal(mean, same)
    assert torch.allclose(stdev**2, deviation)
    assert torch.allclose(stdev, (0.5 * plain(samples)[:, 2:]).exp())


@pytest.mark.parametrize("count", [1, 3])
def test_beta_and_codes_for_each_sample_count_as_asked(make_strategy, count):
    strategy = make_strategy(
        "vae",
        pair(),
        mixed(),
        validation=torch.arange(100),
        latent_size=LATENT,
        beta=4.0,
        latent_samples=count,
        batch_size=10,
    )
    seen = []
    strategy.networks[1].register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))

    loss, reconstruction, kl = strategy.step()

    assert torch.allclose(loss, reconstruction + 4 * kl)
    assert seen[0].shape == (10 * count, LATENT)
    scores = strategy.validate()
    terms = scores["validation_reconstruction_loss"] + 4 * scores["validation_kl_loss"]
    assert scores["validation_loss"] == pytest.approx(terms)
    assert strategy.validate() == scores, "validation draws the same codes each time"


def test_places_tell_shapes_of_codes_and_samples():
    facts = facts_of(torch.zeros(50, 1, 4, 4), torch.zeros(50, 1))
    options = LearnOptions(strategy="vae", latent_size=3, criterion="GAU")
    encoder, decoder = VariationalAutoencoder.signatures(options, facts)
    assert (encoder.input_shape, encoder.output_shape) == ((1, 4, 4), (6,))
    assert (decoder.input_shape, decoder.output_shape) == ((3,), (2, 4, 4))
    assert (encoder.outputs, decoder.outputs) == (6, 32)


def test_what_is_no_likelihood_is_refused(make_strategy):
    with pytest.raises(OptionError, match="criterion = ABS is no likelihood .* MSE .* BCE_LOGITS"):
        make_strategy("vae", pair(), mixed(), latent_size=LATENT, criterion="ABS")


def test_samples_that_are_no_probabilities_are_refused_with_bce(make_strategy):
    encoder, decoder = pair()
    decoder = nn.Sequential(decoder, nn.Sigmoid())
    with pytest.raises(InvalidDataError, match="BCE wants targets from 0 to 1"):
        make_strategy("vae", [encoder, decoder], mixed(), latent_size=LATENT, criterion="BCE")


def test_it_understands_the_names_of_dianne():
    resolved, _ = resolve_options(
        JobType.LEARN,
        {
            "strategy": "VariationalAutoEncoderLearningStrategy",
            "latentDims": "3",
            "sampleSize": "2",
            "beta": "0.5",
        },
    )
    assert (resolved.strategy, resolved.method) == ("vae", "ADAM")
    assert (resolved.latent_size, resolved.latent_samples, resolved.beta) == (3, 2, 0.5)
    assert math.isclose(resolved.observation_stdev, 0.1)
