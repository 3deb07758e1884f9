"""Run by Alembic: migrate over the connection that the store hands in."""

from __future__ import annotations

from alembic import context

from jupyter_platform.coordinator.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
