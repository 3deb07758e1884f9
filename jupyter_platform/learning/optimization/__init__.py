"""From a loss to moved weights."""
