"""Finite work: from its submission to its record, files and weights."""
