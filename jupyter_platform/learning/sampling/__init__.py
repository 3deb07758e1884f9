"""Which samples come into which batch."""
