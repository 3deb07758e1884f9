from __future__ import annotations

import pytest
import torch

from jupyter_platform.learning.sampling.samplers import Batches, Permutation, TensorSource

DATA = torch.arange(100, dtype=torch.float32)
ROWS = torch.arange(10, 40)


def batches(batch_size: int = 7, seed: int = 1) -> Batches:
    return Batches(TensorSource(DATA, DATA), Permutation(ROWS, batch_size, seed))


def draw(source: Batches, count: int) -> list[list[float]]:
    return [next(source)[0].tolist() for _ in range(count)]


@pytest.mark.parametrize(("count", "size"), [(103, 10), (10, 10), (7, 3), (64, 64), (5, 1), (3, 2)])
def test_every_sample_comes_once_in_each_epoch_and_all_batches_are_full(count, size):
    sampler = Permutation(torch.arange(count), size, 1)
    batches = [next(sampler) for _ in range(3 * count)]
    drawn = torch.cat(batches).tolist()

    assert {len(batch) for batch in batches} == {size}
    for epoch in range(len(drawn) // count):
        assert sorted(drawn[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_a_permutation_goes_on_where_its_state_was_taken_even_between_epochs():
    for batches in range(25):
        one, other = Permutation(torch.arange(23), 5, 1), Permutation(torch.arange(23), 5, 9)
        for _ in range(batches):
            next(one)
        other.load_state_dict(one.state_dict())
        for _ in range(12):
            assert torch.equal(next(one), next(other))


def test_order_depends_on_the_seed_alone():
    first = draw(batches(), 9)
    torch.manual_seed(99)
    torch.rand(5)

    assert draw(batches(), 9) == first
    assert draw(batches(seed=2), 9) != first


def test_a_batch_larger_than_the_set_is_the_whole_set():
    assert sorted(draw(batches(1000), 1)[0]) == ROWS.tolist()


def test_state_brings_another_instance_to_the_same_place():
    source = batches()
    for count in (0, 3, 1, 6):
        draw(source, count)
        other = batches(seed=55)
        other.load_state_dict(source.state_dict())
        again = batches(seed=66)
        again.load_state_dict(source.state_dict())

        assert draw(other, 11) == draw(again, 11)

    expected = draw(batches(), 21)[10:]
    other = batches(seed=77)
    other.load_state_dict(source.state_dict())
    assert draw(other, 11) == expected
