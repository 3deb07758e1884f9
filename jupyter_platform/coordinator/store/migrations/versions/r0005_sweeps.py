"""Keep which sweep a job belongs to, and what it varies.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_platform.coordinator.store.columns import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add a table of sweeps, and two columns to jobs."""
    op.create_table(
        "sweeps",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("dimensions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("jobs", sa.Column("sweep", sa.String(12), nullable=True))
    op.add_column("jobs", sa.Column("varied", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_jobs_sweep", "jobs", ["sweep"])


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_jobs_sweep", table_name="jobs")
    op.drop_column("jobs", "varied")
    op.drop_column("jobs", "sweep")
    op.drop_table("sweeps")
