from __future__ import annotations

import torch

from jupyter_platform.learning.strategies.sampling import Batches, Permutation, TensorSource

DATA = torch.arange(100, dtype=torch.float32)
ROWS = torch.arange(10, 40)


def batches(batch_size: int = 7, seed: int = 1) -> Batches:
    return Batches(TensorSource(DATA, DATA), Permutation(ROWS, batch_size, seed))


def draw(source: Batches, count: int) -> list[list[float]]:
    return [next(source)[0].tolist() for _ in range(count)]


def test_no_sample_comes_twice_between_two_shuffles_and_all_batches_are_full():
    drawn = draw(batches(), 4)

    seen = [item for batch in drawn for item in batch]
    assert [len(batch) for batch in drawn] == [7] * 4
    assert len(set(seen)) == 28
    assert set(seen) <= set(ROWS.tolist())


def test_every_sample_is_equally_likely():
    counts = torch.zeros(100)
    for batch in draw(batches(), 4 * 500):
        counts[torch.tensor(batch).long()] += 1

    # 28 of 30 samples come in each of 500 shuffles: 467 expected, standard deviation 5.6.
    assert counts[10:40].min() > 435
    assert counts[10:40].max() <= 500
    assert counts[:10].sum() == counts[40:].sum() == 0


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
