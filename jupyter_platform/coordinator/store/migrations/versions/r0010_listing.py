"""Count and order the lists of jobs in an index alone.

Revision ID: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the indexes begin with what every list is filtered by."""
    op.drop_index("ix_workloads_listing", table_name="workloads")
    op.drop_index("ix_workloads_name", table_name="workloads")
    columns = ["kind", "sequence", "target", "state", "lane"]
    op.create_index("ix_workloads_listing", "workloads", columns)
    op.create_index("ix_workloads_name", "workloads", ["name", "kind", "sequence"])


def downgrade() -> None:
    """Make them as they were."""
    op.drop_index("ix_workloads_name", table_name="workloads")
    op.drop_index("ix_workloads_listing", table_name="workloads")
    columns = ["sequence", "state", "lane", "name", "search"]
    op.create_index("ix_workloads_listing", "workloads", columns)
    op.create_index("ix_workloads_name", "workloads", ["name"])
