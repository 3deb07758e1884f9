"""Each rank draws its own random numbers, and the same ones in every run of a job."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.options.groups.adapters import AdapterOptions
from jupyter_platform.core.options.groups.types import Sampling
from jupyter_platform.learning.data.adapters.chain import ADAPTERS, make_adapters
from jupyter_platform.learning.sampling import samplers as sampling
from jupyter_platform.learning.sampling.prefetching import PrefetchedBatches
from jupyter_platform.learning.sampling.samplers import (
    SAMPLERS,
    Batches,
    TensorSource,
    make_sampler,
)
from jupyter_platform.learning.sampling.seeds import stream_seed
from jupyter_platform.learning.sampling.windows import Windows

COUNT = 60
IMAGES = torch.rand(COUNT, 1, 8, 8, generator=torch.Generator().manual_seed(1))
CLASSES = torch.arange(COUNT) % 3
MASKS = (IMAGES > 0.5).float()
OF_SAMPLING = {"WEIGHTED": {"weighted_ranges": "0,9", "probabilities": "0.5"}}
"""What some samplers want beside their name."""


class Rank:
    """What a process of a gang is to samplers."""

    size = 2
    is_alone = False

    def __init__(self, rank):
        self.rank = rank


def facts(masks=False):
    return DatasetFacts(
        size=COUNT,
        shape=[1, 8, 8],
        task="regression" if masks else "classification",
        outputs=64 if masks else 3,
        target_shape=[1, 8, 8] if masks else [],
        classes=None if masks else ["0", "1", "2"],
        parts={},
        bytes=0,
        masks=masks,
    )


def batches(monkeypatch, rank, name="UNIFORM", example=None, seed=3, threads=0, sampler=None):
    """Return the batches of one rank of a gang of two."""
    monkeypatch.setattr(sampling, "current_communicator", lambda: Rank(rank))
    options = LearnOptions(batch_size=6, sampling=name, **OF_SAMPLING.get(name, {}))
    chosen = sampler or make_sampler(options, torch.arange(COUNT), seed, lambda rows: CLASSES[rows])
    augment = None
    if example is not None:
        chain = make_adapters(AdapterOptions(**example), facts("mask_to_class" in example))
        augment = chain if chain.is_random else None
    targets = MASKS if example and "mask_to_class" in example else CLASSES
    source = TensorSource(IMAGES, targets)
    change = (lambda x, y, generator: augment(x, y, generator, True)) if augment else None
    if threads:
        return PrefetchedBatches(source, chosen, change, seed, threads=threads)
    return Batches(source, chosen, change, seed)


def taken(drawn, count=4):
    return [next(drawn) for _ in range(count)]


def same(first, second):
    return all(
        torch.equal(x, other_x) and torch.equal(y, other_y)
        for (x, y), (other_x, other_y) in zip(first, second, strict=True)
    )


def random_adapters():
    """Return those that draw, by their first option; a new one is among them by itself."""
    for kind in ADAPTERS:
        made = kind.make(AdapterOptions(**kind.example))
        assert made is not None, f"the example of {kind.options} asks for nothing"
        if made.is_random:
            yield pytest.param(kind.example, id=kind.options[0])


def test_every_sampler_and_adapter_option_is_in_the_tables_that_are_tested_here():
    assert set(SAMPLERS) == set(get_args(get_args(Sampling)[0]))
    of_adapters = [name for kind in ADAPTERS for name in kind.options]
    assert sorted([*of_adapters, "sample_range"]) == sorted(AdapterOptions.model_fields)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("threads", [0, 2])
def test_ranks_get_other_samples_and_each_run_the_same(monkeypatch, name, threads):
    of_ranks = [taken(batches(monkeypatch, rank, name, threads=threads)) for rank in (0, 1)]
    again = [taken(batches(monkeypatch, rank, name)) for rank in (0, 1)]

    assert not same(of_ranks[0], of_ranks[1])
    assert same(of_ranks[0], again[0])
    assert same(of_ranks[1], again[1])


@pytest.mark.parametrize("options", [{}, {"follow": True}])
def test_ranks_get_other_windows_of_a_sequence(monkeypatch, options):
    def windows():
        return Windows(torch.arange(COUNT), 3, 2, 5, **options)

    first, second, again = (
        taken(batches(monkeypatch, rank, sampler=windows())) for rank in (0, 1, 0)
    )

    assert not same(first, second)
    assert same(first, again)


@pytest.mark.parametrize("example", list(random_adapters()))
@pytest.mark.parametrize("threads", [0, 2])
def test_ranks_change_the_same_samples_otherwise_and_each_run_the_same(
    monkeypatch, example, threads
):
    def of(rank, seed=3):
        # In order, so that only what is drawn for the change can differ.
        fixed = sampling.Sequential(torch.arange(COUNT), COUNT)
        return taken(
            batches(monkeypatch, rank, "SEQUENTIAL", example, seed, threads, fixed), count=3
        )

    first, second = of(0), of(1)

    assert not same(first, second)
    assert not same(first[:1], first[1:2])
    assert not same(first, of(0, seed=4))
    assert same(first, of(0))
    assert same(second, of(1))


@pytest.mark.parametrize("example", list(random_adapters()))
@pytest.mark.parametrize("rank", [0, 1])
def test_the_checkpoint_of_rank_0_brings_each_rank_to_its_own_place(monkeypatch, example, rank):
    lead, other = (batches(monkeypatch, number, example=example) for number in (0, rank))
    taken(lead, 5)
    taken(other, 5)

    resumed = batches(monkeypatch, rank, example=example)
    resumed.load_state_dict(lead.state_dict())

    assert same(taken(resumed, 3), taken(other, 3))


def test_after_another_try_both_samples_and_changes_are_others(monkeypatch):
    example = {"horizontal_flip": 0.5}
    before, after = (batches(monkeypatch, 1, "SEQUENTIAL", example) for _ in range(2))
    after.reseed(1)
    resumed = batches(monkeypatch, 1, "SEQUENTIAL", example)
    resumed.load_state_dict(after.state_dict())

    later = taken(after)

    assert not same(taken(before), later)
    assert same(taken(resumed), later)


def test_a_checkpoint_of_an_earlier_release_still_loads(monkeypatch):
    drawn = batches(monkeypatch, 0, example={"horizontal_flip": 0.5})
    state = drawn.state_dict() | {"augment": torch.Generator().manual_seed(3).get_state()}

    drawn.load_state_dict(state)

    assert len(taken(drawn)) == 4


def test_streams_of_neighbouring_seeds_ranks_and_numbers_have_seeds_of_their_own():
    seeds = {stream_seed(*path) for path in [(0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 0, 1), (1, 1)]}

    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)
