"""What is said when a host refuses a job."""

from __future__ import annotations

import pytest

from jupyter_platform.coordinator.jobs.submission.refusals import advice, raise_refusals
from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.evaluations import EVALUATIONS
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.strategies import STRATEGIES

WRONG = {"errors": [{"field": "networks", "message": "Layer 'lstm' does not fit."}]}


def bundled(*names):
    return [bundled_networks()[name] for name in names]


def test_nothing_wrong_raises_nothing():
    raise_refusals({"errors": []}, STRATEGIES, bundled("char-lstm"), {})


def test_networks_are_told_what_they_are_made_for():
    with pytest.raises(InvalidDataError) as caught:
        raise_refusals(WRONG, STRATEGIES, bundled("char-lstm"), {"method": "ADAM"})

    assert str(caught.value) == (
        "Layer 'lstm' does not fit. char-lstm is made for strategy=bptt; none was given."
    )
    assert [item.field for item in caught.value.errors] == ["networks"]


def test_a_strategy_that_was_chosen_is_not_advised_against():
    with pytest.raises(InvalidDataError, match=r"^Layer 'lstm' does not fit\.$"):
        raise_refusals(WRONG, STRATEGIES, bundled("char-lstm"), {"strategy": "gan"})


@pytest.mark.parametrize(
    ("known", "names", "told"),
    [
        (STRATEGIES, ("gan-generator", "gan-discriminator"), "strategy=gan or strategy=wgan"),
        (EVALUATIONS, ("vae-encoder", "vae-decoder"), "are made for strategy=vae"),
        (STRATEGIES, ("vae-decoder", "vae-encoder"), ""),
        (STRATEGIES, ("lenet-digits",), ""),
    ],
)
def test_several_networks_play_their_roles_in_order(known, names, told):
    found = " ".join(advice(known, bundled(*names)))

    assert told in found
    assert bool(found) is bool(told)
