"""Slips in a strategy that somebody else wrote become sentences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jupyter_platform.core.datasets import DatasetFacts
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.strategies import BuildContext, NetworkSignature, Strategy
from jupyter_platform.learning.strategies.contract import (
    FirstReport,
    check_scores,
    check_state,
    signatures_of,
    steps_of,
)
from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward

FACTS = DatasetFacts(size=10, shape=[4], task="classification", outputs=3, parts={}, bytes=1)
OPTIONS = LearnOptions(strategy="mine")


class Mine(Strategy):
    roles = ("network", "judge")
    series = ("loss", "extra")
    report: object = (torch.tensor(1.0), None)
    state: object = {}

    @classmethod
    def signatures(cls, options, facts):
        return NetworkSignature("network", (4,), 3), NetworkSignature("judge", (3,), 1)

    def step(self):
        return self.report

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        del state


@pytest.fixture
def mine():
    return Mine(BuildContext(OPTIONS, networks=(torch.nn.Linear(4, 3),), names=("a",)))


def test_what_keeps_to_it_passes(mine):
    mine.state = {"seen": 3, "text": "a", "moments": [torch.ones(2), None], "by": {1: (2.0, True)}}

    assert signatures_of(Mine, OPTIONS, FACTS) == Mine.signatures(OPTIONS, FACTS)
    check_state(mine)
    check_scores(mine, {"validation_loss": 1, "other": 0.5})
    steps = steps_of(mine)
    assert isinstance(steps, FirstReport)
    assert steps.step() is mine.report
    mine.report = "looked at only once: it would cost time"
    assert steps.step() is mine.report


@pytest.mark.parametrize("returned", [(NetworkSignature("network", (4,), 3),), ("a", "b")])
def test_places_are_one_for_each_role(monkeypatch, returned):
    monkeypatch.setattr(Mine, "signatures", classmethod(lambda *_: returned))

    with pytest.raises(
        InvalidDataError, match=r"one NetworkSignature for each .* \(network, judge"
    ):
        signatures_of(Mine, OPTIONS, FACTS)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (torch.tensor(1.0), "returned 1 value for its 2 series"),
        ((torch.tensor(1.0), torch.ones(3)), r"a tensor of shape \(3,\) for extra"),
        (("low", 1.0), "returned str for loss; one number is accepted"),
    ],
)
def test_a_report_is_a_number_for_each_series(mine, report, words):
    mine.report = report

    with pytest.raises(InvalidDataError, match=words):
        steps_of(mine).step()


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ({"accuracy": 1.0}, "validation_loss among them; it returned accuracy"),
        (0.5, "it returned 0.5"),
        ({"validation_loss": torch.tensor(1.0)}, "returned Tensor for validation_loss"),
    ],
)
def test_scores_are_numbers_by_name(mine, scores, words):
    with pytest.raises(InvalidDataError, match=words):
        check_scores(mine, scores)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"seen": 1, "counts": np.ones(3)}, r"counts \(ndarray\) cannot be read again"),
        ({"network": torch.nn.Linear(1, 1)}, r"network \(Linear\)"),
        ({"hook": lambda: None}, r"hook \(function\)"),
    ],
)
def test_a_state_that_no_checkpoint_gives_back_is_refused_before_the_first_step(mine, state, words):
    mine.state = state

    with pytest.raises(InvalidDataError, match=words):
        check_state(mine)


def test_strategies_of_the_platform_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(FeedForward, "signatures", classmethod(lambda *_: {}["x"]))

    with pytest.raises(KeyError):
        signatures_of(FeedForward, OPTIONS, FACTS)
