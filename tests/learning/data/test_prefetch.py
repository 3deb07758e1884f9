"""Reading ahead."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from jupyter_platform.learning.data import Prefetcher
from tests.waiting import DEADLINE_S, until


def test_results_come_in_order_with_their_items():
    def work(number: int) -> int:
        time.sleep(0.01 if number % 2 else 0)  # the even ones are ready first
        return number * number

    with Prefetcher(iter(range(20)), work, 3) as ahead:
        assert list(ahead) == [(number, number * number) for number in range(20)]


def test_work_is_done_before_it_is_asked_for_but_not_without_end():
    worked: list[int] = []
    asked = itertools.count()
    with Prefetcher(asked, worked.append, 2) as ahead:
        next(ahead)
        until(lambda: len(worked) >= 4, "the work ahead")

        assert sorted(worked) == [0, 1, 2, 3, 4][: len(worked)]
        assert next(asked) == 5  # as many as are worked ahead, and not one more


def test_items_are_drawn_in_the_callers_thread():
    threads: set[str] = set()

    def items():
        for number in range(5):
            threads.add(threading.current_thread().name)
            yield number

    with Prefetcher(items(), lambda number: number, 2) as ahead:
        list(ahead)

    assert threads == {threading.current_thread().name}


def test_what_the_work_raises_is_raised_at_its_place():
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("sample 2 is broken")
        return number

    with Prefetcher(iter(range(5)), work, 2) as ahead:
        assert [next(ahead)[1], next(ahead)[1]] == [0, 1]
        with pytest.raises(ValueError, match="sample 2"):
            next(ahead)


def test_its_threads_end_with_it():
    ahead = Prefetcher(iter(range(100)), lambda number: number, 2)
    next(ahead)
    names = [item for item in threading.enumerate() if item.name.startswith("prefetch")]
    assert names

    ahead.close()
    for thread in names:
        thread.join(DEADLINE_S)

    assert not any(thread.is_alive() for thread in names)
