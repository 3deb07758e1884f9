"""Dask as membership, TLS transport and RPC: scheduler, hosts and their agents; no torch."""
