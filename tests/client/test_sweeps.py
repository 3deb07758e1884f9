"""Sweeps and comparisons on a real platform."""

from __future__ import annotations

import pytest

from jupyter_platform import Platform
from jupyter_platform.core.errors import InvalidRequestError, NotFoundError, OptionError
from jupyter_platform.core.states import JobState
from tests.waiting import DEADLINE_S, until

SHORT = {"max_iterations": 60, "validation_interval": 20}


@pytest.fixture(scope="module")
def swept(shared_paths):
    """A sweep of four short jobs that have ended."""
    with Platform() as platform:
        sweep = platform.sweep(
            "LEARN", "mlp", "iris", learning_rate=[0.3, 0.001], batch_size=[8, 32], **SHORT
        )
        yield sweep.wait(DEADLINE_S)


def test_a_sweep_ends_with_a_score_for_each_job_and_the_best_of_them(swept):
    table = swept.table()

    assert list(table["state"]) == ["finished"] * 4
    assert table[["learning_rate", "batch_size"]].to_numpy().tolist() == [
        [0.3, 8],
        [0.3, 32],
        [0.001, 8],
        [0.001, 32],
    ]
    assert swept.record.score == table["score"].max()
    assert swept.best().id in set(table.loc[table["score"] == table["score"].max(), "id"])
    assert "4 finished" in repr(swept)


def test_a_comparison_shows_what_differs_first(swept, platform):
    jobs = swept.jobs()

    comparison = platform.compare([jobs[0], jobs[2].id])

    assert list(comparison.options().index) == ["learning_rate"]
    assert comparison.options().to_numpy().tolist() == [[0.3, 0.001]]
    assert comparison.labels == [
        "learning_rate=0.3 batch_size=8",
        "learning_rate=0.001 batch_size=8",
    ]
    assert "loss" in comparison.results().index
    assert "batch_size" in comparison.options(differing=False).index
    html = comparison._repr_mimebundle_()["text/html"]
    assert html.index("learning_rate") < html.index("The same in all of them")


def test_what_cannot_be_compared_is_refused(swept, platform):
    job = swept.jobs()[0]

    with pytest.raises(InvalidRequestError, match="2 to 20"):
        platform.compare([job])
    with pytest.raises(InvalidRequestError, match="given twice"):
        platform.compare([job, job])


def test_a_sweep_is_drawn_with_a_line_for_each_job(swept, tmp_path):
    page = swept.plot().save(tmp_path / "sweep.html").read_text(encoding="utf-8")

    assert page.count("learning_rate=0.3 batch_size=8") >= 1
    assert swept.record.metric in page


def test_the_table_of_curves_draws_itself(swept):
    plot = swept.jobs()[0].metrics().plot("loss", x="time")

    assert repr(plot) == "<Plot loss of job>"
    assert repr(swept.jobs()[0].plot("loss")).startswith("<Plot loss of mlp-iris")


def test_a_list_option_is_no_sweep_unless_it_lists_lists(platform):
    payload = {
        "type": "LEARN",
        "options": {
            "train_set": [0, 100],
            "fixed": "[a, b]",
            "learning_rate": "[0.1, 0.2]",
            "batch_size": 8,
        },
    }

    assert platform.dimensions(payload) == {"learning_rate": ["0.1", "0.2"]}
    payload["options"]["train_set"] = [[0, 50], [0, 100]]
    assert platform.dimensions(payload)["train_set"] == [[0, 50], [0, 100]]


def test_a_sweep_without_lists_or_with_a_broken_range_is_refused(platform):
    with pytest.raises(OptionError, match="No option lists several values"):
        platform.sweep("LEARN", "mlp", "iris", learning_rate=0.1)
    with pytest.raises(OptionError, match="is no range"):
        platform.sweep("LEARN", "mlp", "iris", learning_rate="[1..0]", method="random")


def test_hyperband_stops_what_lags_behind_and_says_so(platform):
    sweep = platform.sweep(
        "LEARN",
        "mlp",
        "iris",
        method="hyperband",
        trials=9,
        learning_rate="[1e-6..0.5,log]",
        max_iterations=20_000,
        validation_interval=50,
    )
    try:
        lagging = until(
            lambda: [job for job in sweep.jobs() if job.record.state == JobState.STOPPED],
            "the end of what lags behind",
        )

        assert all(job.record.warnings[-1].startswith("Hyperband stopped it") for job in lagging)
        assert sweep.refresh().record.score is not None
    finally:
        sweep.stop()


def test_a_sweep_that_is_not_there_is_said_to_be_missing(platform):
    with pytest.raises(NotFoundError, match="no sweep"):
        platform._transport.get("/api/sweeps/000000000000")
