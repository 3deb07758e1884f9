"""Completion of lines where no platform runs."""

from __future__ import annotations

import re

import pytest

from jupyter_platform.core.options.learn import LearnOptions
from jupyter_platform.core.options.schema import option_schema

METHODS = option_schema(LearnOptions)["properties"]["method"]["enum"]


@pytest.fixture(autouse=True)
def _nobody_answers(paths):
    """The platform is not running, and completion does not start it."""
    yield
    assert not paths.connection_file.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%submit L", ["LEARN"]),
        ("%submit l", ["LEARN"]),
        ("job = %submit E", ["EVALUATE"]),
        ("%submit LEARN lenet-", ["lenet-digits"]),
        ("%submit LEARN mlp,lenet-", ["lenet-digits"]),
        ("%submit LEARN mlp ir", ["iris"]),
        ("%submit --name x LEARN mlp ir", ["iris"]),
        ("%submit LEARN mlp iris learning", ["learning_rate="]),
        ("%submit LEARN mlp iris learning_rate=1 learning", []),
        ("%submit LEARN mlp iris method=", METHODS),
        ("%submit LEARN mlp iris method=sg", ["SGD"]),
        ("%submit LEARN mlp iris clean=", ["true", "false"]),
        ("%submit LEARN mlp iris batch_size=", ["32"]),
        ("%submit LEARN mlp iris --pri", ["--priority"]),
        ("%%submit LEARN mlp iris\nmethod=S", ["SGD"]),
        ("%%submit LEARN mlp iris\nmethod=ADAM\nmomen", ["momentum="]),
        ("agents, learner = %rl q-net", ["q-network"]),
        ("%rl actor,crit", ["critic"]),
        ("%rl q-network CartPole-v1 target_i", ["target_interval="]),
        ("%rl q-network CartPole-v1 act.max_a", ["act.max_actions="]),
        ("%rl q-network CartPole-v1 act.max_actions=9 act.max_a", []),
        ("%rl q-network CartPole-v1 act.action_strategy=bo", ["boltzmann"]),
        ("%rl --strategy rec", ["recurrent_dqn"]),
        ("%rl q-network CartPole-v1 --ag", ["--agents"]),
        ("%%rl q-network CartPole-v1\nac", ["accumulate=", "action_strategy=", "act."]),
        ("%jobs fin", ["finished"]),
        ("%jobs --type E", ["EVALUATE"]),
        ("%jobs --sea", ["--search"]),
    ],
)
def test_what_may_come_next(notebook, text, words):
    fragment = re.split(r"[ =,\n]", text)[-1]
    before = text.removesuffix(fragment)

    assert notebook.complete(text) == [before + word for word in words]


def test_files_that_hold_data_are_datasets(notebook, tmp_path):
    (tmp_path / "measured.csv").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "deep.npz").touch()

    assert notebook.complete("%submit LEARN mlp mea") == ["%submit LEARN mlp measured.csv"]
    assert notebook.complete("%submit LEARN mlp ./fol") == ["%submit LEARN mlp ./folder/"]
    assert notebook.complete("%submit LEARN mlp folder/") == ["%submit LEARN mlp folder/deep.npz"]


def test_common_options_come_first(notebook):
    found = [line.split()[-1] for line in notebook.complete("%submit LEARN mlp iris ")]

    assert found[:5] == [
        "method=",
        "learning_rate=",
        "batch_size=",
        "max_iterations=",
        "validation_interval=",
    ]
    assert len(found) == len(set(found)) > 10


def test_other_lines_are_left_alone(notebook):
    notebook.run("submitted = 1")

    assert notebook.complete("submitt") == ["submitted"]
