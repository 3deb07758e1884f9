"""What every item of the package must have."""

import inspect
import re
import sys

import pytest
import yaml
from marshmallow import fields

from jupyter_platform.core.errors import InvalidRequestError, NotFoundError
from jupyter_platform.items.building import item_module
from jupyter_platform.items.data import BASE, new_weights, weights_folder, weights_names
from jupyter_platform.runtime.item_folders import own_items, read_recipe
from jupyter_platform.runtime.virtual_environments import read_lock

ITEMS = own_items()
RECIPES = {name: read_recipe(folder) for name, folder in ITEMS.items()}
OWN = sorted(name for name, recipe in RECIPES.items() if recipe is not None and recipe.metric)
CARRIED = ("file-types", "sentence-search", "speech-in-audio", "text-in-pictures")
TOOLS = ("development-environment", "training-monitor")
LIBRARIES = {"TensorFlow", "PyTorch", "Keras", "Scikit-learn", "Other"}


def test_the_package_has_the_items_that_the_marketplace_promises():
    assert len(OWN) == 8
    assert sorted(ITEMS) == sorted([*OWN, *CARRIED, *TOOLS])


@pytest.mark.parametrize("name", sorted(ITEMS))
def test_an_item_has_metadata_a_readme_and_a_recipe(name):
    folder = ITEMS[name]
    metadata = yaml.safe_load((folder / "ai4-metadata.yml").read_text())
    assert metadata["metadata_version"] == "2.3.0"
    for key in ("title", "summary", "description", "license"):
        assert isinstance(metadata[key], str)
        assert metadata[key]
    assert set(metadata["libraries"]) <= LIBRARIES
    assert metadata["links"]["source_code"].startswith("https://")
    assert all(isinstance(date, str) for date in metadata["dates"].values())
    readme = (folder / "README.md").read_text()
    assert readme.startswith(f"# {metadata['title']}\n")
    assert len(readme.split()) > 50

    recipe = read_recipe(folder)
    assert recipe is not None
    memory = metadata["resources"]["inference"]["memory_MB"]
    assert abs(memory - recipe.resources.memory_mb) <= 500
    for service in recipe.services.values():
        if service.module is not None:
            assert (folder / service.module).is_file()
    if recipe.environment is not None:
        assert read_lock(folder / recipe.environment.lock).pins
        wanted = (folder / "requirements.in").read_text().split()
        assert wanted


@pytest.mark.parametrize("name", OWN)
def test_the_arguments_of_a_module_are_those_of_its_functions(name, tmp_path, monkeypatch):
    if name == "cartpole-agent":
        pytest.importorskip("gymnasium")
    monkeypatch.setenv("JUPYTER_PLATFORM_ITEM_DATA", str(tmp_path))
    for file in ("columns.json", "usual.json"):
        (tmp_path / file).write_text('{"columns": {"length": 1.0}}')
    monkeypatch.setattr(sys, "path", [*sys.path])
    recipe = read_recipe(ITEMS[name])
    assert recipe is not None
    module = item_module(ITEMS[name], recipe)
    assert module.get_metadata()["name"] == name
    for method in ("predict", "train"):
        if not hasattr(module, method):
            continue
        told = getattr(module, f"get_{method}_args")()
        assert all(isinstance(field, fields.Field) for field in told.values())
        assert all(field.metadata.get("description") for field in told.values())
        parameters = inspect.signature(getattr(module, method)).parameters
        if not any(item.kind is item.VAR_KEYWORD for item in parameters.values()):
            assert set(told) == set(parameters)
        for key, item in parameters.items():
            if key in told and item.default not in (item.empty, None):
                assert told[key].load_default == item.default


def test_a_published_model_has_its_server_and_no_second_torch():
    for name in CARRIED:
        recipe = read_recipe(ITEMS[name])
        assert recipe is not None
        assert recipe.environment is not None
        names = {pin.name for pin in read_lock(ITEMS[name] / recipe.environment.lock).pins}
        assert "torch" not in names
        if not recipe.environment.layered:
            assert {"starlette", "uvicorn", "marshmallow", "pydantic"} <= names


def test_weights_of_ones_own_have_a_name_when_they_are_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PLATFORM_ITEM_DATA", str(tmp_path))
    with new_weights("mine") as folder:
        (folder / "weights").write_text("x")
        assert weights_names() == [BASE]
    assert weights_names() == [BASE, "mine"]
    assert (weights_folder("mine") / "weights").read_text() == "x"

    def half():
        with new_weights("half"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert weights_names() == [BASE, "mine"]
    for name in ("mine", "base", "../up", "Mine", ""):
        with (
            pytest.raises(InvalidRequestError, match=re.escape(f"name = {name!r}")),
            new_weights(name),
        ):
            pass
    with pytest.raises(NotFoundError, match="There is: base, mine"):
        weights_folder("other")
    with pytest.raises(NotFoundError):
        weights_folder("../mine")
