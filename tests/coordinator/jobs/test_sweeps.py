"""Sweeps: the values of their jobs, all or none, the best of them."""

from __future__ import annotations

import asyncio
import math

import pytest

from jupyter_platform.coordinator.jobs.sweeps import SweepService
from jupyter_platform.coordinator.jobs.sweeps.search import combinations
from jupyter_platform.coordinator.store.tables import JobRow
from jupyter_platform.core.errors import NotFoundError, OptionError
from jupyter_platform.core.jobs import JobSubmission
from jupyter_platform.core.sweeps import SweepRange, SweepSubmission, dimension
from tests.coordinator.lab import ADA

BASE = JobSubmission(type="LEARN", networks=["mlp"], dataset="iris")


def sweep(dimensions, base=BASE, **fields) -> SweepSubmission:
    return SweepSubmission(submission=base, dimensions=dimensions, **fields)


@pytest.fixture
def sweeps_of():
    def make(lab) -> SweepService:
        return SweepService(store=lab.store, jobs=lab.jobs, submissions=lab.submissions)

    return make


def test_a_grid_has_every_combination_once_and_no_value_twice():
    found = combinations(
        sweep({"learning_rate": [0.1, 0.01, 0.1], "batch_size": [8, 16]}), frozenset()
    )

    assert found == [
        {"learning_rate": 0.1, "batch_size": 8},
        {"learning_rate": 0.1, "batch_size": 16},
        {"learning_rate": 0.01, "batch_size": 8},
        {"learning_rate": 0.01, "batch_size": 16},
    ]


def test_a_random_search_draws_within_its_limits_and_the_same_again():
    asked = sweep(
        {
            "learning_rate": SweepRange(low=1e-4, high=1e-1, log=True),
            "batch_size": SweepRange(low=8, high=64),
            "method": ["SGD", "ADAM"],
        },
        method="random",
        trials=200,
        seed=3,
    )

    found = combinations(asked, frozenset({"batch_size"}))

    assert len(found) == 200
    assert found == combinations(asked, frozenset({"batch_size"}))
    assert {item["method"] for item in found} == {"SGD", "ADAM"}
    assert all(isinstance(item["batch_size"], int) for item in found)
    assert {min(8, item["batch_size"]) for item in found} == {8}
    rates = [item["learning_rate"] for item in found]
    assert min(rates) >= 1e-4
    assert max(rates) <= 1e-1
    # Evenly in the logarithm: half of them lie below the geometric mean, within four deviations.
    below = sum(rate < math.sqrt(1e-5) for rate in rates)
    assert abs(below - 100) < 4 * math.sqrt(50)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[0.1, 0.01]", ["0.1", "0.01"]),
        ("[SGD,'ADAM']", ["SGD", "ADAM"]),
        ("[1e-4..1e-1]", SweepRange(low=1e-4, high=1e-1)),
        ("[1e-4..0.1 log]", SweepRange(low=1e-4, high=0.1, log=True)),
        ("[1e-4..0.1,log]", SweepRange(low=1e-4, high=0.1, log=True)),
        ("[8 .. 64]", SweepRange(low=8, high=64)),
        ("0,100", None),
        ("plain", None),
    ],
)
def test_a_line_says_lists_and_ranges(text, values):
    assert dimension(text) == values


async def test_all_jobs_of_a_sweep_are_queued_in_order_with_what_they_vary(open_lab, sweeps_of):
    async with open_lab() as lab:
        lab.jobs.hold(ADA, True)
        record = await sweeps_of(lab).submit(
            ADA, sweep({"learning_rate": ["0.1", "0.01"], "batch_size": ["8", "16"]}, name="try")
        )

        jobs = (await lab.jobs.list(ADA, sweep=record.id, order="oldest")).items
        assert [job.varied for job in jobs] == [
            {"learning_rate": rate, "batch_size": size} for rate in (0.1, 0.01) for size in (8, 16)
        ]
        assert [job.options["learning_rate"] for job in jobs] == [0.1, 0.1, 0.01, 0.01]
        assert {job.sweep for job in jobs} == {record.id}
        assert jobs[0].name == "try learning_rate=0.1 batch_size=8"
        assert record.states == {"queued": 4}
        assert (record.best, record.metric, record.score) == (None, None, None)


async def test_one_job_that_cannot_be_refuses_the_whole_sweep(open_lab, sweeps_of):
    async with open_lab() as lab:
        sweeps = sweeps_of(lab)
        with pytest.raises(OptionError, match="learning_rate=-1: learning_rate = -1"):
            await sweeps.submit(ADA, sweep({"learning_rate": [0.1, -1]}))

        assert (await lab.jobs.list(ADA)).total == 0
        assert await sweeps.list(ADA) == []


@pytest.mark.parametrize(
    ("dimensions", "fields", "told"),
    [
        ({"learning_rate": []}, {}, "names no value"),
        ({"learning_rate": SweepRange(low=0.1, high=1)}, {}, "has no end of values"),
        ({"batch_size": list(range(1, 600))}, {}, "at most 500"),
        ({"batch_size": [8, 16]}, {"trials": 3}, "the grid has 2 combinations"),
        ({"method": SweepRange(low=1, high=2)}, {"method": "random"}, "takes no numbers"),
        ({"batch_size": SweepRange(low=1.5, high=2)}, {"method": "random"}, "whole numbers"),
        ({"no_such": [1, 2]}, {}, "Unknown option no_such"),
        ({"learning_rate": [1], "learningRate": [2]}, {}, "given twice"),
        ({"validation_interval": [500, 1000]}, {"method": "hyperband"}, "3 validations"),
    ],
)
async def test_what_no_sweep_can_be_is_refused(open_lab, sweeps_of, dimensions, fields, told):
    async with open_lab() as lab:
        with pytest.raises(OptionError, match=told):
            await sweeps_of(lab).submit(ADA, sweep(dimensions, **fields))

        assert (await lab.jobs.list(ADA)).total == 0


async def test_jobs_of_a_sweep_do_not_write_one_tag(open_lab, sweeps_of):
    base = BASE.model_copy(update={"options": {"tag": "mine"}})
    async with open_lab() as lab:
        with pytest.raises(OptionError, match="written by all 2 jobs"):
            await sweeps_of(lab).submit(ADA, sweep({"learning_rate": [0.1, 0.2]}, base))


async def test_the_best_job_is_that_with_the_best_score_of_the_common_name(open_lab, sweeps_of):
    scores = [("validation accuracy", 0.7), ("validation accuracy", 0.9), ("loss", 2.0)]
    async with open_lab() as lab:
        sweeps = sweeps_of(lab)
        lab.jobs.hold(ADA, True)
        record = await sweeps.submit(ADA, sweep({"learning_rate": [0.1, 0.2, 0.3]}))
        jobs = (await lab.jobs.list(ADA, sweep=record.id, order="oldest")).items

        def end(session):
            for job, (name, value) in zip(jobs, scores, strict=True):
                row = session.get(JobRow, job.id)
                row.state, row.headline = "finished", {"name": name, "value": value}

        await lab.store.run(end)
        found = await sweeps.get(ADA, record.id)

        assert (found.best, found.metric, found.score) == (jobs[1].id, "validation accuracy", 0.9)
        assert found.states == {"finished": 3}


async def test_stopping_a_sweep_cancels_what_waits(open_lab, sweeps_of):
    async with open_lab() as lab:
        sweeps = sweeps_of(lab)
        lab.jobs.hold(ADA, True)
        record = await sweeps.submit(ADA, sweep({"learning_rate": [0.1, 0.2]}))
        other = await lab.submit()

        stopped = await sweeps.stop(ADA, record.id)

        assert stopped.states == {"cancelled": 2}
        assert (await lab.jobs.get(ADA, other.id)).state == "queued"
        with pytest.raises(NotFoundError):
            await sweeps.stop(ADA, "0" * 12)


async def test_a_sweep_that_is_sent_twice_is_one(open_lab, sweeps_of):
    async with open_lab() as lab:
        lab.reconciler.hold(True)
        asked = sweep({"learning_rate": [0.1, 0.01]})
        sent = [sweeps_of(lab).submit(ADA, asked, idempotency_key="k") for _ in range(3)]
        found = await asyncio.gather(*sent)
        again = await sweeps_of(lab).submit(ADA, asked, idempotency_key="k")
        other = await sweeps_of(lab).submit(ADA, asked, idempotency_key="l")

        assert {item.id for item in found} == {again.id}
        assert other.id != again.id
        assert len((await lab.jobs.list(ADA, limit=100)).items) == 4
        assert sum("A sweep of 2 jobs" in text for text in await lab.messages()) == 2
