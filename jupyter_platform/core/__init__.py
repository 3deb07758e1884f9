"""Records that cross a process boundary, errors, options and units.

Imports pydantic and the standard library only, so that every process can afford it.
"""
