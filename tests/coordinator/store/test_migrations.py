import asyncio
import gzip
import json
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.orm import undefer

from jupyter_platform.coordinator.store import Store, migrating
from jupyter_platform.coordinator.store.tables import (
    AttemptRow,
    Base,
    JobRow,
    LeaseRow,
    RankRow,
    RunEventRow,
    WorkloadRow,
)
from jupyter_platform.core.errors import StoreError

RELEASED = sorted((Path(__file__).parent / "released").glob("*.db.gz"))
"""Databases that earlier releases wrote while people worked with them."""


def config(connection=None):
    made = Config()
    made.set_main_option("script_location", "jupyter_platform.coordinator.store:migrations")
    made.attributes["connection"] = connection
    return made


@pytest.fixture
def engine(tmp_path):
    made = create_engine(f"sqlite:///{tmp_path}/platform.db")
    yield made
    made.dispose()


def described(engine):
    """Return how the schema differs from that of the tables, and its indices."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)
        indices = {
            (table, index["name"])
            for table in Base.metadata.tables
            for index in inspect(connection).get_indexes(table)
        }
    return differences, indices


EXPECTED = (
    [],
    {(table.name, index.name) for table in Base.metadata.sorted_tables for index in table.indexes},
)


def test_head_is_the_newest_revision():
    scripts = ScriptDirectory.from_config(config())

    assert scripts.get_heads() == [migrating.HEAD]


def test_the_migrated_schema_is_that_of_the_tables(engine):
    migrating.upgrade(engine, None)

    assert described(engine) == EXPECTED


def test_a_new_database_is_as_the_migrations_would_have_left_it(engine):
    migrating.create(engine)

    assert described(engine) == EXPECTED
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == migrating.HEAD


def test_every_revision_can_be_taken_back(engine):
    migrating.upgrade(engine, None)

    with engine.begin() as connection:
        command.downgrade(config(connection), "base")
        left = inspect(connection).get_table_names()

    assert left == ["alembic_version"]


@pytest.fixture(params=RELEASED, ids=lambda path: path.name)
def released(request, tmp_path):
    path = tmp_path / "platform.db"
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


def read(path, work):
    async def ask():
        store = Store.open(path)
        try:
            return await store.read(work)
        finally:
            await store.close()

    return asyncio.run(ask())


def test_jobs_of_an_earlier_release_are_all_there(released):
    jobs = read(released, lambda s: list(s.scalars(select(JobRow).order_by(JobRow.sequence))))

    assert [(job.name, job.type, job.role, job.state) for job in jobs] == [
        ("Iris mit Umlaut ä", "LEARN", "learner", "finished"),
        ("mlp-iris", "EVALUATE", "evaluator", "finished"),
        ("killed", "LEARN", "learner", "running"),
        ("waits 0", "LEARN", "learner", "queued"),
        ("waits 1", "LEARN", "learner", "queued"),
        ("waits 2", "LEARN", "learner", "queued"),
        ("stopped early", "LEARN", "learner", "cancelled"),
    ]
    assert (jobs[0].note, jobs[0].tag, jobs[4].priority) == ("a note", "prod", 1)


def test_what_attempts_added_to_the_spec_of_a_job_is_theirs(released):
    def query(session):
        job = session.scalars(
            select(JobRow).where(JobRow.name == "killed").options(undefer(JobRow.spec))
        ).one()
        attempts = select(AttemptRow).where(AttemptRow.workload == job.id)
        leases = select(LeaseRow).where(LeaseRow.workload == job.id, LeaseRow.ended_at.is_(None))
        ranks = select(RankRow).where(RankRow.workload == job.id)
        events = select(RunEventRow).where(RunEventRow.workload == job.id)
        found = (attempts.order_by(AttemptRow.number), leases, ranks, events)
        return job, *(list(session.scalars(query)) for query in found)

    job, attempts, leases, ranks, events = read(released, query)

    assert job.spec.keys() == {"networks", "dataset", "pool", "code", "digests"}
    assert [(item.number, item.reseed, item.secret) for item in attempts] == [
        (1, 0, None),
        (2, 0, None),
    ]
    assert attempts[0].resume is None
    assert attempts[1].resume["step"] == attempts[1].resume_step - 1 == 5500
    assert [(item.lane, item.role) for item in leases] == [("LEARN", "learner")]
    assert [(item.attempt, item.rank) for item in ranks] == [(1, 0), (2, 0)]
    assert {"checkpoint", "weights"} <= {item.kind for item in events}


def test_a_gang_keeps_the_secret_and_the_seed_of_its_attempt(engine):
    with engine.begin() as connection:
        command.upgrade(config(connection), "0007")
        spec = {"networks": [], "secrets": {"2": "ab"}, "reseed": {"2": 1}}
        connection.execute(
            text(
                "INSERT INTO jobs (id, sequence, name, type, owner, state, target, networks, "
                "options, given, cpus, memory, gpus, priority, target_count, retries_left, "
                "submitted_at, warnings, search, spec) VALUES ('0123456789ab', 1, 'a', 'ACT', "
                "'me', 'running', 'run', '[]', '{}', '{}', 1, 1, 0, 0, 2, 3, "
                "'2026-01-01 00:00:00', '[]', '', :spec)"
            ),
            {"spec": json.dumps(spec)},
        )
        for number in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO attempts (job, number, state, created_at, resume_step) VALUES "
                    f"('0123456789ab', {number}, 'running', '2026-01-01 00:00:00', 0)"
                )
            )
        command.upgrade(config(connection), "head")
        attempts = connection.execute(select(AttemptRow.secret, AttemptRow.reseed)).all()
        specs = connection.execute(select(JobRow.spec, WorkloadRow.role)).all()
        command.downgrade(config(connection), "0007")
        before = connection.execute(text("SELECT spec, type FROM jobs")).one()

    assert attempts == [(None, 0), ("ab", 1)]
    assert specs == [({"networks": []}, "agent")]
    assert (json.loads(before.spec), before.type) == (spec, "ACT")


def test_a_copy_is_kept_as_the_earlier_release_left_it(released):
    Store.open(released)

    (copy,) = released.parent.glob("platform-before-*.db")
    engine = create_engine(f"sqlite:///{copy}")
    with engine.connect() as connection:
        version = MigrationContext.configure(connection).get_current_revision()
        jobs = connection.execute(text("SELECT count(*) FROM jobs")).scalar()
    engine.dispose()

    assert copy.name == f"platform-before-{version}.db"
    assert (version, jobs) == ("0007", 7)
    assert copy.stat().st_mode & 0o777 == 0o600


def test_a_database_of_a_newer_release_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "platform.db"
    Store.open(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(StoreError, match="newer version of jupyter-platform .schema 9999"):
        Store.open(path)

    assert list(tmp_path.glob("platform-before-*.db")) == []
