"""Submission checks of each kind of job; the records of kinds are `core.kinds`."""
