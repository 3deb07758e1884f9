"""Records that cross a process boundary, errors, options and units.

Imports pydantic and the standard library only, so that every process can afford it. Modules of
records do without ``from __future__ import annotations``: pydantic would compile each annotation.
"""
