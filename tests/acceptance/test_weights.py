"""Weights on a whole platform: whose they are, whatever their tag points at since."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jupyter_platform.core.errors import ConflictError, InvalidRequestError
from tests.waiting import DEADLINE_S

BRIEF = {"batch_size": 16, "validation_interval": 20, "seed": 3}


def learn(platform, **options):
    job = platform.submit("LEARN", "mlp", "iris", **{**BRIEF, **options})
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error
    return job


def test_a_second_job_under_the_tag_changes_nothing_of_the_first(platform, tmp_path):
    first = learn(platform, tag="owned", max_iterations=200)
    before = first.weights(tmp_path / "before.safetensors").read_bytes()
    judged = platform.submit("EVALUATE", "mlp", "iris", tag="owned")
    accuracy = judged.result(timeout=DEADLINE_S)["accuracy"]

    second = learn(platform, tag="owned", clean=True, max_iterations=1, learning_rate=1e-6)

    assert first.weights(tmp_path / "after.safetensors").read_bytes() == before
    assert second.weights(tmp_path / "second.safetensors").read_bytes() != before
    assert judged.weights(tmp_path / "judged.safetensors").read_bytes() == before
    for tag in (first.id, "owned"):
        again = platform.submit("EVALUATE", "mlp", "iris", tag=tag)
        assert again.result(timeout=DEADLINE_S)["accuracy"] == accuracy
    assert any(first.id in text for text in second.refresh().record.warnings)
    last = platform.submit("EVALUATE", "mlp", "iris", tag="owned/last")
    last.wait(timeout=DEADLINE_S)
    assert (
        last.weights(tmp_path / "x.safetensors").read_bytes()
        == second.weights(variant="last").read_bytes()
    )

    third = learn(platform, tag="owned", clean=True, max_iterations=1, replace_best=True)
    tag = next(item for item in platform.network("mlp").tags if item.tag == "owned")
    assert {item.job for item in tag.variants} == {third.id}
    assert first.weights(tmp_path / "after.safetensors").read_bytes() == before


def test_one_tag_has_one_writer_at_a_time(platform):
    first = platform.submit("LEARN", "mlp", "iris", tag="busy", max_iterations=-1, **BRIEF)
    try:
        for ask in (platform.submit, platform.check):
            with pytest.raises(ConflictError, match=f"written by job .*{first.id}"):
                ask("LEARN", "mlp", "iris", tag="busy", **BRIEF)
        with pytest.raises(InvalidRequestError, match=f"init_tag={first.id}"):
            platform.submit("LEARN", "mlp", "iris", tag=first.id, **BRIEF)
    finally:
        first.stop()
        first.wait(timeout=DEADLINE_S)
    learn(platform, tag="busy", max_iterations=5)


def test_weights_are_judged_on_samples_prepared_as_those_that_they_learnt(platform, tmp_path):
    x = np.random.default_rng(0).normal(50, 10, 300)
    first = pd.DataFrame({"x": x, "kind": np.where(x > 50, "large", "little")})
    # The same thing, measured where nearly all is large.
    second = pd.DataFrame({"x": [70.0, 71.0, 72.0, 73.0] * 5 + [49.0], "kind": "large"})
    second.loc[20, "kind"] = "little"
    platform.add_dataset("measured", first, normalise=True)
    platform.add_dataset("elsewhere", second.iloc[::-1], normalise=True)
    options = {"max_iterations": 150, "learning_rate": 0.1}
    job = platform.submit("LEARN", "mlp", "measured", tag="sizes", **BRIEF, **options)
    assert job.wait(timeout=DEADLINE_S) == "finished", job.record.error

    found = platform.submit("EVALUATE", "mlp", "elsewhere", tag="sizes", part="train")
    assert found.result(timeout=DEADLINE_S)["accuracy"] > 0.9

    cut = platform.submit("LEARN", "mlp", "digits", tag="cut", frame="6,6", max_iterations=5)
    assert cut.wait(timeout=DEADLINE_S) == "finished", cut.record.error
    judged = platform.submit("EVALUATE", "mlp", "digits", tag="cut")
    score = judged.result(timeout=DEADLINE_S)["accuracy"]
    assert judged.record.options["frame"] == [6, 6]
    assert any("frame = 6,6: as the weights" in text for text in judged.record.warnings)
    same = platform.submit("EVALUATE", "mlp", "digits", tag="cut", frame="6,6")
    assert same.result(timeout=DEADLINE_S)["accuracy"] == score
