from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.sampling.samplers import TensorSource
from jupyter_platform.learning.strategies import BuildContext, Strategy, strategy_type


@pytest.fixture(autouse=True)
def _one_thread():
    """Keep tiny tensors from being shared among threads, which takes longer than all else."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_strategy() -> Callable[..., Strategy]:
    """Return what makes a strategy of networks and samples in memory."""

    def make(
        name: str,
        networks: list[nn.Module],
        inputs: Tensor,
        targets: Tensor | None = None,
        *,
        validation: Tensor | None = None,
        facts: DatasetFacts | None = None,
        **options: Any,
    ) -> Strategy:
        if targets is None:
            targets = torch.zeros(len(inputs), 1)
        if facts is None:
            facts = facts_of(inputs, targets)
        resolved = LearnOptions(strategy=name, **options)
        kind = strategy_type(name)
        kind.signatures(resolved, facts)
        return kind(
            BuildContext(
                options=resolved,
                networks=tuple(network.train() for network in networks),
                names=tuple(f"tiny-{role}" for role in kind.roles),
                source=TensorSource(inputs, targets),
                facts=facts,
                train=torch.arange(len(inputs)),
                validation=validation,
            )
        )

    return make


def facts_of(inputs: Tensor, targets: Tensor, **more: Any) -> DatasetFacts:
    classifies = not targets.is_floating_point()
    count = int(targets.max()) + 1 if classifies else targets.shape[1]
    return DatasetFacts(
        size=len(inputs),
        shape=list(inputs.shape[1:]),
        task="classification" if classifies else "regression",
        outputs=count,
        target_shape=[] if classifies else list(targets.shape[1:]),
        parts={"train": {"start": 0, "stop": len(inputs), "size": len(inputs)}},
        bytes=0,
        **more,
    )


@pytest.fixture
def assert_resumes() -> Callable[..., None]:
    """Return what holds a strategy to go on bit by bit where another one stopped."""

    def check(make: Callable[[], Strategy], before: int = 7, after: int = 5) -> None:
        torch.manual_seed(3)
        first = make()
        for _ in range(before):
            first.step()
        first.validate()
        state = copy.deepcopy(first.state_dict())
        weights = copy.deepcopy(first.network.state_dict())
        random = torch.get_rng_state()
        expected = [first.step() for _ in range(after)]

        second = make()
        second.network.load_state_dict(weights)
        second.load_state_dict(state)
        torch.set_rng_state(random)
        found = [second.step() for _ in range(after)]

        assert repr(found) == repr(expected)
        ours, theirs = second.network.state_dict(), first.network.state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)

    return check
