"""LEARN: a network learns a dataset."""
