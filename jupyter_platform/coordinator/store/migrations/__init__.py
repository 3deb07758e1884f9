"""Migrations of the state store, run by Alembic."""
