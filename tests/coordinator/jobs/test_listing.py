import pytest
from sqlalchemy.dialects import sqlite

from jupyter_platform.coordinator.identity.principals import PLATFORM
from jupyter_platform.coordinator.jobs.search import listing

FILTERS = {
    "all": {},
    "state": {"state": "queued,running"},
    "type": {"type_": "LEARN"},
    "oldest": {"order": "oldest"},
    "name": {"name": "a job"},
}


def queries(**given):
    names = ("state", "type_", "search", "ids", "name", "sweep")
    filled = {name: given.get(name) for name in names}
    return listing(PLATFORM, **filled, order=given.get("order", "newest"))


async def plan(store, query):
    """How SQLite answers a query."""
    text = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})

    def explain(session):
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
        return [row.detail for row in rows]

    return " | ".join(await store.read(explain))


@pytest.mark.parametrize("given", FILTERS.values(), ids=FILTERS)
async def test_a_list_is_neither_read_through_nor_sorted(store, job_row, given):
    await store.run(lambda session: session.add(job_row()))
    counted, keys = queries(**given)

    assert "SCAN" not in await plan(store, counted)
    ordered = await plan(store, keys.limit(50))
    assert "SCAN" not in ordered
    assert "TEMP B-TREE" not in ordered


async def test_jobs_are_counted_in_an_index_alone(store, job_row):
    await store.run(lambda session: session.add(job_row()))

    assert "COVERING INDEX" in await plan(store, queries()[0])
