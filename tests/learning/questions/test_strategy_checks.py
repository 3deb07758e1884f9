"""What is said at submit about networks that a strategy cannot use as they are given."""

from __future__ import annotations

import pytest

from jupyter_platform.core.datasets import DatasetDescriptor, bundled_datasets
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.learning.processes.inspector import Inspector

NETWORKS, DATASETS = bundled_networks(), bundled_datasets()
TEXT = DatasetDescriptor(name="delayed", kind="sequences", parameters={"samples": 400})


def check(networks, dataset, **options):
    descriptor = DATASETS[dataset] if isinstance(dataset, str) else dataset
    request = {
        "op": "check",
        "networks": [NETWORKS[name].model_dump(mode="json") for name in networks],
        "dataset": descriptor.model_dump(mode="json"),
        "files": {},
        "type": "LEARN",
        "options": options,
    }
    return Inspector().answer(request)["ok"]


@pytest.mark.parametrize(
    ("strategy", "networks", "dataset", "category"),
    [
        ("distillation", ["mlp", "lenet-digits"], "digits", "FF"),
        ("gan", ["gan-generator", "gan-discriminator"], "digits", "FF"),
        ("gan", ["gan-generator", "gan-discriminator"], "iris", "FF"),
        ("wgan", ["gan-generator", "gan-discriminator"], "digits", "FF"),
        ("vae", ["vae-encoder", "vae-decoder"], "digits", "FF"),
        ("vae", ["vae-encoder", "vae-decoder"], "diabetes", "FF"),
        ("bptt", ["char-lstm"], TEXT, "RNN"),
        ("bptt", ["char-gru"], TEXT, "RNN"),
    ],
)
def test_networks_that_ship_fit_their_strategies(strategy, networks, dataset, category):
    found = check(networks, dataset, strategy=strategy)
    assert found["errors"] == []
    assert found["category"] == category


@pytest.mark.parametrize(
    ("networks", "dataset", "options", "message"),
    [
        (
            ["vae-encoder"],
            "digits",
            {"strategy": "vae"},
            "Strategy vae works on 2 networks (encoder, decoder); 1 are given.",
        ),
        (
            ["vae-encoder", "vae-decoder"],
            "digits",
            {},
            "Strategy feed_forward works on one network; 2 are given.",
        ),
        (
            ["lenet-digits", "vae-decoder"],
            "digits",
            {"strategy": "vae", "latent_size": 4},
            "Network 'lenet-digits' has 10 outputs; as encoder it needs 8.",
        ),
        (
            ["gan-discriminator", "gan-generator"],
            "digits",
            {"strategy": "gan"},
            "Network 'gan-discriminator' is made to be discriminator, and stands where "
            "strategy gan has its generator; give them in the order generator, discriminator.",
        ),
        (
            ["gan-generator", "lenet"],
            "digits",
            {"strategy": "wgan"},
            "Network 'lenet' takes samples of shape 1×28×28; as critic it gets shape 1×8×8.",
        ),
        (
            ["mlp", "lenet"],
            "digits",
            {"strategy": "distillation"},
            "Network 'lenet' takes samples of shape 1×28×28; as teacher it gets shape 1×8×8.",
        ),
        (
            ["char-lstm"],
            TEXT,
            {"strategy": "bptt", "sequence_length": 500},
            "sequence_length is 500, but train_set has 320 samples; a sequence is at most the "
            "whole set.",
        ),
        (
            ["vae-encoder", "vae-decoder"],
            "digits",
            {"strategy": "vae", "criterion": "HUB"},
            "criterion = HUB is no likelihood of samples;",
        ),
    ],
)
def test_networks_that_do_not_fit_are_refused_in_words(networks, dataset, options, message):
    errors = check(networks, dataset, **options)["errors"]
    assert errors[0]["message"][: len(message)] == message
    assert errors[0]["field"] in {"networks", *options}


def test_a_network_without_steps_cannot_learn_sequences():
    errors = check(["mlp"], TEXT, strategy="bptt", sequence_length=8)["errors"]
    assert [item["message"] for item in errors] == [
        "Network 'mlp' gives shape 4; with these options it must give 8×4."
    ]
