from __future__ import annotations

import numpy as np
import pytest
import torch

from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.run.stop_signal import StopFlag
from jupyter_platform.learning.training.early_stopping import (
    LossPlateau,
    TimeLimit,
    ValidationPlateau,
    fall,
)
from jupyter_platform.learning.training.loop import train


def test_a_fall_is_that_of_the_regression_line():
    values = np.random.default_rng(0).normal(size=50)
    slope = np.polyfit(np.arange(50), values, 1)[0]

    assert fall(values) == pytest.approx(-slope * 49)
    assert fall([5, 4, 3]) == pytest.approx(2)
    assert fall([1, 1, 1]) == 0


class Falling:
    """Steps whose loss falls and then stays."""

    def __init__(self, until: int) -> None:
        self.done = 0
        self._until = until

    def step(self):
        self.done += 1
        return torch.tensor(10.0 - 0.1 * min(self.done, self._until))


def run(until, **options):
    stop, points = StopFlag(), []
    chosen = LearnOptions(**options)
    rule = LossPlateau(chosen, stop, points.append)
    done = train(Falling(until), 0, 1000, [rule.record], [rule], stop)
    assert len(points) == done
    return done, stop


def test_a_flat_loss_ends_it_after_one_window():
    done, stop = run(0, loss_threshold=1e-3, threshold_window=10)

    assert done == 10
    assert stop.ending.rule == "loss_threshold"
    assert "fell by 0 over 10 updates, up to step 10" in stop.ending.text


def test_a_loss_that_falls_goes_on_until_it_is_flat_for_a_window():
    assert run(55, loss_threshold=1e-3, threshold_window=10)[0] == 70
    assert run(2000, loss_threshold=1e-3, threshold_window=10) == (1000, ANY)


def test_a_window_of_means_counts_the_updates_between_them():
    assert run(0, loss_threshold=1e-3, threshold_window=5, trace_interval=20)[0] == 100


class _Any:
    def __eq__(self, other):
        return True

    __hash__ = None


ANY = _Any()


def test_a_window_goes_on_where_an_earlier_attempt_left_off():
    options = LearnOptions(loss_threshold=1e-3, threshold_window=10)
    first = LossPlateau(options, StopFlag(), lambda _point: None)
    train(Falling(0), 0, 7, [first.record], [first], StopFlag())
    stop = StopFlag()
    second = LossPlateau(options, stop, lambda _point: None)
    second.load_state_dict(first.state_dict())

    assert train(Falling(0), 7, 100, [second.record], [second], stop) == 10


def test_validations_that_do_not_get_better_end_it():
    stop = StopFlag()
    rule = ValidationPlateau(LearnOptions(validation_threshold=0.01, threshold_window=3), stop)
    seen = []
    for step, loss in enumerate([3, 2, 1, 1, 1]):
        rule.validated(step, {"validation_loss": loss})
        seen.append(stop.requested)

    assert seen == [False, False, False, False, True]
    assert stop.ending.rule == "validation_threshold"


def test_time_ends_it_and_what_was_used_before_counts(wait_for):
    stop = StopFlag()
    with TimeLimit(10.0, 9.95, stop):
        wait_for(lambda: stop.requested)
    assert stop.ending.rule == "max_time"
    unlimited = StopFlag()
    with TimeLimit(None, 100.0, unlimited):
        assert not unlimited.requested


def test_the_wish_of_a_person_is_not_taken_for_a_rule():
    stop = StopFlag()
    stop.requested = True
    stop.end("max_time", "late")

    assert stop.ending is None
