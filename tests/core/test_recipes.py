"""Recipes: what is accepted, and how what is not is refused."""

import pytest

from jupyter_platform.core.errors import InvalidDataError, OptionError
from jupyter_platform.core.recipes import MetricRecipe, Recipe, recipe_from
from jupyter_platform.runtime.item_folders import read_recipe

API = {"services": {"api": {"module": "module.py"}}}


def test_the_smallest_recipe_has_all_that_is_needed():
    recipe = recipe_from(API)
    assert recipe.main_service == "api"
    assert recipe.runtime == "process"
    assert recipe.environment is None
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        ({**API, "enviroment": {}}, "enviroment", "Did you mean environment?"),
        ({"services": {"api": {"modul": "x"}}}, "services.api.modul", "Did you mean module?"),
        ({"services": {"web": {"module": "x"}}}, "services.web", "'api', 'ide', 'monitor'"),
        ({"services": {}}, "services", "at least 1 item"),
        ({"services": {"api": {}}}, "services.api", "give module or command"),
        ({**API, "main": "ide"}, "recipe.yml", "Main = ide is none of the services: api."),
        ({**API, "runtime": "container"}, "recipe.yml", "image is given with runtime container"),
        ({**API, "environment": {"lock": "../lock"}}, "environment.lock", "path inside the folder"),
        (
            {"services": {"ui": {"command": ["serve", "{soket}"]}}},
            "services.ui.command",
            "{soket} is unknown; there is socket, port",
        ),
        ({**API, "resources": {"cpus": 0}}, "resources.cpus", "greater than or equal to 1"),
        ({**API, "metric": {"name": "a", "measured_on": "b"}}, "metric", "at_least or at_most"),
        (
            {**API, "downloads": [{"url": "file:///etc", "size": 1, "sha256": "0", "file": "x"}]},
            "downloads.0.url",
            "should match pattern",
        ),
        (["api"], "recipe.yml", "a mapping of keys is wanted"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(content, field, words):
    with pytest.raises(OptionError) as caught:
        recipe_from(content)
    assert field in [error.field for error in caught.value.errors]
    assert words.lower() in caught.value.message.lower()


def test_an_unknown_service_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match=r"service = 'ide'.*It has: api\."):
        recipe_from(API).service("ide")


@pytest.mark.parametrize(
    ("bounds", "value", "reached"),
    [
        ({"at_least": 0.9}, 0.9, True),
        ({"at_least": 0.9}, 0.89, False),
        ({"at_most": 60}, 59.5, True),
        ({"at_most": 60}, 61, False),
        ({"at_most": 60}, float("nan"), False),
    ],
)
def test_a_metric_has_one_bound(bounds, value, reached):
    metric = MetricRecipe(name="score", measured_on="test part", **bounds)
    assert metric.is_reached(value) is reached


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("services: [", "is no YAML"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("x: " + "[" * 5000 + "]" * 5000, "is no YAML"),
        ("#" * 1_000_001, "larger than 1,000,000 bytes"),
        ("\x00", "is no YAML"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, text, words):
    (tmp_path / "recipe.yml").write_text(text)
    with pytest.raises(InvalidDataError, match=words):
        read_recipe(tmp_path)


def test_a_folder_without_a_recipe_has_none(tmp_path):
    assert read_recipe(tmp_path) is None
