from __future__ import annotations

import torch

from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.training.loop import train


class CountingStrategy:
    def __init__(self, stop: StopFlag | None = None, stop_at: int = 0) -> None:
        self.steps = 0
        self._stop, self._stop_at = stop, stop_at

    def step(self):
        self.steps += 1
        if self._stop is not None and self.steps == self._stop_at:
            self._stop.requested = True
        return torch.tensor(float(self.steps))


class Listener:
    def __init__(self, name: str, interval: int, calls: list) -> None:
        self.name, self.interval, self.calls = name, interval, calls

    def at_step(self, step: int) -> None:
        self.calls.append((self.name, step))

    def at_end(self, step: int) -> None:
        self.calls.append((self.name, "end", step))


def run(start, last, listeners, strategy=None, stop=None):
    points: list = []
    strategy = strategy or CountingStrategy()
    done = train(strategy, start, last, [points.append], listeners, stop or StopFlag())
    return done, [point[0] for point in points]


def test_each_step_is_recorded_once_and_listeners_are_called_at_their_multiples():
    calls: list = []
    listeners = [Listener("a", 3, calls), Listener("b", 4, calls), Listener("c", 0, calls)]

    done, steps = run(0, 13, listeners)

    assert (done, steps) == (13, list(range(1, 14)))
    assert calls == [
        ("a", 3), ("b", 4), ("a", 6), ("b", 8), ("a", 9), ("a", 12), ("b", 12),
        ("a", "end", 13), ("b", "end", 13), ("c", "end", 13),
    ]  # fmt: skip


def test_it_goes_on_where_an_earlier_attempt_left_off():
    calls: list = []

    assert run(7, 10, [Listener("a", 5, calls)]) == (10, [8, 9, 10])
    assert calls == [("a", 10), ("a", "end", 10)]


def test_nothing_is_left_to_do():
    assert run(10, 10, []) == (10, [])


def test_stop_ends_it_after_the_step():
    stop = StopFlag()

    assert run(0, None, [], CountingStrategy(stop, 5), stop) == (5, [1, 2, 3, 4, 5])


def test_several_series_are_recorded_each_where_it_has_a_value():
    class Returns(CountingStrategy):
        series = ("loss", "return")

        def step(self):
            loss = super().step()
            return loss, 10.0 * self.steps if self.steps % 2 == 0 else None

    losses: list = []
    returns: list = []

    assert train(Returns(), 0, 4, [losses.append, returns.append], [], StopFlag()) == 4
    assert [(step, float(value)) for step, _, value in losses] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert [(step, value) for step, _, value in returns] == [(2, 20.0), (4, 40.0)]
