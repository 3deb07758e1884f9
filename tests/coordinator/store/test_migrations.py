from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from jupyter_platform.coordinator.store import migrating
from jupyter_platform.coordinator.store.tables import Base


def scripts():
    config = Config()
    config.set_main_option("script_location", "jupyter_platform.coordinator.store:migrations")
    return ScriptDirectory.from_config(config)


def test_head_is_the_newest_revision():
    assert scripts().get_heads() == [migrating.HEAD]


def test_the_migrated_schema_is_that_of_the_tables(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/platform.db")
    migrating.upgrade(engine, None)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Base.metadata)
        indices = {
            (table, index["name"])
            for table in Base.metadata.tables
            for index in inspect(connection).get_indexes(table)
        }
    engine.dispose()

    expected = {
        (table.name, index.name) for table in Base.metadata.sorted_tables for index in table.indexes
    }
    assert differences == []
    assert indices == expected


def test_every_revision_can_be_taken_back(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/platform.db")
    migrating.upgrade(engine, None)
    config = Config()
    config.set_main_option("script_location", "jupyter_platform.coordinator.store:migrations")

    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        left = inspect(connection).get_table_names()
    engine.dispose()

    assert left == ["alembic_version"]
