"""Keep workloads apart from the jobs that they are for.

Revision ID: 0008
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from jupyter_platform.coordinator.store.columns import UtcDateTime

revision = "0008"
down_revision = "0007"

_WORKLOAD = (
    "id, sequence, idempotency_key, name, owner, state, target, reason_code, reason_data, "
    "not_before, cpus, memory, gpus, priority, target_count, placement, retries_left, "
    "submitted_at, started_at, finished_at, host, progress, error, warnings, search"
)
_JOB = "category, networks, dataset, options, given, tag, headline, sweep, varied, note, result"
_ATTEMPT = (
    "number, state, host, created_at, started_at, finished_at, resume_step, error, checkpoint"
)
_RANK = "attempt, rank, host, gpus, pid, events_offset, offsets, exit, result"
_EVENT = 'id, attempt, rank, "offset", time, kind, payload'
_LEASE = "id, attempt, rank, owner, host, cpus, memory, gpus, exclusive, started_at, ended_at"
_ROLE = "CASE {} WHEN 'LEARN' THEN 'learner' WHEN 'EVALUATE' THEN 'evaluator' ELSE 'agent' END"
_REBUILT = ("ranks", "run_events", "attempts", "leases", "jobs")
"""Children before their parents."""
_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Give workloads a table; attempts, ranks, leases and events belong to them."""
    _set_aside()
    op.create_table(
        "workloads",
        *_of_workload(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
        sa.UniqueConstraint("sequence"),
    )
    _fill(
        f"workloads ({_WORKLOAD}, kind, lane, role)",
        f"{_WORKLOAD}, 'job', type, {_ROLE.format('type')} FROM old_jobs",
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(12), nullable=False),
        *_of_job(),
        sa.ForeignKeyConstraint(["id"], ["workloads.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    _fill(f"jobs (id, {_JOB}, spec)", f"id, {_JOB}, spec FROM old_jobs")
    _create_children("workload", "workloads.id", _of_attempt_alone(), "lane", _role())
    _fill(f"attempts (workload, {_ATTEMPT}, reseed)", f"job, {_ATTEMPT}, 0 FROM old_attempts")
    _fill(
        f"leases (workload, {_LEASE}, lane, role)",
        f"job, {_LEASE}, type, {_ROLE.format('type')} FROM old_leases",
    )
    _fill(f"ranks (workload, {_RANK})", f"job, {_RANK} FROM old_ranks")
    _fill(f"run_events (workload, {_EVENT})", f"job, {_EVENT} FROM old_run_events")
    _create_indices("workloads", "lane", "workload")
    _drop_old()
    _move_from_specs()


def downgrade() -> None:
    """Put each workload back into the row of its job."""
    specs = _specs_with_attempts()
    _set_aside()
    op.rename_table("workloads", "old_workloads")
    op.create_table(
        "jobs",
        *_of_workload(),
        sa.Column("type", sa.String(16), nullable=False),
        *_of_job(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("idempotency_key"),
        sa.UniqueConstraint("sequence"),
    )
    columns = f"{_WORKLOAD}, {_JOB}, spec"
    of_one = ", ".join(
        f"{'workload' if name in _WORKLOAD.split(', ') else 'job'}.{name}"
        for name in columns.split(", ")
    )
    _fill(
        f"jobs ({columns}, type)",
        f"{of_one}, workload.lane FROM old_workloads AS workload "
        "JOIN old_jobs AS job ON job.id = workload.id",
    )
    _create_children("job", "jobs.id", [], "type", [])
    _fill(f"attempts (job, {_ATTEMPT})", f"workload, {_ATTEMPT} FROM old_attempts")
    _fill(f"leases (job, {_LEASE}, type)", f"workload, {_LEASE}, lane FROM old_leases")
    _fill(f"ranks (job, {_RANK})", f"workload, {_RANK} FROM old_ranks")
    _fill(f"run_events (job, {_EVENT})", f"workload, {_EVENT} FROM old_run_events")
    _drop_old()
    op.drop_table("old_workloads")
    _create_indices("jobs", "type", "job")
    _write_specs(specs)


def _set_aside() -> None:
    """Copy the tables that are made anew, and drop them, which cascades to nothing that way."""
    for name in _REBUILT:
        op.execute(f"CREATE TABLE old_{name} AS SELECT * FROM {name}")
        op.drop_table(name)


def _fill(table: str, rows: str) -> None:
    op.execute(f"INSERT INTO {table} SELECT {rows}")


def _drop_old() -> None:
    for name in _REBUILT:
        op.drop_table(f"old_{name}")


def _of_workload() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.String(200), nullable=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("target", sa.String(16), nullable=False),
        sa.Column("reason_code", sa.String(64), nullable=True),
        sa.Column("reason_data", _JSON, nullable=True),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("cpus", sa.Integer(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=False),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("target_count", sa.Integer(), nullable=False),
        sa.Column("placement", _JSON, nullable=True),
        sa.Column("retries_left", sa.Integer(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("host", sa.String(255), nullable=True),
        sa.Column("progress", _JSON, nullable=True),
        sa.Column("error", _JSON, nullable=True),
        sa.Column("warnings", _JSON, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
    ]


def _of_job() -> list[sa.Column[Any]]:
    return [
        sa.Column("category", sa.String(32), nullable=True),
        sa.Column("networks", _JSON, nullable=False),
        sa.Column("dataset", sa.String(64), nullable=True),
        sa.Column("options", _JSON, nullable=False),
        sa.Column("given", _JSON, nullable=False),
        sa.Column("tag", sa.String(200), nullable=True),
        sa.Column("headline", _JSON, nullable=True),
        sa.Column("sweep", sa.String(12), nullable=True),
        sa.Column("varied", _JSON, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("result", _JSON, nullable=True),
        sa.Column("spec", _JSON, nullable=False),
    ]


def _of_attempt_alone() -> list[sa.Column[Any]]:
    return [
        sa.Column("resume", _JSON, nullable=True),
        sa.Column("reseed", sa.Integer(), nullable=False),
        sa.Column("secret", sa.String(64), nullable=True),
    ]


def _role() -> list[sa.Column[Any]]:
    return [sa.Column("role", sa.String(16), nullable=False)]


def _create_children(
    of: str,
    parent: str,
    more_of_attempts: list[sa.Column[Any]],
    lane: str,
    more_of_leases: list[sa.Column[Any]],
) -> None:
    """Create attempts, ranks, leases and events, whose column `of` names what they belong to."""
    op.create_table(
        "attempts",
        sa.Column(of, sa.String(12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("resume_step", sa.Integer(), nullable=False),
        sa.Column("error", _JSON, nullable=True),
        sa.Column("checkpoint", _JSON, nullable=True),
        *more_of_attempts,
        sa.ForeignKeyConstraint([of], [parent], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(of, "number"),
    )
    op.create_table(
        "ranks",
        sa.Column(of, sa.String(12), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("gpus", _JSON, nullable=False),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("events_offset", sa.BigInteger(), nullable=False),
        sa.Column("offsets", _JSON, nullable=False),
        sa.Column("exit", _JSON, nullable=True),
        sa.Column("result", _JSON, nullable=True),
        sa.ForeignKeyConstraint(
            [of, "attempt"], [f"attempts.{of}", "attempts.number"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(of, "attempt", "rank"),
    )
    op.create_table(
        "leases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(of, sa.String(64), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column(lane, sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("cpus", sa.Integer(), nullable=False),
        sa.Column("memory", sa.BigInteger(), nullable=False),
        sa.Column("gpus", _JSON, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("exclusive", sa.Boolean(), nullable=True),
        *more_of_leases,
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "run_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(of, sa.String(12), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload", _JSON, nullable=False),
        sa.ForeignKeyConstraint([of], [parent], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(of, "attempt", "rank", "offset"),
    )


def _create_indices(table: str, lane: str, of: str) -> None:
    for columns in (
        ["state", "sequence"],
        [lane, "sequence"],
        [lane, "state"],
        ["name"],
        ["finished_at"],
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    op.create_index(f"ix_{table}_listing", table, ["sequence", "state", lane, "name", "search"])
    op.create_index("ix_jobs_sweep", "jobs", ["sweep"])
    op.create_index("ix_attempts_state", "attempts", ["state"])
    op.create_index("ix_ranks_host", "ranks", ["host"])
    op.create_index("ix_leases_ended_at", "leases", ["ended_at"])
    op.create_index(f"ix_leases_{of}", "leases", [of])
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ux_leases_open",
        "leases",
        [of, "attempt", "rank"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


_SPECS = sa.table("jobs", sa.column("id", sa.String), sa.column("spec", _JSON))
_ATTEMPTS = sa.table(
    "attempts",
    sa.column("workload", sa.String),
    sa.column("number", sa.Integer),
    sa.column("resume", _JSON),
    sa.column("reseed", sa.Integer),
    sa.column("secret", sa.String),
)
_MOVED = {"resume": "resume", "reseed": "reseed", "secrets": "secret"}
"""Part of a spec, by number of the attempt, to the column of attempts that it has become."""


def _move_from_specs() -> None:
    """Move what attempts added to the specs of jobs to the attempts."""
    connection = op.get_bind()
    for job, spec in connection.execute(sa.select(_SPECS.c.id, _SPECS.c.spec)).all():
        added = {part: spec.pop(part) for part in _MOVED if part in spec}
        if not added:
            continue
        connection.execute(sa.update(_SPECS).where(_SPECS.c.id == job).values(spec=spec))
        for part, by_number in added.items():
            for number, value in by_number.items():
                is_it = (_ATTEMPTS.c.workload == job) & (_ATTEMPTS.c.number == int(number))
                row = sa.update(_ATTEMPTS).where(is_it)
                connection.execute(row.values({_MOVED[part]: value}))


def _specs_with_attempts() -> dict[str, dict[str, Any]]:
    """Return the specs of jobs whose attempts have added something, with that in them."""
    connection = op.get_bind()
    specs: dict[str, dict[str, Any]] = {}
    query = sa.select(_ATTEMPTS, _SPECS.c.spec).join(_SPECS, _SPECS.c.id == _ATTEMPTS.c.workload)
    for row in connection.execute(query).mappings():
        for part, column in _MOVED.items():
            if row[column]:
                spec = specs.setdefault(row["workload"], dict(row["spec"]))
                spec[part] = {**spec.get(part, {}), str(row["number"]): row[column]}
    return specs


def _write_specs(specs: dict[str, dict[str, Any]]) -> None:
    for job, spec in specs.items():
        op.get_bind().execute(sa.update(_SPECS).where(_SPECS.c.id == job).values(spec=spec))
