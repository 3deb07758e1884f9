"""What holds for every strategy that learns from a dataset: one small case of each."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.networks import Layer, NetworkDescription
from jupyter_platform.core.strategies import STRATEGIES
from jupyter_platform.learning.networks import build
from jupyter_platform.learning.strategies import Strategy
from jupyter_platform.learning.strategies.contract import check_scores, check_state

from .conftest import facts_of


@dataclass(frozen=True)
class Case:
    """A strategy with networks and samples that take it milliseconds."""

    strategy: str
    networks: list[nn.Module]
    inputs: Tensor
    targets: Tensor | None = None
    facts: DatasetFacts | None = None
    options: dict[str, Any] = field(default_factory=dict)


def _mlp(*sizes: int, end: nn.Module | None = None) -> nn.Module:
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1], *([] if end is None else [end]))


def _classes(count: int = 120) -> tuple[Tensor, Tensor]:
    return torch.randn(count, 4), torch.randint(0, 3, (count,))


def _reader(**options: Any) -> Case:
    numbers = torch.tensor([0, 0, 1] * 60)
    inputs, targets = numbers[:-1], numbers[1:]
    layers = (
        Layer(type="Embedding", num_embeddings="$outputs", embedding_dim=8),
        Layer(type="LSTM", input_size=8, hidden_size=8),
        Layer(type="Linear", in_features=8, out_features="$outputs"),
        Layer(type="LogSoftmax", dim=-1),
    )
    facts = facts_of(inputs, targets, classes=["a", "b"], input_type="int64", sequential=True)
    network = build(NetworkDescription(name="reader", layers=layers), (8,), 2)
    options = {"sequence_length": 16, "batch_size": 8, **options}
    return Case("bptt", [network], inputs, targets, facts, options)


def _images() -> Case:
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(16, 4))
    decoder = nn.Sequential(nn.Linear(2, 16), nn.Sigmoid(), nn.Unflatten(1, (1, 4, 4)))
    options = {"latent_size": 2, "criterion": "BCE"}
    return Case("vae", [encoder, decoder], torch.rand(120, 1, 4, 4), options=options)


def _wgan(lipschitz: str) -> Case:
    options = {
        "latent_size": 1,
        "lipschitz": lipschitz,
        # The first updates, which take more steps of the critic, end within the test.
        "initial_iterations": 9,
        "initial_critic_steps": 6,
    }
    return Case("wgan", [_mlp(1, 2), _mlp(2, 16, 1)], torch.randn(120, 2), options=options)


CASES: dict[str, Callable[[], Case]] = {
    "feed_forward": lambda: Case(
        "feed_forward", [_mlp(4, 8, 3, end=nn.Sequential(nn.Dropout(0.3), nn.LogSoftmax(1)))],
        *_classes(),
    ),
    "distillation": lambda: Case(
        "distillation", [_mlp(4, 3, end=nn.LogSoftmax(1)), _mlp(4, 8, 3, end=nn.LogSoftmax(1))],
        *_classes(),
    ),
    "bptt": _reader,
    "bptt, stateful": lambda: _reader(stateful=True),
    "bptt, from the start": lambda: _reader(from_start=True),
    "gan": lambda: Case(
        "gan", [_mlp(2, 2), _mlp(2, 16, 1, end=nn.Dropout(0.2))], torch.randn(120, 2),
        options={"latent_size": 2},
    ),
    "wgan, clamped": lambda: _wgan("CLAMP"),
    "wgan, penalised": lambda: _wgan("PENALTY"),
    "vae": lambda: Case(
        "vae", [_mlp(5, 4), _mlp(2, 5)], torch.randn(120, 5), options={"latent_size": 2}
    ),
    "vae of images": _images,
}  # fmt: skip
GENERATIVE = [name for name in CASES if name.split()[0].strip(",") in ("gan", "wgan", "vae")]


@pytest.fixture
def make(request, make_strategy) -> Callable[[], Strategy]:
    """Return what makes the strategy of a case, always with the same weights."""
    torch.manual_seed(2)
    case = CASES[request.param]()

    def anew() -> Strategy:
        options = {"method": "ADAM", **case.options}
        return make_strategy(
            case.strategy,
            copy.deepcopy(case.networks),
            case.inputs,
            case.targets,
            facts=case.facts,
            validation=torch.arange(60),
            **options,
        )

    return anew


every = pytest.mark.parametrize("make", CASES, indirect=True)


def _weights(strategy: Strategy) -> list[dict[str, Tensor]]:
    return [copy.deepcopy(network.state_dict()) for network in strategy.networks]


def _same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_each_of_them_has_a_case():
    wanted = {name for name, item in STRATEGIES.items() if "dataset" in item.learns_from}

    assert {make_case().strategy for make_case in CASES.values()} == wanted


@every
def test_it_resumes_bit_by_bit(make, assert_resumes):
    assert_resumes(make)


@every
def test_steps_move_the_networks_that_learn_and_no_other(make):
    strategy = make()
    taught = STRATEGIES[strategy.context.options.strategy].taught_by
    before = _weights(strategy)

    for _ in range(3):
        strategy.step()

    moved = [not _same(old, new) for old, new in zip(before, _weights(strategy), strict=True)]
    assert moved == [role not in taught for role in strategy.roles]


@every
def test_validation_and_summary_change_nothing_and_say_the_same_again(make):
    strategy = make()
    strategy.step()
    before = _weights(strategy)

    scores = strategy.validate()
    summary = strategy.summary()

    assert next(iter(scores)) == "validation_loss"
    check_scores(strategy, scores)
    assert strategy.validate() == scores
    assert strategy.summary() == summary
    assert all(_same(old, new) for old, new in zip(before, _weights(strategy), strict=True))


@every
def test_its_state_can_be_kept(make):
    strategy = make()
    strategy.step()

    check_state(strategy)


@pytest.mark.parametrize("make", GENERATIVE, indirect=True)
def test_what_generates_shows_samples_of_the_shape_of_the_data(make):
    strategy = make()

    values = torch.tensor(strategy.summary()["samples"]["values"])

    assert values.shape == (16, *strategy.context.facts.shape)
