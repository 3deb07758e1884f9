"""List and search jobs by an index, and find them by their options.

Revision ID: 0006
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the index, and the options to what searches look through."""
    jobs = sa.table(
        "jobs",
        sa.column("id", sa.String),
        sa.column("search", sa.Text),
        sa.column("given", sa.Text),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(jobs.c.id, jobs.c.search, jobs.c.given)).all():
        given = json.loads(row.given or "{}") or {}
        shown = " ".join(f"{key}={value}" for key, value in given.items())
        text = f"{row.search} {shown} ".lower()
        connection.execute(sa.update(jobs).where(jobs.c.id == row.id).values(search=text))
    op.create_index("ix_jobs_listing", "jobs", ["sequence", "state", "type", "name", "search"])


def downgrade() -> None:
    """Take the index away."""
    op.drop_index("ix_jobs_listing", "jobs")
