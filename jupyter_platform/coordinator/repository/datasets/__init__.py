"""Datasets: descriptors, uploads, and a look before one is added."""
