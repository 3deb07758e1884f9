"""Networks of DIANNE: ``modules.txt`` and weight files."""
