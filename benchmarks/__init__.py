"""Figures that the README quotes, each with its peer measured beside it in the same run."""
