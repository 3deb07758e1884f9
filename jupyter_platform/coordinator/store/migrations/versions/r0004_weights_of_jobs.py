"""Keep the weights of each job under its id, whatever tag points at them.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OTHER_NAME = "job IS NOT NULL AND tag != job"
_TAG_COLUMNS = "dataset, network_digest, input_shape, outputs, origin, updated_at"
_VARIANT_COLUMNS = "variant, digest, bytes, step, scores, job"


def upgrade() -> None:
    """Say of each set of weights which job made it, and give each job its own."""
    op.add_column("tag_variants", sa.Column("job", sa.String(12), nullable=True))
    op.add_column("tag_variants", sa.Column("scored_on", sa.String(64), nullable=True))
    op.execute(
        "UPDATE tag_variants SET job = (SELECT tags.job FROM tags WHERE "
        "tags.network = tag_variants.network AND tags.tag = tag_variants.tag)"
    )
    # A job has written under one tag only, so far.
    op.execute(
        f"INSERT INTO tags (network, tag, job, {_TAG_COLUMNS}) "
        f"SELECT network, job, job, {_TAG_COLUMNS} FROM tags AS named WHERE {_OTHER_NAME} "
        "AND NOT EXISTS (SELECT 1 FROM tags AS own WHERE own.network = named.network "
        "AND own.tag = named.job)"
    )
    op.execute(
        f"INSERT INTO tag_variants (network, tag, {_VARIANT_COLUMNS}) "
        f"SELECT network, job, {_VARIANT_COLUMNS} FROM tag_variants AS named WHERE {_OTHER_NAME} "
        "AND NOT EXISTS (SELECT 1 FROM tag_variants AS own WHERE own.network = named.network "
        "AND own.tag = named.job AND own.variant = named.variant)"
    )


def downgrade() -> None:
    """Take both columns away; the weights of jobs stay as tags of their ids."""
    op.drop_column("tag_variants", "scored_on")
    op.drop_column("tag_variants", "job")
