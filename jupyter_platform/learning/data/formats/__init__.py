"""Readers, one for each kind of files."""
