"""Tell notifications of a job to its owner.

Revision ID: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add whom a notification is for."""
    op.add_column("notifications", sa.Column("owner", sa.String(200), nullable=True))
    op.execute(
        "UPDATE notifications SET owner = (SELECT owner FROM workloads "
        "WHERE workloads.id = notifications.job)"
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("notifications", "owner")
