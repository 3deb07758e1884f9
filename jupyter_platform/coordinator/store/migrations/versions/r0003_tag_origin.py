"""Keep what made weights beside them.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add a column to tags."""
    op.add_column("tags", sa.Column("origin", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("tags", "origin")
