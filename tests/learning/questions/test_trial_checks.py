"""What is said at submit of outputs that the criterion does not take, and of single samples."""

from __future__ import annotations

import re

import pytest

from jupyter_platform.core.datasets import bundled_datasets
from jupyter_platform.core.networks import Layer, NetworkDescription, NetworkSource
from jupyter_platform.core.options import resolve_options
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.data import load
from jupyter_platform.learning.questions.checks import Check, check

OWN = """
from torch import nn
from torch.nn import functional

class Net(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.first, self.norm = nn.Linear(4, 5), nn.BatchNorm1d(5)
        self.last = nn.Linear(5, outputs)

    def forward(self, values):
        return self.last(self.norm(self.first(values)))
"""
NORM = Layer(type="BatchNorm1d", num_features=3, name="norm")
END = Layer(type="LogSoftmax", dim=1)


def network(*layers: Layer) -> NetworkDescription:
    first = Layer(type="Linear", in_features=4, out_features=3)
    return NetworkDescription(name="n", layers=[first, *layers])


def own() -> NetworkDescription:
    return NetworkDescription(name="own", source=NetworkSource(files={"n.py": OWN}, main="n.py"))


def checked(description: NetworkDescription, **options) -> Check:
    dataset = bundled_datasets()["iris"]
    resolved, _ = resolve_options(JobType.LEARN, options, {})
    facts = load(dataset, {}).facts
    return check(JobType.LEARN, [description], dataset, facts, resolved.checked())


@pytest.mark.parametrize("description", [network(), own()], ids=["layers", "own"])
def test_raw_scores_get_ce_and_a_sentence(description):
    found = checked(description)

    assert not found.errors
    assert found.options == {"criterion": "CE"}
    assert "raw scores (logits): criterion = CE is taken" in found.warnings[-1]


@pytest.mark.parametrize(
    ("layers", "criterion"),
    [
        ([END], None),
        ([END], "NLL"),
        ([END], "CE"),
        ([Layer(type="Softmax", dim=1)], None),
        ([], "CE"),
        ([Layer(type="Sigmoid")], "BCE"),
        ([], "BCE_LOGITS"),
    ],
)
def test_what_goes_together_is_left_alone(layers, criterion):
    found = checked(network(*layers), criterion=criterion)

    assert (found.errors, found.options) == ([], {})
    assert not any("criterion" in text for text in found.warnings)


@pytest.mark.parametrize(
    ("layers", "criterion", "message", "accepted"),
    [
        ([], "NLL", "raw scores .logits., neither probabilities", "CE"),
        ([Layer(type="Sigmoid")], None, "from 0 to 1 that do not add up to 1", "BCE"),
        ([], "BCE", "beyond 0 to 1, which BCE takes for probabilities", "BCE_LOGITS"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_starts(
    layers, criterion, message, accepted
):
    (error,) = checked(network(*layers), criterion=criterion).errors

    assert (error.field, error.accepted) == ("criterion", accepted)
    assert re.search(message, error.message)


def test_probabilities_under_ce_are_warned_of():
    found = checked(network(Layer(type="Softmax", dim=1)), criterion="CE")

    assert "takes their softmax once more" in found.warnings[-1]


@pytest.mark.parametrize(("description", "layer"), [(network(NORM, END), "norm"), (own(), "norm")])
def test_a_batch_of_one_sample_is_refused_with_the_layer(description, layer):
    (error,) = checked(description, batch_size=1).errors

    assert (error.field, error.value, error.accepted) == ("batch_size", 1, "2 or more")
    assert f"layer {layer!r} (BatchNorm1d) of network {description.name!r}" in error.message


@pytest.mark.parametrize(
    ("layers", "options"),
    [
        ([NORM, END], {"batch_size": 2}),
        ([NORM, END], {"batch_size": 1, "fixed": "norm"}),
        ([Layer(type="LayerNorm", normalized_shape=3), END], {"batch_size": 1}),
        ([END], {"batch_size": 1}),
    ],
)
def test_single_samples_are_taken_where_they_can_be(layers, options):
    assert not checked(network(*layers), **options).errors


def test_a_round_of_actions_that_leaves_one_over_is_refused_too():
    critic = NetworkDescription(
        name="critic",
        roles=("actor-critic",),
        layers=[
            Layer(type="Linear", in_features=4, out_features=3),
            Layer(type="BatchNorm1d", num_features=3, name="norm"),
        ],
    )
    options = {"strategy": "ppo", "environment": "CartPole-v1", "parallel_environments": 1}

    def found(rollout_length: int, batch_size: int) -> Check:
        given = {**options, "rollout_length": rollout_length, "batch_size": batch_size}
        resolved, _ = resolve_options(JobType.LEARN, given, {})
        return check(JobType.LEARN, [critic], None, None, resolved.checked())

    assert not found(4, 2).errors
    (error,) = found(3, 2).errors
    assert (error.field, error.value) == ("batch_size", 2)
    assert "layer 'norm' (BatchNorm1d)" in error.message
