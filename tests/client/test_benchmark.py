"""Timing networks on a host of a real platform."""

from __future__ import annotations

import json

import pytest

from jupyter_platform.cli.main import run
from jupyter_platform.core.errors import InvalidRequestError, NotFoundError


def test_a_host_times_a_network_for_samples_of_a_dataset(platform, capsys):
    found = platform.benchmark("mlp", dataset="iris", batch_size=16, runs=7)

    host = platform.hosts()[0].description.name
    assert (found.network, found.host, found.device, found.threads) == ("mlp", host, "cpu", 1)
    assert (found.input_shape, found.batch_size, found.forward.runs) == ([4], 16, 7)
    assert found.parameters == (4 * 64 + 64) + (64 * 32 + 32) + (32 * 3 + 3)
    assert 0 < found.forward.median_ms < found.forward_backward.median_ms

    options = ["--input-shape", "5", "--outputs", "2", "--runs", "3", "--host", host]
    assert run(["benchmark", "mlp", *options]) == 0
    printed = capsys.readouterr().out
    assert f"mlp on host {host} (cpu): 2,530 parameters, batches of 32, 1 thread" in printed
    assert "forward and backward" in printed
    assert run(["benchmark", "mlp", *options, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["forward"]["runs"] == 3


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"network": "mpl", "dataset": "iris"}, NotFoundError, "mlp"),
        ({"network": "mlp", "dataset": "irsi"}, NotFoundError, "iris"),
        ({"network": "mlp", "dataset": "iris", "host": "nowhere"}, NotFoundError, "nowhere"),
        ({"network": "mlp", "dataset": "iris", "outputs": 3}, InvalidRequestError, "leave one"),
        ({"network": "mlp", "dataset": "iris", "batch_size": 0}, InvalidRequestError, "batch_size"),
        ({"network": "mlp", "dataset": "iris", "threads": 9999}, InvalidRequestError, "CPUs"),
    ],
)
def test_what_cannot_be_timed_is_refused(platform, options, error, words):
    with pytest.raises(error, match=words):
        platform.benchmark(**options)
