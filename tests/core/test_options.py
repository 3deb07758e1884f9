import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from jupyter_platform.core.errors import OptionError, RequestTooLargeError
from jupyter_platform.core.options import (
    OPTION_MODELS,
    OptionSchema,
    option_schema,
    resolve_options,
)
from jupyter_platform.core.options.dianne import translate
from jupyter_platform.core.options.groups.adapters import TRAINING_ONLY
from jupyter_platform.core.options.index_set import parse_index_set
from jupyter_platform.core.states import JobType
from jupyter_platform.core.words import option_word, parse_option_line, read_words, split_words

LEARN, EVALUATE = JobType.LEARN, JobType.EVALUATE


def errors_of(options, job_type=LEARN):
    with pytest.raises(OptionError) as caught:
        resolve_options(job_type, options)
    return {error.field: error for error in caught.value.errors}


@pytest.mark.parametrize("model", OPTION_MODELS.values())
def test_schemas_have_what_their_type_says_and_nothing_else(model):
    schema = option_schema(model)

    assert TypeAdapter(OptionSchema).validate_python(schema) == schema
    assert set(schema["properties"]) == set(model.model_fields) - set(model.refused)


def test_nothing_given_is_all_defaults():
    options, chosen = resolve_options(LEARN, {})

    assert chosen == {}
    assert options.effective_learning_rate == 0.01
    assert options.batch_size == 32


def test_the_default_learning_rate_depends_on_the_method():
    options, _ = resolve_options(LEARN, {"method": "adam"})

    assert options.method == "ADAM"
    assert options.effective_learning_rate == 0.001


def test_defaults_of_the_network_lose_against_what_is_given():
    options, chosen = resolve_options(
        LEARN, {"batch_size": 8}, {"method": "ADAM", "batch_size": 64, "not_an_option": 1}
    )

    assert (options.method, options.batch_size) == ("ADAM", 8)
    assert chosen == {"batch_size": 8}


def test_text_values_are_converted():
    options, _ = resolve_options(
        LEARN, {"batch_size": "16", "clean": "true", "learning_rate": "1e-3", "tag": ""}
    )

    assert (options.batch_size, options.clean, options.tag) == (16, True, None)
    assert options.learning_rate == 1e-3


def test_every_mistake_is_named_at_once():
    errors = errors_of({"learning_rte": "abc", "batch_size": 0, "method": "foo", "tag": "../x"})

    assert set(errors) == {"learning_rte", "batch_size", "method", "tag"}
    assert errors["learning_rte"].nearest == "learning_rate"
    assert errors["batch_size"].accepted == "a whole number, at least 1 and at most 1,000,000"
    assert "SGD, ADADELTA" in errors["method"].message
    assert errors["batch_size"].value == 0


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"learning_rate": "inf"}, "learning_rate"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"max_iterations": "2.5"}, "max_iterations"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"max_iterations": None}, "max_iterations"),
        ({"momentum": 1}, "momentum"),
        ({"method": "ADAMW", "momentum": 0.5}, "momentum"),
        ({"train_set": "9,3"}, "train_set"),
        ({"train_set": "all"}, "train_set"),
        ({"seed": -1}, "seed"),
        ({"clean": "maybe"}, "clean"),
        ({"batch_size": {"a": 1}}, "batch_size"),
    ],
)
def test_a_bad_value_blames_its_field(options, field):
    errors = errors_of(options)

    assert list(errors) == [field]
    assert field in errors[field].message


def test_errors_use_the_spelling_that_was_given():
    errors = errors_of({"batchSize": 0, "maxIteratons": 5})

    assert set(errors) == {"batchSize", "maxIteratons"}
    assert errors["maxIteratons"].nearest == "max_iterations"


def test_both_spellings_at_once_are_refused():
    errors = errors_of({"learningRate": 1, "learning_rate": 1})

    assert "two spellings" in errors["learning_rate"].message


def test_megabytes_of_options_are_refused():
    with pytest.raises(RequestTooLargeError, match="at most 256,000"):
        resolve_options(LEARN, {"tag": "x" * 10_000_000})


def test_a_line_as_dianne_takes_it():
    line = "method=ADAM  batchSize=16\ntrainSet=0,1437 learningRate=1e-3 tag='a'"

    options, chosen = resolve_options(LEARN, parse_option_line(line))

    assert options.train_set == (0, 1437)
    assert chosen == {
        "method": "ADAM",
        "batch_size": "16",
        "train_set": "0,1437",
        "learning_rate": "1e-3",
        "tag": "a",
    }


@pytest.mark.parametrize(
    ("line", "field"),
    [("batch_size", "batch_size"), ("=3", "=3"), ("a=1 a=2", "a"), ('a="1', 'a="1')],
)
def test_a_malformed_line_names_the_word(line, field):
    with pytest.raises(OptionError) as caught:
        parse_option_line(line)

    assert [error.field for error in caught.value.errors] == [field]


@given(
    st.dictionaries(
        st.from_regex(r"[a-zA-Z_]{1,12}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
        max_size=6,
    )
)
def test_a_line_reads_back_what_was_written(options):
    words = [option_word(key, value) for key, value in options.items()]

    assert parse_option_line("  ".join(words)) == options
    assert read_words(split_words(" ".join(words))) == (None, options)


@pytest.mark.parametrize("job_type", list(OPTION_MODELS))
def test_every_dianne_key_leads_to_an_option(job_type):
    assert set(OPTION_MODELS[job_type].spellings().values()) <= set(
        OPTION_MODELS[job_type].model_fields
    )


def test_translate_keeps_what_it_does_not_know():
    assert translate(OPTION_MODELS[LEARN], {"foo": 1, "batchSize": 2}) == {
        "foo": 1,
        "batch_size": 2,
    }


@pytest.mark.parametrize("job_type", list(OPTION_MODELS))
def test_schemas_are_flat_and_say_everything_a_form_needs(job_type):
    schema = option_schema(OPTION_MODELS[job_type])

    json.dumps(schema)
    assert "$defs" not in schema
    for name, field in schema["properties"].items():
        assert field["type"] in {"integer", "number", "string", "boolean"}, name
        assert field["description"].endswith("."), name
        assert field["group"], name
        assert field["default"] is not None or field["default_text"], name
    common = [
        name
        for name, field in schema["properties"].items()
        if field["common"] and "when" not in field
    ]
    assert 4 <= len(common) <= 5


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("0,1437", (0, 1437)),
        ("0:1437", (0, 1437)),
        (" 3 , 5 , 8 ", (3, 5, 8)),
        ([1, 2, 5], (1, 2, 5)),
        ("[0, 10]", (0, 10)),
        ("", None),
        (None, None),
    ],
)
def test_index_sets(value, parsed):
    assert parse_index_set(value) == parsed


@pytest.mark.parametrize(
    "value", ["5", "1:2:3", "a,b", [1.5, 3], [True, 3], "-1,4", {"a": 1}, "4,4"]
)
def test_bad_index_sets(value):
    with pytest.raises(ValueError, match="set of samples|empty|fraction"):
        parse_index_set(value)


def test_evaluate_takes_a_variant_of_a_tag():
    options, _ = resolve_options(EVALUATE, {"tag": "4f2c/best", "range": "0,10"})

    assert (options.tag, options.test_set) == ("4f2c/best", (0, 10))
    assert set(errors_of({"tag": "4f2c/worst"}, EVALUATE)) == {"tag"}


def test_an_environment_is_judged_by_reward():
    options, chosen = resolve_options(JobType.EVALUATE, {"environment": "CartPole-v1"})

    assert (options.strategy, list(chosen)) == ("reward", ["environment"])


@pytest.mark.parametrize(
    "options",
    [
        {"vertical_flip": 0.5},
        {"hflip": "0.5"},
        {"rotationTheta": "0.3"},
        {"rotation": "0.3", "rotation_center": "center"},
        {"autoencode": True, "encoder_noise": 0.1},
        {"autoencode": True, "encoder_drop": 0.1},
    ],
)
def test_an_evaluation_refuses_what_changes_training_batches_alone(options):
    with pytest.raises(OptionError) as caught:
        resolve_options(JobType.EVALUATE, options)

    assert caught.value.errors[0].field in options
    assert "an EVALUATE sees samples as they are" in caught.value.message
    assert "vertical_flip" not in option_schema(OPTION_MODELS[JobType.EVALUATE])["properties"]
    assert not set(TRAINING_ONLY) & resolve_options(JobType.EVALUATE, {})[0].applicable().keys()
    resolve_options(JobType.LEARN, options)
