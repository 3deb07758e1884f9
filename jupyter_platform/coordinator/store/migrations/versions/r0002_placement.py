"""Keep which hosts a job may use, and leases that tolerate no others.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add a column each to jobs and leases."""
    op.add_column("jobs", sa.Column("placement", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("leases", sa.Column("exclusive", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take both away."""
    op.drop_column("leases", "exclusive")
    op.drop_column("jobs", "placement")
