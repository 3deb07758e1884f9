"""Dask as membership, TLS transport and RPC: scheduler, hosts and their agents; no torch."""

from datetime import timedelta

VALID_FOR = timedelta(days=3652)
"""How long certificates are good for: a cluster is not stopped by a date."""
