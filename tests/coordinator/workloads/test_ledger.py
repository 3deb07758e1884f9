from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from jupyter_platform.coordinator.store.tables import LeaseRow
from jupyter_platform.coordinator.workloads.ledger import HALF_LIFE_S, Ledger
from jupyter_platform.coordinator.workloads.planning import RankPlacement

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def lease(hours: float, ago_s: float, owner: str, **fields) -> LeaseRow:
    start = NOW - timedelta(seconds=ago_s)
    given = {"workload": "x", "attempt": 1, "rank": 0, "lane": "LEARN", "host": "h1", "memory": 1}
    return LeaseRow(
        **{**given, **fields},
        cpus=2,
        owner=owner,
        started_at=start,
        ended_at=start + timedelta(hours=hours),
    )


async def test_what_is_granted_is_busy_until_it_ends(store, job_row):
    ledger = Ledger(store)
    row = job_row(cpus=2, memory=5)
    ranks = [RankPlacement(0, "h1", (1,)), RankPlacement(1, "h2", (0,))]

    await ledger.run(lambda session: ledger.grant(session, row, 1, ranks))

    busy = ledger.busy("h1")
    assert (busy.cpus, busy.memory, busy.gpus, busy.jobs) == (2, 5, [1], [row.id])
    assert [view.host for view in ledger.leases()] == ["h1", "h2"]
    again = Ledger(store)
    await again.load()
    assert again.leases() == ledger.leases()

    await ledger.run(lambda session: ledger.end(session, row.id))
    assert ledger.leases() == []
    assert ledger.busy("h1").cpus == 0


async def test_nothing_is_granted_twice_or_half(store, job_row):
    ledger = Ledger(store)
    row, ranks = job_row(cpus=1, memory=1), [RankPlacement(0, "h1")]
    await ledger.run(lambda session: ledger.grant(session, row, 1, ranks))

    with pytest.raises(IntegrityError):
        await ledger.run(lambda s: ledger.grant(s, row, 1, [RankPlacement(1, "h1"), *ranks]))

    assert len(ledger.leases()) == 1


async def test_use_counts_half_after_its_half_life(store):
    ledger = Ledger(store)
    rows = [lease(10, 36_000, "ada"), lease(10, HALF_LIFE_S + 36_000, "bob", workload="y")]
    await ledger.run(lambda session: session.add_all(rows))

    await ledger.load()
    usage = await ledger.usage(NOW.timestamp())

    # Two CPUs for ten hours, counted in minutes.
    assert usage.owners["ada"] == pytest.approx(1200, rel=0.03)
    assert usage.owners["bob"] == pytest.approx(usage.owners["ada"] / 2, abs=1)
    assert usage.lanes == {"LEARN": rows[0].started_at.timestamp()}
