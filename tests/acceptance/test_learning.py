"""LEARN on a whole platform: what people meet of its options."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jupyter_platform.cli.main import run
from jupyter_platform.core.errors import InvalidRequestError
from tests.waiting import DEADLINE_S

BRIEF = {"batch_size": 16, "validation_interval": 20}
FORGETFUL = '''
from jupyter_platform.learning.strategies.supervised.feed_forward import FeedForward


class Forgetful(FeedForward):
    """Breaks at step 50 unless its samples are other ones than those of the seed."""

    title = "Forgetful"
    count = 0

    def step(self):
        self.count += 1
        seed = self._batches._sampler._generator.initial_seed()
        broken = self.count > 50 and seed == self.context.options.seed
        return super().step() * (float("nan") if broken else 1.0)

    def state_dict(self):
        return super().state_dict() | {"count": self.count}

    def load_state_dict(self, state):
        super().load_state_dict(state)
        self.count = state["count"]
'''


@pytest.fixture
def forgetful(platform, tmp_path):
    """The name of an uploaded strategy whose loss is no number after a while."""
    path = tmp_path / "forgetful.py"
    path.write_text(FORGETFUL, encoding="utf-8")
    yield platform.add_strategy(path).name
    platform.remove_strategy("forgetful")


def test_a_loss_that_is_no_number_goes_back_to_the_checkpoint_and_every_step_is_there_once(
    platform, forgetful
):
    job = platform.submit(
        "LEARN", "mlp", "iris", strategy=forgetful, nan_retries=2, checkpoint_interval=40,
        max_iterations=120, **BRIEF,
    )  # fmt: skip
    job.wait(timeout=DEADLINE_S)

    record = job.record
    assert record.state == "finished", record.error
    assert [attempt.resume_step for attempt in record.attempts] == [0, 41]
    assert record.attempts[0].error.type == "NotFinite"
    loss = job.metrics().dropna(subset=["loss"])
    np.testing.assert_array_equal(loss["step"], np.arange(1, 121))
    assert np.isfinite(loss["loss"]).all()
    told = [item.message for item in platform.notifications() if item.job == job.id]
    assert any("goes on from step 40. The loss is not finite at step 51" in text for text in told)


def test_without_retries_it_fails_with_a_sentence(platform, forgetful):
    job = platform.submit("LEARN", "mlp", "iris", strategy=forgetful, max_iterations=-1, **BRIEF)
    job.wait(timeout=DEADLINE_S)

    assert job.record.state == "failed"
    assert "The loss is not finite at step 51" in job.record.error.message
    assert "nan_retries" in job.record.error.message


def test_a_strategy_is_listed_used_shown_and_removed_from_the_command_line(
    platform, tmp_path, capsys
):
    path = tmp_path / "half.py"
    path.write_text(FORGETFUL.replace("Forgetful", "Half"), encoding="utf-8")
    try:
        assert run(["strategies", "add", str(path)]) == 0
        assert run(["strategies", "half", "--json"]) == 0
        shown = json.loads(capsys.readouterr().out.split("\n", 1)[1])
        assert (shown["title"], shown["origin"]) == ("Half", "uploaded")
    finally:
        assert run(["strategies", "remove", "half"]) == 0
    assert run(["strategies"]) == 0
    listed = capsys.readouterr().out
    assert "feed_forward" in listed
    assert "half" not in listed.replace("Strategy half is removed.", "")


def test_a_syntax_error_is_refused_with_line_and_text(platform, tmp_path, capsys):
    path = tmp_path / "bad.py"
    path.write_text("class Bad:\n    def step self:\n", encoding="utf-8")

    assert run(["strategies", "add", str(path)]) == 2
    assert "in line 2: def step self:" in capsys.readouterr().err


def test_weights_of_every_so_many_updates_are_tags_to_start_from(platform):
    job = platform.submit(
        "LEARN", "mlp", "iris", store_interval=30, max_iterations=70, tag="stored", clean=True,
        **BRIEF,
    )  # fmt: skip
    job.wait(timeout=DEADLINE_S)
    assert job.record.state == "finished", job.record.error

    tag = next(item for item in platform.network("mlp").tags if item.tag == "stored")
    assert {item.variant for item in tag.variants} == {"best", "last", "30", "60"}
    again = platform.submit(
        "LEARN", "mlp", "iris", init_tag="stored/30", learning_rate=1e-12, max_iterations=1, **BRIEF
    )
    again.wait(timeout=DEADLINE_S)
    for step, value in job.network(variant="30").state_dict().items():
        assert np.allclose(value, again.network(variant="last").state_dict()[step], atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fixed": "Linear9"}, "no layer of 'mlp' has this name"),
        ({"criterion": "MSE"}, "wants numbers as targets"),
        ({"sampling": "WEIGHTED", "weighted_ranges": "0,5000", "probabilities": "1"}, "training"),
        ({"init_tag": "nowhere_to_be_found"}, "nowhere_to_be_found"),
        ({"strategy": "nothing_like_it"}, "nothing_like_it"),
        ({"strategy_options": '{"a": 1}'}, "takes no strategy_options"),
        ({"decayRate": 0.1, "schedule": "step"}, "both lower the learning rate"),
    ],
)
def test_what_cannot_be_is_refused_at_submit(platform, options, words):
    with pytest.raises(InvalidRequestError, match=words):
        platform.submit("LEARN", "mlp", "iris", **options)
