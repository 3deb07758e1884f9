"""What the ranks of a gang tell each other, and how they meet."""

from __future__ import annotations

import pytest
import torch

from jupyter_platform.learning.gang import Gang

from .gangs import run_gang


@pytest.mark.parametrize("size", [2, 3])
def test_every_rank_hears_what_any_of_them_says(size):
    def work(gang):
        total = torch.tensor([float(gang.rank), 1.0])
        gang.add(total)
        return (
            total.tolist(),
            gang.agree(gang.rank == size - 1),
            gang.agree(False),
            gang.share({"loss": 0.25, "names": ["ä"]} if gang.leads else None),
            gang.share(None),
        )

    told = {"loss": 0.25, "names": ["ä"]}
    expected = ([sum(range(size)), size], True, False, told, None)
    assert run_gang(size, work) == [expected] * size


@pytest.mark.parametrize(("count", "size"), [(10, 2), (7, 3), (3, 3)])
def test_the_parts_of_a_set_come_together_again_in_order(count, size):
    rows = torch.arange(count)

    def work(gang):
        mine = gang.part(rows)
        assert len(mine) in (count // size, count // size + 1)
        return gang.gather(torch.stack([mine, mine * 2], dim=1))

    gathered, *others = run_gang(size, work)

    assert others == [None] * (size - 1)
    assert gathered.tolist() == [[row, row * 2] for row in range(count)]


def test_alone_nothing_is_sent():
    alone, values = Gang(), torch.arange(3.0)

    alone.add(values)

    assert (alone.leads, alone.is_alone) == (True, True)
    assert alone.agree(True)
    assert alone.share({"a": 1}) == {"a": 1}
    assert alone.part(values) is not None
    assert alone.gather(values) is values
    assert alone.part(values).tolist() == values.tolist() == [0, 1, 2]
