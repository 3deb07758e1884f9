"""Migration of a database to the schema of the code."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, text

from jupyter_platform.coordinator.store.tables import Base
from jupyter_platform.core.errors import StoreError

HEAD = "0012"
"""The revision that this version of the code works with."""


def create(engine: Engine) -> None:
    """Make the tables of an empty database, as the migrations would have left them."""
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text(f"INSERT INTO alembic_version VALUES ('{HEAD}')"))


def upgrade(engine: Engine, version: str | None, before: Callable[[], None] | None = None) -> None:
    """Run the migrations that a database lacks.

    Parameters
    ----------
    version : str or None
        Revision of the database; None to begin with an empty one.
    before : callable, optional
        Called once it is clear that the database can be upgraded.

    Raises
    ------
    StoreError
        If the database was written by a newer version of the platform.
    """
    # A database that is up to date, the usual case, does not pay for this import.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "jupyter_platform.coordinator.store:migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StoreError(
            f"The state store {engine.url.database} was written by a newer version of "
            f"jupyter-platform (schema {version}; this version knows up to {HEAD}). "
            "Upgrade jupyter-platform, or set JUPYTER_DATA_DIR to another folder."
        )
    if before is not None:
        before()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
