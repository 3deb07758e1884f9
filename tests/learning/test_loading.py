from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch

from jupyter_platform.core.errors import InvalidDataError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.learning.loading import load_network
from jupyter_platform.learning.networks import WeightsHeader, build, save_weights

DESCRIPTION = bundled_networks()["mlp"]


def test_loader_gives_the_stored_network_ready_to_predict(tmp_path):
    network = build(DESCRIPTION, [4], 3).eval()
    path = tmp_path / "w.safetensors"
    save_weights(path, network.state_dict(), WeightsHeader.of(DESCRIPTION, [4], 3))
    torch.manual_seed(9)

    loaded = load_network(DESCRIPTION.model_dump(mode="json"), [4], 3, str(path))

    x = torch.rand(5, 4)
    assert not loaded.training
    assert torch.equal(loaded(x), network(x))


def test_weights_that_do_not_fit_are_refused(tmp_path):
    network = build(DESCRIPTION, [4], 3)
    path = tmp_path / "w.safetensors"
    save_weights(path, network.state_dict(), WeightsHeader.of(DESCRIPTION, [4], 3))

    with pytest.raises(InvalidDataError, match="do not fit network 'mlp'"):
        load_network(DESCRIPTION.model_dump(mode="json"), [5], 3, path)


def test_package_offers_the_loader_by_entry_point():
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]

    offered = project["entry-points"]["jupyter_platform.loaders"]["network"]

    assert offered == f"{load_network.__module__}:{load_network.__name__}"
