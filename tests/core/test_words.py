from __future__ import annotations

import pytest

from jupyter_platform.core.errors import OptionError
from jupyter_platform.core.options import OPTION_MODELS, resolve_options
from jupyter_platform.core.options.dianne_defaults import differing, is_of_dianne, note_on_defaults
from jupyter_platform.core.options.notes import notes_on_options
from jupyter_platform.core.options.synonyms import ANSWERS, SYNONYMS
from jupyter_platform.core.states import JobType
from jupyter_platform.core.words import parse_text

LEARN, EVALUATE, ACT = JobType.LEARN, JobType.EVALUATE, JobType.ACT


def refused(options, job_type=LEARN):
    with pytest.raises(OptionError) as caught:
        resolve_options(job_type, options)
    (error,) = caught.value.errors
    return error


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"lr": "0.1"}, {"learning_rate": "0.1"}),
        ({"LR": 0.1}, {"learning_rate": 0.1}),
        ({"learning-rate": 0.1}, {"learning_rate": 0.1}),
        ({"learning_rate_init": 0.1}, {"learning_rate": 0.1}),
        ({"optimizer": "adam"}, {"method": "adam"}),
        ({"n_epochs": 3}, {"epochs": 3}),
        ({"numEpochs": 3}, {"epochs": 3}),
        ({"epochs": "0.5"}, {"epochs": "0.5"}),
        ({"batch": 8}, {"batch_size": 8}),
        ({"n_iter": 8}, {"max_iterations": 8}),
        ({"random_state": 8}, {"seed": 8}),
        ({"loss": "cross_entropy"}, {"criterion": "cross_entropy"}),
        ({"weight_decay": 0.1, "optimizer": "adamw"}, {"weight_decay": 0.1, "method": "adamw"}),
        ({"momentum": 0.9}, {"momentum": 0.9}),
    ],
)
def test_words_of_other_tools_are_understood(written, meant):
    options, given = resolve_options(LEARN, written)

    assert given == meant
    assert all(options.applies(name) for name in given)


def test_one_word_may_mean_something_else_to_each_type_of_job():
    assert resolve_options(LEARN, {"weights": "a"})[1] == {"init_tag": "a"}
    assert resolve_options(EVALUATE, {"weights": "a"})[1] == {"tag": "a"}
    assert resolve_options(ACT, {"n_episodes": 3})[1] == {"max_sequences": 3}


def test_criteria_have_the_names_of_torch_too():
    assert resolve_options(LEARN, {"criterion": "CrossEntropyLoss"})[0].criterion == "CE"
    assert resolve_options(LEARN, {"criterion": "mae"})[0].criterion == "ABS"


@pytest.mark.parametrize(
    ("key", "value", "says", "nearest"),
    [
        ("early_stopping", True, "validation_threshold = 0", "validation_threshold"),
        ("patience", 3, "threshold_window", "threshold_window"),
        ("dropout", 0.5, "part of the network", None),
        ("weight_decay", 0.1, "l2 takes a share of each weight", None),
        ("shuffle", True, "sampling: PERMUTATION shuffles", "sampling"),
        ("gpus", 1, "--gpus on a line", None),
        ("gamma", 0.9, "discount", None),
        ("learnin_rate", 0.1, "Did you mean learning_rate?", "learning_rate"),
        ("epoch_s", 1, "Did you mean epochs?", "epochs"),
        ("granularity", "sample", "is an option of EVALUATE", None),
    ],
)
def test_other_words_are_answered_with_the_right_key(key, value, says, nearest):
    error = refused({key: value})

    assert error.field == key
    assert says in error.message
    assert error.nearest == nearest


def test_no_key_of_another_strategy_is_proposed():
    assert refused({"target_intervall": 3}).nearest is None
    assert refused({"target_intervall": 3, "strategy": "dqn"}).nearest == "target_interval"


def test_every_word_leads_to_an_option():
    names = {name for model in OPTION_MODELS.values() for name in model.model_fields}
    for word, meant in SYNONYMS.items():
        assert meant, word
        assert set(meant) <= names, word
        assert word not in OPTION_MODELS[LEARN].model_fields, word
    assert {near for _, near in ANSWERS.values()} <= {*names, None}
    assert not ANSWERS.keys() & SYNONYMS.keys()


@pytest.mark.parametrize(
    ("text", "options", "errors"),
    [
        ('a=1  b="two words"\n c=\'{"x": 3}\'', {"a": "1", "b": "two words", "c": '{"x": 3}'}, []),
        ("a=1 # a comment\nb=2", {"a": "1", "b": "2"}, []),
        ("a= b=it\\'s", {"a": "", "b": "it's"}, []),
        ("a=1 a=2 what", {"a": "1"}, ["a", "what"]),
        ('a=1 b="open', {}, ['b="open']),
        ("", {}, []),
    ],
)
def test_words_are_read_as_a_shell_reads_them(text, options, errors):
    found = parse_text(text)

    assert found.options == options
    assert [item.field for item in found.errors] == errors


@pytest.mark.parametrize(
    ("written", "given", "note"),
    [
        ({"batchAverage": "true"}, {}, None),
        ({"trace": "true"}, {}, "trace changes nothing"),
        ({"trace": "false"}, {}, None),
        (
            {"validationStrategy": "be.iminds.nn.eval.ClassificationEvaluationStrategy"},
            {},
            "validationStrategy changes nothing",
        ),
        ({"syncInterval": "1000"}, {"sync_interval": "1000"}, "one process has nobody to meet"),
        ({"syncInterval": "5,5"}, {"sync_interval": "5"}, "one process"),
        (
            {"syncInterval": "1000,10", "strategy": "DeepQLearningStrategy"},
            {"sync_interval": "1000", "target_interval": "10", "strategy": "DeepQLearningStrategy"},
            "one process",
        ),
        ({"storeInterval": "7,7"}, {"store_interval": "7"}, None),
    ],
)
def test_keys_of_dianne_that_have_no_option_get_a_right_answer(written, given, note):
    options, found = resolve_options(LEARN, written)
    notes = notes_on_options(options, written, found, 1)

    assert found == given
    assert [note in text for text in notes] == ([] if note is None else [True])


def test_the_best_weights_of_an_agent_are_those_of_its_learner():
    options, given = resolve_options(ACT, {"tagBest": "true"})

    assert given == {}
    (note,) = notes_on_options(options, {"tagBest": "true"}, given, 1)
    assert "the LEARN whose weights it acts with keeps its best" in note


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"batchAverage": "false"}, "losses are means over a batch"),
        ({"batchAverage": "maybe"}, "write true or false"),
        ({"syncInterval": "1000,10"}, "all networks meet at the same iterations"),
        ({"validationStrategy": "RewardEvaluationStrategy"}, "a validation may be"),
        ({"storeInterval": "5,6"}, "one number for all networks"),
    ],
)
def test_what_dianne_has_and_we_have_not_is_refused(written, says):
    assert says in refused(written).message


def test_defaults_of_dianne_are_told_and_taken():
    written = {"batchSize": "16", "learningRate": "0.1"}
    options, given = resolve_options(LEARN, written)

    assert is_of_dianne(type(options), written)
    assert not is_of_dianne(type(options), {"batch_size": 16, "momentum": 0.9, "tag": "a"})
    found = differing(options, given, 1)
    assert found == {
        "sampling": "UNIFORM",
        "max_iterations": -1,
        "validation_interval": 1000,
    }
    assert differing(options, given, 2) == {**found, "sync_interval": 1000}
    assert "sampling UNIFORM (here PERMUTATION)" in note_on_defaults(options, found)
    taken, _ = resolve_options(LEARN, {**found, **given})
    assert differing(taken, {**found, **given}, 1) == {}


def test_defaults_of_dianne_are_those_of_the_strategy_and_the_type():
    options, given = resolve_options(LEARN, {"strategy": "dqn"})
    assert differing(options, given, 1) == {
        "method": "SGD",
        "batch_size": 1,
        "sampling": "UNIFORM",
        "max_iterations": -1,
        "memory_size": 10_000,
        "target_interval": 1000,
        "return_steps": 1,
    }
    acting, given = resolve_options(ACT, {"environment": "CartPole-v1"})
    assert differing(acting, given, 1) == {
        "memory_size": 10_000,
        "epsilon_max": 1.0,
        "epsilon_decay": 1e-6,
    }
    judging, given = resolve_options(EVALUATE, {})
    assert differing(judging, given, 1) == {"batch_size": 1}


@pytest.mark.parametrize(
    ("options", "samples", "ranks", "updates"),
    [
        ({"epochs": 1}, 103, 1, 4),
        ({"epochs": 3, "batch_size": 10}, 103, 1, 31),
        ({"epochs": 2, "batch_size": 10, "accumulate": 2}, 100, 1, 10),
        ({"epochs": 2, "batch_size": 10}, 100, 2, 10),
        ({"epochs": 0.01, "batch_size": 10}, 100, 1, 1),
        ({"epochs": 3, "batch_size": 500}, 100, 1, 3),
        ({"max_iterations": 7}, 100, 1, 7),
        ({"max_iterations": -1}, 100, 1, -1),
    ],
)
def test_epochs_are_passes_over_the_training_samples(options, samples, ranks, updates):
    assert resolve_options(LEARN, options)[0].updates(samples, ranks) == updates


def test_epochs_and_iterations_are_not_given_together_but_one_wins_over_a_default():
    assert "give one of them" in refused({"epochs": 2, "maxIterations": 5}).message
    options, _ = resolve_options(LEARN, {"epochs": 2}, {"max_iterations": 77})
    assert options.updates(64) == 4
    options, _ = resolve_options(LEARN, {"max_iterations": 5}, {"epochs": 7})
    assert (options.epochs, options.max_iterations) == (None, 5)
