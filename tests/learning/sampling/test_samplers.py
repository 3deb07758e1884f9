from __future__ import annotations

import pytest
import torch
from scipy import stats

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.sampling.prefetching import PrefetchedBatches
from jupyter_platform.learning.sampling.samplers import (
    Batches,
    TensorSource,
    batch_note,
    make_sampler,
)

ROWS = torch.arange(100, 200)
CLASSES = torch.cat([torch.zeros(80), torch.ones(15), torch.full((5,), 2.0)]).long()


def sampler(batch_size=10, seed=3, **options):
    options = LearnOptions(batch_size=batch_size, **options)
    return make_sampler(options, ROWS, seed, lambda rows: CLASSES[rows - 100])


def counts(sampling, draws=100_000, **options):
    drawn = sampler(1000, sampling=sampling, **options)
    found = torch.zeros(100)
    for _ in range(draws // drawn.batch_size):
        found += torch.bincount(next(drawn) - 100, minlength=100)
    return found


def p_value(found, shares):
    """Return how likely such counts are."""
    expected = torch.as_tensor(shares).double()
    expected *= found.sum() / expected.sum()
    return stats.chisquare(found.double().numpy(), expected.numpy()).pvalue


def test_uniform_draws_each_sample_as_often():
    assert p_value(counts("UNIFORM"), torch.full((100,), 0.01)) > 1e-4


def test_weighted_draws_from_ranges_as_often_as_asked():
    found = counts("WEIGHTED", weighted_ranges="0,9,50,59", probabilities="0.5,0.2")

    shares = torch.full((100,), 0.3 / 80)
    shares[0:10], shares[50:60] = 0.05, 0.02
    assert p_value(found, shares) > 1e-4


def test_a_share_that_is_left_over_for_nobody_is_refused():
    with pytest.raises(InvalidDataError, match="must add up to 1"):
        sampler(sampling="WEIGHTED", weighted_ranges="0,99", probabilities="0.9")
    with pytest.raises(InvalidDataError, match="reach sample 100; the training set has 100"):
        sampler(sampling="WEIGHTED", weighted_ranges="0,100", probabilities="1")


def test_each_class_comes_as_often():
    found = counts("UNIFORMCLASS")

    shares = torch.where(CLASSES == 0, 1 / 240, torch.where(CLASSES == 1, 1 / 45, 1 / 15))
    assert p_value(found, shares) > 1e-4


def test_numbers_have_no_classes():
    with pytest.raises(InvalidDataError, match="wants one class for each sample"):
        make_sampler(
            LearnOptions(sampling="UNIFORMCLASS"), ROWS, 0, lambda rows: torch.zeros(len(rows), 1)
        )


def test_in_order_they_begin_again_after_the_last():
    drawn = sampler(30, sampling="SEQUENTIAL")

    batches = [next(drawn).tolist() for _ in range(4)]

    assert batches[0] == list(range(100, 130))
    assert batches[3] == [*range(190, 200), *range(100, 120)]


@pytest.mark.parametrize(
    "options",
    [
        {"sampling": "PERMUTATION"},
        {"sampling": "UNIFORM"},
        {"sampling": "SEQUENTIAL"},
        {"sampling": "WEIGHTED", "weighted_ranges": "0,9", "probabilities": "0.5"},
        {"sampling": "UNIFORMCLASS"},
    ],
)
def test_state_brings_another_sampler_to_the_same_place_and_a_new_seed_to_another(options):
    first = sampler(7, **options)
    for _ in range(70):
        next(first)
    second = sampler(7, seed=99, **options)
    second.load_state_dict(first.state_dict())

    later = [next(first).tolist() for _ in range(70)]

    assert [next(second).tolist() for _ in range(70)] == later
    third = sampler(7, **options)
    third.reseed(12345)
    assert [next(third).tolist() for _ in range(70)] != later


class Reading(TensorSource):
    """Samples that several threads read at once."""


def read_ahead(threads=3, seed=3):
    data = torch.arange(200.0)
    return PrefetchedBatches(Reading(data, -data), sampler(8, seed), threads=threads)


def test_batches_read_ahead_are_the_same_in_the_same_order():
    data = torch.arange(200.0)
    plain, ahead = Batches(TensorSource(data, -data), sampler(8)), read_ahead()

    for _ in range(50):
        expected, found = next(plain), next(ahead)
        assert torch.equal(expected[0], found[0])
        assert torch.equal(expected[1], found[1])


def test_a_resume_begins_behind_what_was_learned_not_behind_what_was_read():
    ahead = read_ahead()
    for count in (0, 5, 9):
        for _ in range(count):
            next(ahead)
        other = read_ahead(seed=77)
        next(other)
        other.load_state_dict(ahead.state_dict())
        state = ahead.state_dict()

        later = [next(ahead)[0].tolist() for _ in range(20)]

        assert [next(other)[0].tolist() for _ in range(20)] == later
        ahead.load_state_dict(state)


def test_an_error_of_a_reading_thread_is_raised_where_the_batch_is_asked_for():
    class Broken:
        def gather(self, rows):
            raise InvalidDataError("sample 3 is cut short")

    ahead = PrefetchedBatches(Broken(), sampler(8), threads=2)

    with pytest.raises(InvalidDataError, match="cut short"):
        next(ahead)


@pytest.mark.parametrize(
    ("sampling", "says"),
    [
        ("PERMUTATION", "each batch is the whole set"),
        ("SEQUENTIAL", "each batch is the whole set"),
        ("UNIFORM", "each batch is 10 draws from it"),
        ("UNIFORMCLASS", "each batch is 10 draws from it"),
    ],
)
def test_a_batch_is_the_whole_set_only_where_it_is(sampling, says):
    options = LearnOptions(sampling=sampling, batch_size=32)

    assert says in (batch_note(options, 10) or "")
    assert batch_note(options, 32) is None
