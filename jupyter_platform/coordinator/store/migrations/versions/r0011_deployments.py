"""Keep deployments.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from jupyter_platform.coordinator.store.columns import UtcDateTime

revision = "0011"
down_revision = "0010"

_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Say which workloads have no end of their own, and add the table of deployments."""
    endless = sa.Column("endless", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("workloads", endless)
    op.create_table(
        "deployments",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("item_title", sa.String(300), nullable=False),
        sa.Column("shown_in", sa.String(16), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("configuration", _JSON, nullable=False),
        sa.Column("runtime", sa.String(16), nullable=False),
        sa.Column("image", sa.String(300), nullable=True),
        sa.Column("network", sa.String(64), nullable=True),
        sa.Column("tag", sa.String(200), nullable=True),
        sa.Column("base_url", sa.String(1000), nullable=False),
        sa.Column("is_trusted", sa.Boolean, nullable=False),
        sa.Column("phase", _JSON, nullable=True),
        sa.Column("services", _JSON, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=True),
        sa.Column("idle_stop_minutes", sa.Integer, nullable=False),
        sa.Column("spec", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["workloads.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Forget the deployments."""
    op.drop_table("deployments")
    op.execute("DELETE FROM workloads WHERE kind = 'deployment'")
    with op.batch_alter_table("workloads") as table:
        table.drop_column("endless")
