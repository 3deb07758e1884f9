"""The command line: ``jupyter platform …``."""
