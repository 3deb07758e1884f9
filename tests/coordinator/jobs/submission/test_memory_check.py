from __future__ import annotations

import pytest

from jupyter_platform.coordinator.jobs.submission.memory_check import check_memory
from jupyter_platform.core.jobs import ResourceRequest
from jupyter_platform.core.optimizers import OPTIMIZERS
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.core.units import format_bytes

PARAMETERS = 100_000_000


def needed(**options):
    """Return the memory that a warning names for a hundred million parameters."""
    request = ResourceRequest(memory=4 * PARAMETERS)
    (text,) = check_memory({"big": PARAMETERS}, LearnOptions(**options), request, [])
    return text.partition("need about ")[2].partition(" for ")[0]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        # Weights and gradients; then what the optimiser keeps, the last move, and the next.
        ({}, 2),
        ({"momentum": 0.9}, 3),
        ({"nesterov": 0.9, "l2": 1e-4}, 3),
        ({"method": "RMSPROP"}, 3),
        ({"method": "RMSPROP", "nesterov": 0.9}, 5),
        ({"method": "ADAM"}, 4),
        ({"method": "ADAM", "momentum": 0.9}, 6),
        ({"method": "ADAM", "nesterov": 0.9}, 6),
        ({"method": "ADADELTA", "momentum": 0.5}, 6),
        ({"method": "ADAGRAD", "nesterov": 0.5}, 5),
        ({"method": "ADAMW"}, 4),
    ],
)
def test_memory_counts_what_each_optimiser_and_momentum_keep(options, numbers):
    assert needed(**options) == format_bytes(4 * numbers * PARAMETERS)


def test_every_optimiser_has_an_estimate():
    for name, record in OPTIMIZERS.items():
        assert needed(method=name) == format_bytes(4 * (2 + record.numbers_kept) * PARAMETERS)
